/** Starts the production bundle and the baselines ("floors") in plain workerd, and the upstreams that both call. */
import { type Offline, startOffline } from "pingone-emulator";
import { redeem, registerClient, startAuthorization } from "../support/mcp-client.ts";
import { workerSettings } from "../support/stack.ts";
import { type ReachableWorker, workerVars } from "../support/worker.ts";
import { type Answer, type Call, send } from "./calls.ts";
import type { WorkerPart } from "./config.ts";
import { type BuiltWorker, buildInside, buildWorker, FLOORS_CONFIG, PRODUCTION_CONFIG } from "./inside.ts";
import { startUpstream, type Upstream } from "./upstream.ts";
import { startWorkerd, type Workerd } from "./workerd.ts";

/** Requests name this host, whatever port workerd has chosen. */
const HOST = "localhost:8787";
const ORIGIN = `http://${HOST}`;

export interface Bench extends AsyncDisposable {
  readonly workerd: Workerd;
  readonly upstream: Upstream;
  readonly emulators: Offline;
  readonly ours: BenchWorker;
  readonly floors: BenchWorker;
}

/** One of the Workers that are compared. */
export interface BenchWorker extends ReachableWorker {
  readonly part: WorkerPart;
  /** An MCP call, as `calls.ts` makes it. */
  call(path: string, call: Call): Promise<Answer>;
}

export type Bundles = Awaited<ReturnType<typeof buildBundles>>;

export async function buildBundles() {
  return {
    inside: await buildInside(),
    production: await buildWorker("production", PRODUCTION_CONFIG),
    floors: await buildWorker("floors", FLOORS_CONFIG),
  };
}

/** @param options.isCounted whether invocations are counted, which costs time */
export async function startBench(bundles: Bundles, { isCounted }: { isCounted: boolean }): Promise<Bench> {
  const upstream = await startUpstream();
  const emulators = await startOffline({ workerOrigin: ORIGIN });
  const partOf = (name: string, built: BuiltWorker, vars: Readonly<Record<string, string>>): WorkerPart => ({
    name,
    bundle: built.bundle,
    configPath: built.configPath,
    ...(isCounted && { entry: built.countingEntry }),
    vars: { ...vars, API_URL: upstream.origin },
  });
  const settings = { ...workerSettings(emulators), MCP_RESOURCE: `${ORIGIN}/mcp` };
  const ours = partOf("ours", bundles.production, workerVars(settings));
  const floors = partOf("floors", bundles.floors, { MCP_RESOURCE: `${ORIGIN}/p` });
  const workerd = await startWorkerd({ workers: [ours, floors], inside: bundles.inside, isCounted });
  return {
    workerd,
    upstream,
    emulators,
    ours: reach(ours, workerd),
    floors: reach(floors, workerd),
    [Symbol.asyncDispose]: async () => {
      await workerd[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await emulators.close();
    },
  };
}

/** An access token of the floors' OAuth provider, which needs no sign-in. */
export async function signInAtFloors({ floors }: Bench): Promise<string> {
  const client = await registerClient(floors);
  const attempt = await startAuthorization(floors, client);
  const answer = await floors.fetch(attempt.url);
  const callback = new URL(answer.headers.get("Location") ?? "");
  return (await redeem(floors, client, attempt, callback)).access_token;
}

function reach(part: WorkerPart, workerd: Workerd): BenchWorker {
  const listening = () => workerd.originOf(part);
  const fetchFrom: ReachableWorker["fetch"] = async (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(`${ORIGIN}/`)) return fetch(request);
    const answer = await send(request.url.replace(ORIGIN, listening()), {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), Host: HOST },
      body: await request.text(),
    });
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    );
    return new Response(answer.text === "" ? null : answer.text, { status: answer.status, headers });
  };
  return {
    part,
    origin: ORIGIN,
    resource: String(part.vars.MCP_RESOURCE),
    fetch: fetchFrom,
    call: (path, { headers, body }) =>
      send(`${listening()}${path}`, { headers: { ...headers, Host: HOST }, body }),
  };
}
