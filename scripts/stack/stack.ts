/**
 * The offline loop: emulators, the Worker and the real MCP Inspector, started and ended as one. `npm start` uses it
 * on fixed ports with `.offline/`; the browser tests start one per Playwright worker on other ports in a temporary
 * folder.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { controlPageOf, type EmulatorFacts, startEmulators } from "./emulators.ts";
import { type OfflineFolder, openOfflineFolder } from "./folder.ts";
import { inspectorLinkOf, inspectorOriginOf, type ProtocolEra, startInspector } from "./inspector.ts";
import { type Ports, requireDistinctPorts, requireFreePorts } from "./ports.ts";
import { PartError, type RunningPart } from "./program.ts";
import { mcpUrlOf, settingsOf, startWorker, workerOriginOf } from "./worker.ts";

export const PROJECT_ROOT = join(import.meta.dirname, "../..");

type PartName = "emulators" | "worker" | "inspector";

interface InspectorOptions {
  readonly protocolEra?: ProtocolEra;
  readonly scopes?: string;
  readonly secretStore?: "file" | "memory";
}

export interface OfflineStackOptions {
  readonly ports: Ports;
  /** Everything that outlives the stack is kept here, logs included. */
  readonly dir: string;
  /** `true`: as `npm start` has it. */
  readonly inspector: boolean | InspectorOptions;
  /** Where a debugger can attach to the Worker. */
  readonly inspectPort?: number | undefined;
  /** Defaults to this project's own. */
  readonly fixturesDir?: string;
  /** Told what is ready. */
  readonly onProgress?: (line: string) => void;
  /** Told each line that a part prints once everything is ready. */
  readonly onLine?: (part: PartName, line: string) => void;
  /** Folder of the project; another one in tests of this file. */
  readonly root?: string;
}

