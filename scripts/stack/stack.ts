/**
 * The offline loop: emulators, Worker and the real MCP Inspector, started and ended as one. `npm start` runs it on
 * fixed ports with `.offline/`; each Playwright worker runs one on free ports in a temporary folder.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Offline, startOffline } from "pingone-emulator";
import { WORKER_HOST } from "../addresses.ts";
import { type OfflineFolder, openOfflineFolder } from "./folder.ts";
import { type InspectorOptions, startInspector } from "./inspector.ts";
import { type Addresses, addressesOf, type Ports, requireFreePorts } from "./ports.ts";
import { type RunningPart, StartError } from "./program.ts";
import { startWorker } from "./worker.ts";

const HEALTH_TIMEOUT_MS = 30_000;
export const PROJECT_ROOT = join(import.meta.dirname, "../..");

type PartName = "emulators" | "worker" | "inspector";
type Stoppable = Pick<RunningPart, "stop">;

export interface OfflineStackOptions {
  readonly ports: Ports;
  /** Has everything that outlives the stack, logs included. */
  readonly dir: string;
  /** Removes what earlier starts left in `dir`. */
  readonly fresh?: boolean;
  /** Files, folders or a name of DaVinci flows, of which the first one is run. Default: the tenant's. */
  readonly flow?: readonly string[] | undefined;
  /** Without options no Inspector is started. */
  readonly inspector?: InspectorOptions;
  /** Where a debugger can attach to the Worker. */
  readonly inspectPort?: number | undefined;
  /** Receives what is ready, and then each line that the Worker logs. */
  readonly onLine?: (line: string) => void;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
  /** Has `wrangler.jsonc`, `src/` and `fixtures/`; another folder in tests of this file. */
  readonly root?: string;
}

export class OfflineStack {
  readonly addresses: Addresses;
  /** Opens the Inspector pointed at the Worker; carries the Inspector's API token. */
  readonly inspectorLink: string;
  readonly inspectPort: number | undefined;
  readonly folder: OfflineFolder;
  /** Resolves with one sentence when a part ends by itself. */
  readonly failed: Promise<string>;
  readonly #failure = Promise.withResolvers<string>();
  readonly #options: OfflineStackOptions;
  readonly #root: string;
  readonly #parts = new Map<PartName, Stoppable>();
  /** What the running Worker was started with; undefined while none runs. */
  #settingsInUse: Record<string, string> | undefined;
  /** The last restart that was asked for; each begins when the one before has ended. */
  #restarting: Promise<void> = Promise.resolve();
  #emulators: Offline | undefined;
  #isReady = false;

