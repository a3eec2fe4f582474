/**
 * Runs the production bundle in workerd, for one test file. A local `.dev.vars` has no effect: wrangler looks for it
 * beside its config, which is copied to an empty folder first.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTestHarness, experimental_readRawConfig, type TestHarness } from "wrangler";
import type { Env } from "../../src/config.ts";
import {
  countLivePingSessions,
  countRows,
  dumpAllBytes,
  listStoredObjectIds,
  type ObjectClass,
  readAlarms,
  writeRecord,
} from "./worker-storage.ts";

// Otherwise each start would fetch `request.cf` data from Cloudflare, which the Worker does not read.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

const PROJECT_ROOT = path.join(import.meta.dirname, "../..");

/** Folder of the bundle that `test/support/build-worker.ts` builds once for a test run. */
export const TEST_BUNDLE_DIR = path.join(PROJECT_ROOT, ".wrangler", "test-bundle");

/** The system's temporary folder, read before {@link listen} changes `TMPDIR`. */
export const TEMPORARY = tmpdir();

/** A public https origin, as in production. Requests reach the Worker without a network. */
export const WORKER_ORIGIN = "https://mcp.example.com";

/** TEST ONLY. */
export const TEST_COOKIE_KEY = "TEST ONLY cookie key, at least 32 characters long";

export type TestFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The Worker as a client reaches it. */
export interface ReachableWorker {
  readonly origin: string;
  readonly resource: string;
  /** Sends requests for the Worker's origin to the Worker, and all others to the network (loopback). */
  readonly fetch: TestFetch;
}

export interface TestWorker extends ReachableWorker, AsyncDisposable {
  /** Host and port on which the Worker listens, for tests of broken connections. */
  readonly address: { readonly host: string; readonly port: number };
  /** Sends a request to the Worker, whatever its host. */
  dispatch(request: Request): Promise<Response>;
  getEnv(): Promise<Env>;
  /** Ids of the objects of a class that have stored data. */
  listObjectIds(className: ObjectClass): string[];
  /** Number of PingSessions that have not ended. Ended ones may still wait for PingOne. */
  countLivePingSessions(): number;
  /** Number of grants of all users. */
  countGrants(): number;
  /** Number of ended grants whose clean-up is not complete. */
  countEndings(): number;
  /** Runs SQL in an object's database, to create state that would otherwise take long to reach. */
  sql(className: ObjectClass, name: string, query: string, ...values: unknown[]): Promise<unknown>;
  /** Discards the running instance of an object and keeps its storage. */
  evict(className: ObjectClass, name: string): Promise<void>;
  /** Seconds until the alarm of each object of a class, by object id. */
  readAlarms(className: ObjectClass): Map<string, number>;
  /** Replaces a stored value of an object. */
  writeRecord(className: ObjectClass, id: string, key: string, value: unknown): void;
  /** All bytes of KV and the Durable Objects on disk. */
  dumpStorage(): string;
  /** The complete log of the Worker. */
  logs(): string;
  close(): Promise<void>;
}

/**
 * Rate limits count by address. Every request has its own address unless a test sets one, so that only the tests of
 * rate limits reach them.
 */
