/** The Worker as one part of the offline loop: wrangler in this process, so the bundle of a deployment in workerd. */
import { join } from "node:path";
import { formatMessages } from "esbuild";
import { WORKER_HOST } from "../../mocks/addresses.ts";
import { WRANGLER_QUIET } from "../setup/commands.mjs";
import { STOP_SIGNALS } from "../setup/script.mjs";
import type { EmulatorFacts } from "./emulators.ts";
import type { OfflineFolder } from "./folder.ts";
import { openLog } from "./log.ts";
import type { Ports } from "./ports.ts";
import { PartError, type RunningPart } from "./program.ts";

const LOOPBACK = "127.0.0.1";

export interface WorkerPartOptions {
  /** Has `wrangler.jsonc`. */
  readonly root: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Where a debugger attaches; without it none can. */
  readonly inspectPort?: number | undefined;
  /** Where KV and Durable Objects are kept. */
  readonly storage: string;
  readonly logFile: string;
  /** Secrets and variables, by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** Told what the Worker logs, and what becomes of a changed source file. */
  readonly onLine?: (line: string) => void;
}

export function workerOriginOf(ports: Ports): string {
  return `http://${WORKER_HOST}:${ports.WORKER_PORT}`;
}

export function mcpUrlOf(ports: Ports): string {
  return `${workerOriginOf(ports)}/mcp`;
}

/**
 * Resolves when the Worker is built and takes requests, and builds it again when its source changes.
 * @throws {PartError} with what the compiler or workerd said
 */
export async function startWorker(
  options: WorkerPartOptions,
): Promise<RunningPart & { readonly origin: string }> {
  const { root, port, inspectPort, settings } = options;
  keepWranglerQuiet();
  // Takes a second or two, so not before it is needed: --help answers at once.
  const { unstable_DevEnv: DevEnv } = await import("wrangler");
  const log = openLog(options.logFile, options.onLine);
  const wrangler = new DevEnv();
  const failed = new Promise<string>((resolve) => {
    wrangler.on("error", (event: unknown) => resolve(`The Worker stopped: ${reasonOf(event)}`));
  });
  const built = new Promise<string | undefined>((resolve) => {
    wrangler.on("reloadComplete", () => resolve(undefined));
    wrangler.on("buildFailed", (event: unknown) => {
      void explainBuild(event).then((reason) => {
        resolve(reason);
        log.write(`The Worker cannot be built:\n${reason}`);
      });
    });
  });
  let reloads = 0;
  wrangler.on("reloadComplete", () => {
    if (reloads > 0) log.write("The Worker runs with your change.");
    reloads += 1;
  });
  const stop = async () => {
    await wrangler.teardown();
    log.close();
  };
  try {
    const worker = await withoutSignalListeners(() =>
      wrangler.startWorker({
        config: join(root, "wrangler.jsonc"),
        // SECURITY: with a file named here, wrangler reads no .dev.vars and no .env, so a person's real PingOne
        // credentials never enter the offline loop. This one does not exist.
        envFiles: [join(options.storage, "no-such-file.env")],
        bindings: Object.fromEntries(
          Object.entries(settings).map(([name, value]) => [name, { type: "secret_text", value }]),
        ),
        dev: {
          remote: false,
          logLevel: "none",
          server: { hostname: LOOPBACK, port },
          inspector: inspectPort === undefined ? false : { hostname: LOOPBACK, port: inspectPort },
          persist: options.storage,
          // A custom domain under "routes" would otherwise replace the origin that requests come with.
          inferOriginFromRoutes: false,
          structuredLogsHandler: ({ message }: { readonly message: string }) => log.write(message),
        },
      }),
    );
    const broken = await withoutSignalListeners(() => Promise.race([built, failed]));
    if (broken !== undefined) throw new PartError(`The Worker cannot be built or started:\n${broken}`);
    return { origin: `http://${WORKER_HOST}:${(await worker.url).port}`, failed, stop };
  } catch (error) {
    await stop();
    if (error instanceof PartError) throw error;
    throw new PartError(`The Worker cannot be built or started:\n${await explainBuild(error)}`);
  }
}

/**
 * wrangler ends this process at a signal, before other parts could stop. Its listener of "exit", which ends workerd,
 * stays.
 */
async function withoutSignalListeners<T>(start: () => Promise<T>): Promise<T> {
  const drop = (event: string | symbol, listener: () => void) => {
    if (STOP_SIGNALS.some((signal) => signal === event)) queueMicrotask(() => process.off(event, listener));
  };
  process.on("newListener", drop);
  try {
    return await start();
  } finally {
    process.off("newListener", drop);
  }
}

/** What a deployment gets by `wrangler secret put` and `vars`, for the offline loop. */
export function settingsOf(
  folder: OfflineFolder,
  ports: Ports,
  facts: EmulatorFacts,
): Record<string, string> {
  return {
    PINGONE_ISSUER: facts.issuer,
    MCP_SERVER_CLIENT_ID: facts.client.id,
    MCP_SERVER_CLIENT_SECRET: facts.client.secret,
    API_IDENTIFIER: facts.apiIdentifier,
    API_URL: facts.todoOrigin,
    COOKIE_ENCRYPTION_KEY: folder.secrets.cookieEncryptionKey,
    MCP_RESOURCE: mcpUrlOf(ports),
    ALLOWED_ORIGINS: `http://localhost:${ports.INSPECTOR_PORT} http://127.0.0.1:${ports.INSPECTOR_PORT}`,
    // There is no network to fetch such documents from.
    CLIENT_METADATA_DOCUMENTS: "off",
  };
}

/** wrangler reads these from the environment; what a person sets there is meant for real deployments. */
function keepWranglerQuiet(): void {
  Object.assign(process.env, WRANGLER_QUIET, {
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
  });
  delete process.env.CLOUDFLARE_ENV;
}

/** esbuild's own words, with file, line and column, where they are among the causes. */
async function explainBuild(failure: unknown): Promise<string> {
  const { errors, cause } = failure as { errors?: unknown; cause?: unknown };
  if (Array.isArray(errors)) return (await formatMessages(errors, { kind: "error" })).join("").trimEnd();
  return cause === undefined ? reasonOf(failure) : explainBuild(cause);
}

/** @param failure an error, or what wrangler tells of one */
function reasonOf(failure: unknown): string {
  const { reason, message, cause } = failure as { reason?: string; message?: string; cause?: unknown };
  const because = cause instanceof Error ? `: ${cause.message}` : "";
  return `${reason ?? message ?? failure}${because}`;
}
