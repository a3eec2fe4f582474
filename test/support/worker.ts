/**
 * The production bundle in workerd, for one test file. It never reads a person's `.dev.vars`: wrangler looks for
 * that beside its config, and the config is copied to an empty folder first.
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

// Each start would ask Cloudflare where this machine is, for `request.cf`, which the Worker does not read.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

const PROJECT_ROOT = path.join(import.meta.dirname, "../..");

/** Where `test/support/build-worker.ts` puts the bundle, once for a whole test run. */
export const TEST_BUNDLE_DIR = path.join(PROJECT_ROOT, ".wrangler", "test-bundle");

/** As it was before {@link listen} named another one. */
export const TEMPORARY = tmpdir();

/** A public https origin, as in production; requests reach the Worker without a network. */
export const WORKER_ORIGIN = "https://mcp.example.com";

/** TEST ONLY. */
export const TEST_COOKIE_KEY = "TEST ONLY cookie key, at least 32 characters long";

export type TestFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a client of a Worker has of it. */
export interface ReachableWorker {
  readonly origin: string;
  readonly resource: string;
  /** Sends to the Worker what is addressed to it, and everything else to the network (loopback). */
  readonly fetch: TestFetch;
}

export interface TestWorker extends ReachableWorker, AsyncDisposable {
  /** Where the Worker really listens, for tests of connections that break off. */
  readonly address: { readonly host: string; readonly port: number };
  /** Sends to the Worker whatever the request's host. */
  dispatch(request: Request): Promise<Response>;
  getEnv(): Promise<Env>;
  /** Ids of the objects of a class that have stored anything. */
  listObjectIds(className: ObjectClass): string[];
  /** How many PingSessions are not over; ended ones may still wait for PingOne. */
  countLivePingSessions(): number;
  /** How many grants the people of this Worker have. */
  countGrants(): number;
  /** Grants that are over, with something behind them that is yet to end. */
  countEndings(): number;
  /** Runs SQL in an object's own database, to plant what would take long to make. */
  sql(className: ObjectClass, name: string, query: string, ...values: unknown[]): Promise<unknown>;
  /** Discards the running instance of an object; what it has stored stays. */
  evict(className: ObjectClass, name: string): Promise<void>;
  /** When the alarms of a class will ring, in seconds from now, by object id. */
  readAlarms(className: ObjectClass): Map<string, number>;
  /** Replaces a value that an object has stored. */
  writeRecord(className: ObjectClass, id: string, key: string, value: unknown): void;
  /** Every byte that KV and the Durable Objects have on disk. */
  dumpStorage(): string;
  /** Everything that the Worker has logged. */
  logs(): string;
  close(): Promise<void>;
}

/**
 * Rate limits count by address. Every request has its own unless a test names one, so that only the tests of the
 * limits meet them.
 */
let addresses = 0;
function nextAddress(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** Secrets and vars as every test has them; `undefined` leaves one out. */
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
  /** By how much every rate limit of `wrangler.jsonc` is divided, so that a test reaches it with fewer requests. */
  readonly rateLimitDivisor?: number;
}

/** @param settings secrets and vars; `undefined` leaves one out */
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

/** A harness that runs, with a folder of its own. */
export interface Listening {
  readonly server: TestHarness;
  readonly root: string;
  readonly storageRoot: string;
  readonly url: URL;
}

let lastStart: Promise<unknown> = Promise.resolve();

/** Starts one harness after the other: where the simulator keeps its files is a setting of the whole process. */
export function listen(server: TestHarness, root: string): Promise<Listening> {
  const started = lastStart.then(() => listenAlone(server, root));
  lastStart = started.catch(() => {});
  return started;
}

/** The simulator keeps its files in the system's temporary folder: here it gets one that can be looked into. */
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
 * @param options.name of the Worker in the harness, where there are several
 * @param options.headers sent along with every request to the Worker
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

/** A Worker whose upstreams nobody serves, for what must work without them. */
export function startLonelyWorker(
  settings: Record<string, string | undefined> = {},
  options: TestWorkerOptions = {},
): Promise<TestWorker> {
  const lonely = {
    // Port 1 of the loopback interface: any request is refused at once.
    PINGONE_ISSUER: "http://127.0.0.1:1/as",
    MCP_SERVER_CLIENT_ID: "mcp-server",
    MCP_SERVER_CLIENT_SECRET: "TEST-ONLY-secret",
    API_IDENTIFIER: "https://todo.api.com",
    API_URL: "http://127.0.0.1:1",
    ...settings,
  };
  return startTestWorker(lonely, options);
}