export interface OfflineStack extends AsyncDisposable {
  readonly facts: EmulatorFacts;
  readonly workerOrigin: string;
  readonly mcpUrl: string;
  readonly controlPage: string;
  readonly inspectorOrigin: string;
  /** Opens the Inspector pointed at the Worker; carries the Inspector's API token. */
  readonly inspectorLink: string;
  readonly inspectPort: number | undefined;
  readonly logs: string;
  /** Resolves with one sentence when a part ends that nobody told to. */
  readonly failed: Promise<string>;
  /** The Inspector again in the same home, for another era or to make it forget what it holds in memory. */
  restartInspector(options?: InspectorOptions): Promise<void>;
  stopInspector(): Promise<void>;
  /**
   * The emulators again, with the code and fixtures as they are now; their state stays. The Worker too, if issuer,
   * client or secret changed.
   */
  restartEmulators(): Promise<void>;
  /** Ends every part. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * @param signal ends a start that is under way; nothing is left behind
 * @throws {PortError | PartError} with one sentence for the person; nothing is left behind
 */
export async function startOfflineStack(
  options: OfflineStackOptions,
  signal?: AbortSignal,
): Promise<OfflineStack> {
  requireDistinctPorts(options.ports);
  await requireFreePorts(options.ports);
  const stack = new Stack(options, await openOfflineFolder(options.dir));
  try {
    await stack.start(signal);
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

class Stack implements OfflineStack {
  readonly workerOrigin: string;
  readonly mcpUrl: string;
  readonly controlPage: string;
  readonly inspectorOrigin: string;
  readonly inspectorLink: string;
  readonly inspectPort: number | undefined;
  readonly logs: string;
  readonly failed: Promise<string>;
  readonly #options: OfflineStackOptions;
  readonly #root: string;
  readonly #folder: OfflineFolder;
  readonly #parts = new Map<PartName, RunningPart>();
  #fail: (sentence: string) => void = () => undefined;
  #facts: EmulatorFacts | undefined;
  #ready = false;

  constructor(options: OfflineStackOptions, folder: OfflineFolder) {
    const { ports, root = PROJECT_ROOT } = options;
    this.#options = options;
    this.#root = root;
    this.#folder = folder;
    this.workerOrigin = workerOriginOf(ports);
    this.mcpUrl = mcpUrlOf(ports);
    this.controlPage = controlPageOf(ports);
    this.inspectorOrigin = inspectorOriginOf(ports);
    this.inspectorLink = inspectorLinkOf(ports, folder.secrets.inspectorToken);
    this.inspectPort = options.inspectPort;
    this.logs = folder.logs;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get facts(): EmulatorFacts {
    if (this.#facts === undefined) throw new PartError("The emulators are not running.");
    return this.#facts;
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    const { inspector } = this.#options;
    // The Inspector needs nobody; the Worker needs to know whom it signs in at.
    const results = await Promise.allSettled([
      inspector === false ? undefined : this.#startInspector(inspector === true ? {} : inspector),
      this.#startEmulators().then(() => {
        signal?.throwIfAborted();
        return this.#startWorker();
      }),
    ]);
    signal?.throwIfAborted();
    for (const result of results) if (result.status === "rejected") throw result.reason;
    this.#ready = true;
  }

  async restartInspector(options: InspectorOptions = {}): Promise<void> {
    await this.stopInspector();
    await this.#startInspector(options);
  }

  stopInspector(): Promise<void> {
    return this.#end("inspector");
  }

  async restartEmulators(): Promise<void> {
    const before = this.#workerSettings();
    await this.#end("emulators");
    await this.#startEmulators();
    if (isDeepStrictEqual(this.#workerSettings(), before)) return;
    await this.#end("worker");
    await this.#startWorker();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#parts.keys()].map((name) => this.#end(name)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #startEmulators(): Promise<void> {
    const { ports, fixturesDir } = this.#options;
    const part = await this.#run("emulators", "PingOne and Todo API emulators", () =>
      startEmulators({
        root: this.#root,
        folder: this.#folder,
        ports,
        onLine: (line) => this.#forward("emulators", line),
        ...(fixturesDir !== undefined && { fixturesDir }),
      }),
    );
    this.#facts = part.facts;
  }

  #workerSettings(): Record<string, string> {
    return settingsOf(this.#folder, this.#options.ports, this.facts);
  }

  async #startWorker(): Promise<void> {
    await this.#run("worker", "Worker in workerd", () =>
      startWorker({
        root: this.#root,
        port: this.#options.ports.WORKER_PORT,
        inspectPort: this.#options.inspectPort,
        storage: this.#folder.worker,
        logFile: join(this.#folder.logs, "worker.log"),
        settings: this.#workerSettings(),
        onLine: (line) => this.#forward("worker", line),
      }),
    );
    const health = await fetch(`${this.workerOrigin}/health`);
    if (!health.ok) {
      throw new PartError(`The Worker answers /health with ${health.status}: ${await health.text()}`);
    }
  }

  async #startInspector({ protocolEra, scopes, secretStore = "file" }: InspectorOptions): Promise<void> {
    await this.#run("inspector", "MCP Inspector", () =>
      startInspector({
        root: this.#root,
        folder: this.#folder,
        ports: this.#options.ports,
        secretStore,
        ...(protocolEra !== undefined && { protocolEra }),
        ...(scopes !== undefined && { scopes }),
      }),
    );
  }

  async #run<Part extends RunningPart>(
    name: PartName,
    what: string,
    start: () => Promise<Part>,
  ): Promise<Part> {
    const started = performance.now();
    const part = await start();
    this.#parts.set(name, part);
    void part.failed.then((sentence) => this.#fail(sentence));
    const seconds = (performance.now() - started) / 1000;
    this.#options.onProgress?.(`${what}: ready after ${seconds.toFixed(1)} s`);
    return part;
  }

  /** What a part says while everything starts matters only when it fails, and is told then. */
  #forward(name: PartName, line: string): void {
    if (this.#ready) this.#options.onLine?.(name, line);
  }

  async #end(name: PartName): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    await part?.stop();
  }
}
