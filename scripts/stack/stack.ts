/**
 * The offline loop: emulators, the Worker and the real MCP Inspector, started and ended as one. `npm start` uses it
 * on fixed ports with `.offline/`; the browser tests start one per Playwright worker on other ports in a temporary
 * folder.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { controlPageOf, type EmulatorFacts, startEmulatorsPart } from "./emulators.ts";
import { type OfflineFolder, openOfflineFolder } from "./folder.ts";
import { inspectorLinkOf, inspectorOriginOf, type ProtocolEra, startInspectorPart } from "./inspector.ts";
import { type Part, PartError } from "./part.ts";
import { type Ports, requireDistinctPorts, requireFreePorts } from "./ports.ts";
import { mcpUrlOf, settingsOf, startWorkerPart, workerOriginOf } from "./worker.ts";

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
  /** Defaults to this project's own. */
  readonly fixturesDir?: string;
  /** Further settings of the Worker; they win over what the stack would set. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** Told what is being started, and what is ready. */
  readonly onProgress?: (line: string) => void;
  /** Told each line that a part prints once it is ready. */
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
  readonly logs: string;
  /** Resolves with one sentence when a part ends that nobody told to. */
  readonly failed: Promise<string>;
  /** The Inspector again in the same home, for another era or to make it forget what it holds in memory. */
  restartInspector(options?: InspectorOptions): Promise<void>;
  stopInspector(): Promise<void>;
  /**
   * The emulators again, with the code and fixtures as they are now; their state stays. The Worker too, where they tell
   * another story of themselves.
   */
  restartOffline(): Promise<void>;
  /** Ends every process. Safe to call twice. */
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
  const onAbort = () => void stack.stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await stack.start(() => signal?.throwIfAborted());
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

class Stack implements OfflineStack {
  readonly workerOrigin: string;
  readonly mcpUrl: string;
  readonly controlPage: string;
  readonly inspectorOrigin: string;
  readonly inspectorLink: string;
  readonly logs: string;
  readonly failed: Promise<string>;
  readonly #options: OfflineStackOptions;
  readonly #folder: OfflineFolder;
  readonly #parts = new Map<PartName, Part>();
  readonly #ready = new WeakSet<Part>();
  #fail: (sentence: string) => void = () => undefined;
  #facts: EmulatorFacts | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: OfflineStackOptions, folder: OfflineFolder) {
    const { ports } = options;
    this.#options = options;
    this.#folder = folder;
    this.workerOrigin = workerOriginOf(ports);
    this.mcpUrl = mcpUrlOf(ports);
    this.controlPage = controlPageOf(ports);
    this.inspectorOrigin = inspectorOriginOf(ports);
    this.inspectorLink = inspectorLinkOf(ports, folder.secrets.inspectorToken);
    this.logs = folder.logs;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get facts(): EmulatorFacts {
    if (this.#facts === undefined) throw new PartError("The emulators are not running.");
    return this.#facts;
  }

  async start(checkpoint: () => void): Promise<void> {
    const { inspector } = this.#options;
    // The Inspector needs nobody; the Worker needs to know whom it signs in at.
    const inspecting =
      inspector === false ? undefined : this.#startInspector(inspector === true ? {} : inspector);
    // Awaited below; a failure before that must not count as unhandled.
    inspecting?.catch(() => undefined);
    await this.#startOffline();
    checkpoint();
    await this.#startWorker();
    checkpoint();
    await inspecting;
    checkpoint();
  }

  async restartInspector(options: InspectorOptions = {}): Promise<void> {
    await this.stopInspector();
    await this.#startInspector(options);
  }

  stopInspector(): Promise<void> {
    return this.#end("inspector");
  }

  async restartOffline(): Promise<void> {
    const before = this.#workerSettings();
    await this.#end("emulators");
    await this.#startOffline();
    if (isDeepStrictEqual(this.#workerSettings(), before)) return;
    // Another environment, client or secret, which a running Worker does not learn.
    await this.#end("worker");
    await this.#startWorker();
  }

  stop(): Promise<void> {
    this.#stopped ??= Promise.all([...this.#parts.values()].map((part) => part.stop())).then(() => undefined);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #startOffline(): Promise<void> {
    const { ports, fixturesDir, root = PROJECT_ROOT } = this.#options;
    const started = Date.now();
    this.#facts = await startEmulatorsPart({
      root,
      folder: this.#folder,
      ports,
      onStarted: (part) => this.#keep("emulators", part),
      onLine: (line) => this.#forward("emulators", line),
      ...(fixturesDir !== undefined && { fixturesDir }),
    });
    this.#tellReady("emulators", "PingOne and Todo API emulators", started);
  }

  #workerSettings(): Record<string, string> {
    const { ports, workerSettings = {} } = this.#options;
    return { ...settingsOf(this.#folder, ports, this.facts), ...workerSettings };
  }

  async #startWorker(): Promise<void> {
    const { ports, root = PROJECT_ROOT } = this.#options;
    const started = Date.now();
    await startWorkerPart({
      root,
      folder: this.#folder,
      ports,
      settings: this.#workerSettings(),
      onStarted: (part) => this.#keep("worker", part),
      onLine: (line) => this.#forward("worker", line),
    });
    this.#tellReady("worker", "Worker in workerd", started);
  }

  async #startInspector({ protocolEra, scopes, secretStore = "file" }: InspectorOptions): Promise<void> {
    const { ports, root = PROJECT_ROOT } = this.#options;
    const started = Date.now();
    await startInspectorPart({
      root,
      folder: this.#folder,
      ports,
      secretStore,
      onStarted: (part) => this.#keep("inspector", part),
      onLine: (line) => this.#forward("inspector", line),
      ...(protocolEra !== undefined && { protocolEra }),
      ...(scopes !== undefined && { scopes }),
    });
    this.#tellReady("inspector", "MCP Inspector", started);
  }

  #tellReady(name: PartName, what: string, started: number): void {
    const part = this.#parts.get(name);
    part?.forgetLines();
    if (part !== undefined) this.#ready.add(part);
    this.#options.onProgress?.(`${what}: ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }

  /** A part that appears after the stack was told to stop is ended at once. */
  #keep(name: PartName, part: Part): void {
    this.#parts.set(name, part);
    if (this.#stopped !== undefined)
      this.#stopped = Promise.all([this.#stopped, part.stop()]).then(() => undefined);
    void part.ended.then((sentence) => {
      // Whoever starts it hears of an earlier end.
      if (!part.stopping && this.#ready.has(part)) this.#fail(part.explain(sentence));
    });
  }

  /** What a part says while it starts becomes news only when it fails, and is told then. */
  #forward(name: PartName, line: string): void {
    const part = this.#parts.get(name);
    if (part !== undefined && this.#ready.has(part)) this.#options.onLine?.(name, line);
  }

  async #end(name: PartName): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    await part?.stop();
  }
}