  /** @throws {StartError} with what the person needs to know; nothing is left running */
  static async start(options: OfflineStackOptions): Promise<OfflineStack> {
    await requireFreePorts(options.ports, options.inspectPort);
    options.onLine?.("Starting the offline loop...");
    if (options.fresh) await rm(options.dir, { recursive: true, force: true, maxRetries: 3 });
    const stack = new OfflineStack(options, await openOfflineFolder(options.dir));
    try {
      await stack.#startAll();
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  private constructor(options: OfflineStackOptions, folder: OfflineFolder) {
    this.#options = options;
    this.#root = options.root ?? PROJECT_ROOT;
    this.addresses = addressesOf(options.ports);
    const { inspectorOrigin, mcpUrl: serverUrl } = this.addresses;
    const link = { serverUrl, transport: "http", autoConnect: folder.secrets.inspectorToken };
    this.inspectorLink = `${inspectorOrigin}/?${new URLSearchParams(link)}`;
    this.inspectPort = options.inspectPort;
    this.folder = folder;
    this.failed = this.#failure.promise;
  }

  get emulators(): Offline {
    if (this.#emulators === undefined) throw new StartError("The emulators are not running.");
    return this.#emulators;
  }

  /** Starts the Inspector again in the same home: with other options, or without what it held in memory. */
  async restartInspector(options: InspectorOptions): Promise<void> {
    await this.stopInspector();
    await this.#start("inspector", "MCP Inspector", () =>
      startInspector(this.folder, this.#options.ports, options),
    );
  }

  stopInspector(): Promise<void> {
    return this.#end("inspector");
  }

  /** Starts the emulators again with the present fixtures. The Worker too, if its settings changed by that. */
  restartEmulators(): Promise<void> {
    this.#restarting = this.#restarting.catch(() => {}).then(() => this.#restartEmulators());
    return this.#restarting;
  }

  async #restartEmulators(): Promise<void> {
    await this.#end("emulators");
    await this.#startEmulators();
    if (isDeepStrictEqual(this.#workerSettings(), this.#settingsInUse)) return;
    this.#settingsInUse = undefined;
    await this.#end("worker");
    await this.#startWorker();
  }

  /** Ends every part, also one that is being restarted. Safe to call twice. */
  async stop(): Promise<void> {
    await this.#restarting.catch(() => {});
    await Promise.all([...this.#parts.keys()].map((name) => this.#end(name)));
  }

  async #startAll(): Promise<void> {
    const { inspector, signal } = this.#options;
    // The Worker needs the emulators' settings; the Inspector needs neither.
    const results = await Promise.allSettled([
      inspector && this.restartInspector(inspector),
      this.#startEmulators().then(() => {
        signal?.throwIfAborted();
        return this.#startWorker();
      }),
    ]);
    signal?.throwIfAborted();
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#isReady = true;
  }

  async #startEmulators(): Promise<void> {
    const { ports } = this.#options;
    await this.#start("emulators", "PingOne and Todo API emulators", async () => {
      const emulators = await startOffline({
        port: ports.PINGONE_PORT,
        todoPort: ports.TODO_PORT,
        workerOrigin: `http://${WORKER_HOST}:${ports.WORKER_PORT}`,
        stateDir: this.folder.emulators,
        flow: this.#options.flow,
        tenant: this.#options.root && join(this.#options.root, "fixtures"),
      }).catch((error: unknown) => {
        throw new StartError(
          `The emulators cannot start: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
      this.#emulators = emulators;
      return { stop: emulators.close };
    });
  }

  async #startWorker(): Promise<void> {
    const { workerOrigin } = this.addresses;
    const settings = this.#workerSettings();
    await this.#start("worker", "Worker in workerd", () =>
      startWorker({
        root: this.#root,
        port: this.#options.ports.WORKER_PORT,
        inspectPort: this.inspectPort,
        storage: this.folder.worker,
        logFile: join(this.folder.logs, "worker.log"),
        settings,
        // An error of the start is thrown, so what is logged meanwhile would only repeat it.
        onLine: (line) => this.#isReady && this.#options.onLine?.(`[worker] ${line}`),
      }),
    );
    const health = await fetch(`${workerOrigin}/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    if (!health.ok) {
      throw new StartError(`The Worker answers /health with ${health.status}: ${await health.text()}`);
    }
    this.#settingsInUse = settings;
  }

  async #start(
    name: PartName,
    title: string,
    start: () => Promise<Stoppable & Partial<RunningPart>>,
  ): Promise<void> {
    const started = performance.now();
    const part = await start();
    this.#parts.set(name, part);
    void part.failed?.then(this.#failure.resolve);
    const seconds = (performance.now() - started) / 1000;
    this.#options.onLine?.(`  ${title}: ready after ${seconds.toFixed(1)} s`);
  }

  async #end(name: PartName): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    await part?.stop();
  }

  /** What `wrangler secret put` and `vars` set in a deployment. */
  #workerSettings(): Record<string, string> {
    const { issuer, client, apiIdentifier, todoOrigin } = this.emulators;
    const { INSPECTOR_PORT } = this.#options.ports;
    return {
      PINGONE_ISSUER: issuer,
      MCP_SERVER_CLIENT_ID: client.id,
      MCP_SERVER_CLIENT_SECRET: client.secret,
      API_IDENTIFIER: apiIdentifier,
      API_URL: todoOrigin,
      COOKIE_ENCRYPTION_KEY: this.folder.secrets.cookieEncryptionKey,
      MCP_RESOURCE: this.addresses.mcpUrl,
      ALLOWED_ORIGINS: `http://localhost:${INSPECTOR_PORT} http://127.0.0.1:${INSPECTOR_PORT}`,
      // There is no network to fetch such documents from.
      CLIENT_METADATA_DOCUMENTS: "off",
    };
  }
}
