/**
 * First calls: of a new isolate, and of Durable Objects that are not in memory in an isolate that has served requests.
 * Each sample starts a new process over the same storage. workerd loads the bundle before it listens, so the time does
 * not include that; `npm run build` prints it.
 */
import { type Bench, type BenchWorker, signInAtFloors } from "./bench.ts";
import { openSession, requireTodos, sessionCall, statelessCall } from "./calls.ts";
import { runNamed } from "./measure.ts";
import { signInAgain } from "./scenarios.ts";

/** One access token with its own MCP session, at one of the Workers. */
interface Access {
  readonly token: string;
  readonly sessionId: string;
}

type Lane = "stateless" | "session";

/** What stands in the row of each lane: for the Worker, and for its floor. */
const ROWS: readonly { readonly lane: Lane; readonly ours: string; readonly floor: string }[] = [
  { lane: "stateless", ours: "stateless lane", floor: "provider + createMcpHandler" },
  { lane: "session", ours: "session lane", floor: "provider + McpAgent" },
];
const STATES = ["first call", "objects asleep"] as const;

export const COLD_ROWS = STATES.flatMap((state) =>
  ROWS.map(({ ours, floor }) => ({ name: `${state}: ${ours}`, floor: `${state}: ${floor}` })),
);

interface Side {
  readonly is: "ours" | "floor";
  readonly worker: BenchWorker;
  readonly paths: Readonly<Record<Lane, string>>;
  /** The first ones start the isolate; each of the others is called once in each process. */
  readonly accesses: readonly Access[];
}

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
      is: "ours",
      worker: ours,
      paths: { stateless: "/mcp", session: "/mcp" },
      accesses: await open(WAKING + 2 * asleep, ours, "/mcp", await signInAgain(ours)),
    },
    {
      is: "floor",
      worker: floors,
      paths: { stateless: "/p/stateless", session: "/p/agent" },
      accesses: await open(WAKING + 2 * asleep, floors, "/p/agent", () => signInAtFloors(bench)),
    },
  ];
  const times = new Map<string, number[]>();
  const timed = async (state: (typeof STATES)[number], side: Side, lane: Lane, index: number) => {
    const row = ROWS.find((candidate) => candidate.lane === lane)?.[side.is];
    const name = `${state}: ${row}`;
    const startedAt = performance.now();
    await runNamed({ name, run: () => callOnce(side, lane, index) });
    times.set(name, [...(times.get(name) ?? []), performance.now() - startedAt]);
  };
  for (let restart = 0; restart < restarts; restart += 1) {
    await workerd.restart();
    const inTurn = restart % 2 === 0 ? sides : sides.toReversed();
    const first = restart % 4 < 2 ? "stateless" : "session";
    for (const side of inTurn) await timed("first call", side, first, 0);
    for (const side of inTurn) await wake(side);
    for (let index = WAKING; index < WAKING + asleep; index += 1) {
      for (const side of inTurn) {
        await timed("objects asleep", side, "stateless", index);
        await timed("objects asleep", side, "session", index + asleep);
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
      await callOnce(side, "stateless", index);
      await callOnce(side, "session", index);
    }
  }
}

async function callOnce({ worker, paths, accesses }: Side, lane: Lane, index: number): Promise<void> {
  const { token = "", sessionId = "" } = accesses[index] ?? {};
  const call = lane === "stateless" ? statelessCall(token) : sessionCall(sessionId, token);
  requireTodos(await worker.call(paths[lane], call));
}
