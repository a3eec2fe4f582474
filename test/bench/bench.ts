/** Starts the production bundle and the baselines ("floors") in plain workerd, and the upstreams that both call. */
import { type Offline, startOffline } from "pingone-emulator";
import { redeem, registerClient, startAuthorization } from "../support/mcp-client.ts";
import { workerSettings } from "../support/stack.ts";
import { type ReachableWorker, workerVars } from "../support/worker.ts";
import { type Answer, type Call, send } from "./calls.ts";
import type { WorkerPart } from "./config.ts";
import { buildCountingEntry, buildInside, buildWorker, FLOORS_CONFIG, PRODUCTION_CONFIG } from "./inside.ts";
import { startUpstream, type Upstream } from "./upstream.ts";
import { startWorkerd, type Workerd } from "./workerd.ts";

/** Requests name this host, whatever port workerd has chosen. */
const HOST = "localhost:8787";
const ORIGIN = `http://${HOST}`;

export interface Bundles {
  readonly production: string;
  readonly floors: string;
  readonly inside: Awaited<ReturnType<typeof buildInside>>;
  /** The module that wraps each bundle when rows are counted. */
  readonly countingEntries: Readonly<Record<"production" | "floors", string>>;
}

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

export async function buildBundles(): Promise<Bundles> {
  const inside = await buildInside();
  const production = await buildWorker(PRODUCTION_CONFIG, { name: "production" });
  const floors = await buildWorker(FLOORS_CONFIG, { name: "floors" });
  const countingEntries = {
    production: await buildCountingEntry(PRODUCTION_CONFIG),
    floors: await buildCountingEntry(FLOORS_CONFIG),
  };
  return { production, floors, inside, countingEntries };
}

/** @param options.isCounted whether invocations are counted, which costs time */
export async function startBench(bundles: Bundles, options: { isCounted: boolean }): Promise<Bench> {
  const upstream = await startUpstream();
  const emulators = await startOffline({ workerOrigin: ORIGIN });
  const ours: WorkerPart = {
    name: "ours",
    bundle: bundles.production,
    configPath: PRODUCTION_CONFIG,
    ...(options.isCounted && { entry: bundles.countingEntries.production }),
    vars: workerVars({
      ...workerSettings(emulators),
      API_URL: upstream.origin,
      MCP_RESOURCE: `${ORIGIN}/mcp`,
    }),
  };
  const floors: WorkerPart = {
    name: "floors",
    bundle: bundles.floors,
    configPath: FLOORS_CONFIG,
    ...(options.isCounted && { entry: bundles.countingEntries.floors }),
    vars: { API_URL: upstream.origin, MCP_RESOURCE: `${ORIGIN}/p` },
  };
  const workerd = await startWorkerd({ workers: [ours, floors], inside: bundles.inside, ...options });
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
