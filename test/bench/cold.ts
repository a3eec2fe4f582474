/**
 * First calls: of a new isolate, and of Durable Objects that are not in memory in an isolate that has served requests.
 * Each sample starts a new process over the same storage. workerd loads the bundle before it listens, so the time does
 * not include that; `npm run build` prints it.
 */
import { type Bench, type BenchWorker, signInAtFloors } from "./bench.ts";
import { openSession, requireTodos, sessionCall, statelessCall } from "./calls.ts";
import { runNamed, type Variant } from "./measure.ts";
import { signInAgain } from "./scenarios.ts";

/** One access token with its own MCP session, at one of the Workers. */
interface Access {
  readonly token: string;
  readonly sessionId: string;
}

interface Side {
  readonly worker: BenchWorker;
  readonly paths: { readonly stateless: string; readonly session: string };
  readonly names: Readonly<
    Record<"coldStateless" | "coldSession" | "asleepStateless" | "asleepSession", string>
  >;
  /** The first ones start the isolate; each of the others is called once in each process. */
  readonly accesses: readonly Access[];
}

export const COLD_FLOORS = {
  coldStateless: "first call: provider + createMcpHandler",
  coldSession: "first call: provider + McpAgent",
  asleepStateless: "objects asleep: provider + createMcpHandler",
  asleepSession: "objects asleep: provider + McpAgent",
} as const;

export const COLD_LANES = {
  coldStateless: "first call: stateless lane",
  coldSession: "first call: session lane",
  asleepStateless: "objects asleep: stateless lane",
  asleepSession: "objects asleep: session lane",
} as const;

const WAKING = 2;
const WAKING_CALLS = 30;

/** @param options.asleep access tokens whose objects are called once in each process */
export async function measureCold(
  bench: Bench,
  { restarts, asleep }: { restarts: number; asleep: number },
): Promise<Map<string, number[]>> {
  const { ours, floors, workerd } = bench;
  const sides: readonly Side[] = [
    {
      worker: ours,
      paths: { stateless: "/mcp", session: "/mcp" },
      names: COLD_LANES,
      accesses: await open(WAKING + 2 * asleep, ours, "/mcp", await signInAgain(ours)),
    },
    {
      worker: floors,
      paths: { stateless: "/p/stateless", session: "/p/agent" },
      names: COLD_FLOORS,
      accesses: await open(WAKING + 2 * asleep, floors, "/p/agent", () => signInAtFloors(bench)),
    },
  ];
  const times = new Map<string, number[]>();
  for (let restart = 0; restart < restarts; restart += 1) {
    await workerd.restart();
    const inTurn = restart % 2 === 0 ? sides : sides.toReversed();
    const isStateless = restart % 4 < 2;
    for (const side of inTurn) {
      await (isStateless
        ? timed(times, statelessOf(side, 0, "coldStateless"))
        : timed(times, sessionOf(side, 0, "coldSession")));
    }
    for (const side of inTurn) await wake(side);
    for (let index = WAKING; index < WAKING + asleep; index += 1) {
      for (const side of inTurn) {
        await timed(times, statelessOf(side, index, "asleepStateless"));
        await timed(times, sessionOf(side, index + asleep, "asleepSession"));
      }
    }
  }
  return times;
}

async function open(
  count: number,
  worker: BenchWorker,
  path: string,
  signIn: () => Promise<string>,
): Promise<Access[]> {
  const accesses: Access[] = [];
  for (let index = 0; index < count; index += 1) {
    const token = await signIn();
    accesses.push({ token, sessionId: await openSession((call) => worker.call(path, call), token) });
  }
  return accesses;
}

async function wake(side: Side): Promise<void> {
  for (let call = 0; call < WAKING_CALLS; call += 1) {
    for (let index = 0; index < WAKING; index += 1) {
      await statelessOf(side, index, "asleepStateless").run();
      await sessionOf(side, index, "asleepSession").run();
    }
  }
}

function statelessOf(
  { worker, paths, names, accesses }: Side,
  index: number,
  name: keyof Side["names"],
): Variant {
  const { token = "" } = accesses[index] ?? {};
  return {
    name: names[name],
    run: async () => requireTodos(await worker.call(paths.stateless, statelessCall(token))),
  };
}

function sessionOf(
  { worker, paths, names, accesses }: Side,
  index: number,
  name: keyof Side["names"],
): Variant {
  const { token = "", sessionId = "" } = accesses[index] ?? {};
  return {
    name: names[name],
    run: async () => requireTodos(await worker.call(paths.session, sessionCall(sessionId, token))),
  };
}

async function timed(times: Map<string, number[]>, variant: Variant): Promise<void> {
  const startedAt = performance.now();
  await runNamed(variant);
  const elapsed = performance.now() - startedAt;
  const all = times.get(variant.name);
  if (all === undefined) times.set(variant.name, [elapsed]);
  else all.push(elapsed);
}
