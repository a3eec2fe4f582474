/** The Worker as one part of the offline loop: wrangler in this process, so the bundle of a deployment in workerd. */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { formatMessages } from "esbuild";
import { WORKER_HOST } from "../addresses.ts";
import { WRANGLER_QUIET } from "../setup/commands.mjs";
import { STOP_SIGNALS } from "../setup/script.mjs";
import { type RunningPart, StartError } from "./program.ts";

const LOOPBACK = "127.0.0.1";

interface WorkerOptions {
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
  /** Receives what the Worker logs, and whether a changed source file could be built. */
  readonly onLine?: (line: string) => void;
}

/**
 * Resolves when the Worker is built and takes requests, and builds it again when its source changes.
 * @throws {StartError} with what the compiler or workerd said
 */
export async function startWorker(
  options: WorkerOptions,
): Promise<RunningPart & { readonly origin: string }> {
  const { root, port, inspectPort, settings } = options;
  keepWranglerQuiet();
  // Takes a second or two, so it is loaded only when a Worker is started.
  const { unstable_DevEnv: DevEnv } = await import("wrangler");
  const log = createWriteStream(options.logFile, { flags: "a", mode: 0o600 });
  const write = (line: string) => {
    if (log.writable) log.write(`${line}\n`);
    options.onLine?.(line);
  };
  const wrangler = new DevEnv();
  const failed = new Promise<string>((resolve) => {
    wrangler.on("error", (event: unknown) => resolve(`The Worker stopped: ${reasonOf(event)}`));
  });
  let isReload = false;
  const built = new Promise<string | undefined>((resolve) => {
    wrangler.on("reloadComplete", () => {
      if (isReload) write("The Worker runs with your change.");
      isReload = true;
      resolve(undefined);
    });
    wrangler.on("buildFailed", async (event: unknown) => {
      const reason = await explainBuild(event);
      write(`The Worker cannot be built:\n${reason}`);
      resolve(reason);
    });
  });
  const stop = async () => {
    await wrangler.teardown();
    log.end();
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
          structuredLogsHandler: ({ message }: { readonly message: string }) => write(message),
        },
      }),
    );
    const broken = await withoutSignalListeners(() => Promise.race([built, failed]));
    if (broken !== undefined) throw new StartError(`The Worker cannot be built or started:\n${broken}`);
    return { origin: `http://${WORKER_HOST}:${(await worker.url).port}`, failed, stop };
  } catch (error) {
    await stop();
    if (error instanceof StartError) throw error;
    throw new StartError(`The Worker cannot be built or started:\n${await explainBuild(error)}`);
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

/** wrangler reads these from the environment; what a person sets there is meant for real deployments. */
function keepWranglerQuiet(): void {
  Object.assign(process.env, WRANGLER_QUIET, {
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
  });
  delete process.env.CLOUDFLARE_ENV;
}

/** The message of esbuild, with file, line and column, if it is among the causes. */
async function explainBuild(failure: unknown): Promise<string> {
  const { errors, cause } = failure as { errors?: unknown; cause?: unknown };
  if (Array.isArray(errors)) return (await formatMessages(errors, { kind: "error" })).join("").trimEnd();
  return cause === undefined ? reasonOf(failure) : explainBuild(cause);
}

/** @param failure an error, or wrangler's event about one */
function reasonOf(failure: unknown): string {
  const { reason, message, cause } = failure as { reason?: string; message?: string; cause?: unknown };
  const because = cause instanceof Error ? `: ${cause.message}` : "";
  return `${reason ?? message ?? failure}${because}`;
}