let addresses = 0;
function nextAddress(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** Secrets and vars that every test has; `undefined` omits one. */
export function workerVars(settings: Record<string, string | undefined>): Record<string, string> {
  const all: Record<string, string | undefined> = {
    MCP_RESOURCE: `${WORKER_ORIGIN}/mcp`,
    ALLOWED_ORIGINS: "https://inspector.example.com",
    COOKIE_ENCRYPTION_KEY: TEST_COOKIE_KEY,
    CLIENT_METADATA_DOCUMENTS: "off",
    ...settings,
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export interface TestWorkerOptions {
  /** Divides every rate limit of `wrangler.jsonc`, so that a test reaches it with fewer requests. */
  readonly rateLimitDivisor?: number;
}

/** @param settings secrets and vars; `undefined` omits one */
export async function startTestWorker(
  settings: Record<string, string | undefined>,
  { rateLimitDivisor = 1 }: TestWorkerOptions = {},
): Promise<TestWorker> {
  const root = await mkdtemp(path.join(TEMPORARY, "worker-test-"));
  const { rawConfig } = experimental_readRawConfig({ config: path.join(PROJECT_ROOT, "wrangler.jsonc") });
  const divide = (key: string, value: unknown) =>
    key === "limit" ? Number(value) / rateLimitDivisor : value;
  await writeFile(path.join(root, "wrangler.jsonc"), JSON.stringify(rawConfig, divide));
  const server = createTestHarness({
    root,
    workers: [
      { configPath: "wrangler.jsonc", prebuiltWorkerDir: TEST_BUNDLE_DIR, vars: workerVars(settings) },
    ],
  });
  return createTestWorker(await listen(server, root));
}

/** A running test harness with its own folder. */
export interface Listening {
  readonly server: TestHarness;
  readonly root: string;
  readonly storageRoot: string;
  readonly url: URL;
}

let lastStart: Promise<unknown> = Promise.resolve();

/** Starts one harness at a time, because the folder of the simulator's files is set for the whole process. */
export function listen(server: TestHarness, root: string): Promise<Listening> {
  const started = lastStart.then(() => listenAlone(server, root));
  lastStart = started.catch(() => {});
  return started;
}

/** The simulator keeps its files in the temporary folder. `TMPDIR` points to one that the tests can read. */
async function listenAlone(server: TestHarness, root: string): Promise<Listening> {
  const storageRoot = path.join(root, "storage");
  await mkdir(storageRoot);
  process.env.TMPDIR = storageRoot;
  try {
    const { url } = await server.listen();
    return { server, root, storageRoot, url };
  } finally {
    process.env.TMPDIR = TEMPORARY;
  }
}

/**
 * @param options.name name of the Worker, for a harness with several
 * @param options.headers headers to add to every request to the Worker
 */
export function createTestWorker(
  { server, root, storageRoot, url }: Listening,
  options: { name?: string; headers?: () => Record<string, string> } = {},
): TestWorker {
  const { name, headers = () => ({}) } = options;
  const worker = server.getWorker<Env>(name);

  const workerFetch: TestFetch = (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(`${WORKER_ORIGIN}/`)) return fetch(request);
    return dispatch(request);
  };
  const dispatch = async (request: Request): Promise<Response> => {
    if (!request.headers.has("CF-Connecting-IP")) request.headers.set("CF-Connecting-IP", nextAddress());
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const response = await worker.fetch(request.url, {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), ...headers() },
      redirect: "manual",
      signal: request.signal,
      ...(body !== undefined && { body }),
    });
    return response as unknown as Response;
  };
  const close = async () => {
    await server.close();
    await rm(root, { recursive: true, force: true });
  };
  return {
    origin: WORKER_ORIGIN,
    resource: `${WORKER_ORIGIN}/mcp`,
    address: { host: url.hostname, port: Number(url.port) },
    fetch: workerFetch,
    dispatch,
    getEnv: () => worker.getEnv(),
    listObjectIds: (className) => listStoredObjectIds(storageRoot, className),
    countLivePingSessions: () => countLivePingSessions(storageRoot),
    countGrants: () => countRows(storageRoot, "Person", "grants"),
    countEndings: () => countRows(storageRoot, "Person", "endings"),
    sql: async (className, name, query, ...values) =>
      (await worker.getDurableObjectStorage(className as never, { name })).exec(query, ...values),
    evict: (className, name) => worker.evictDurableObject(className as never, { name }),
    readAlarms: (className) => readAlarms(storageRoot, className),
    writeRecord: (className, id, key, value) => writeRecord(storageRoot, { className, id, key, value }),
    dumpStorage: () => dumpAllBytes(storageRoot),
    logs: () =>
      server
        .getLogs()
        .map(({ message }) => message)
        .join("\n"),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A Worker without reachable upstreams, for tests of what must work without them. */
export function startLonelyWorker(
  settings: Record<string, string | undefined> = {},
  options: TestWorkerOptions = {},
): Promise<TestWorker> {
  const lonely = {
    // Connections to port 1 of the loopback interface are refused at once.
    PINGONE_ISSUER: "http://127.0.0.1:1/as",
    MCP_SERVER_CLIENT_ID: "mcp-server",
    MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-secret",
    API_IDENTIFIER: "https://todo.api.com",
    API_URL: "http://127.0.0.1:1",
    ...settings,
  };
  return startTestWorker(lonely, options);
}
