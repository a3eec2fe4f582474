/** `npm start`: the whole loop offline, until Ctrl-C. */
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { resolvePorts } from "../mocks/addresses.ts";
import { onStopWish } from "./setup/script.mjs";
import { wipeOfflineFolder } from "./stack/folder.ts";
import {
  PortError,
  type Ports,
  requireDistinctPorts,
  requireFreeInspectPort,
  requireFreePorts,
} from "./stack/ports.ts";
import { PartError } from "./stack/program.ts";
import { type OfflineStack, PROJECT_ROOT, startOfflineStack } from "./stack/stack.ts";
import { summarize } from "./stack/summary.ts";
import { watchFolders } from "./stack/watch.ts";

/** The one that Node, wrangler and Chrome's list of targets use. */
const DEFAULT_INSPECT_PORT = 9229;

const HELP = `Starts the PingOne emulator, the Todo API emulator, the Worker and the MCP Inspector. Ctrl-C stops all of it.

  npm start -- [options]

  --fresh            remove what earlier starts left in .offline/ first
  --inspect[=PORT]   let a debugger attach to the Worker on this port (default: ${DEFAULT_INSPECT_PORT})
  --help             show this text

Ports: WORKER_PORT (8787), PINGONE_PORT (9400), TODO_PORT (9401), INSPECTOR_PORT (6274).
`;

const OFFLINE_DIR = join(PROJECT_ROOT, ".offline");

class UsageError extends Error {
  override name = "UsageError";
}

interface Options {
  readonly fresh: boolean;
  readonly help: boolean;
  readonly inspectPort: number | undefined;
}

/** @throws {UsageError} */
function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: args.map((arg) => (arg === "--inspect" ? `--inspect=${DEFAULT_INSPECT_PORT}` : arg)),
      options: {
        fresh: { type: "boolean", default: false },
        inspect: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    return { fresh: values.fresh, help: values.help, inspectPort: readInspectPort(values.inspect) };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new UsageError(`${reason}. There are --fresh, --inspect and --help: npm start -- --help`);
  }
}

/** @throws {UsageError} */
function readInspectPort(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`--inspect=${value} is not a port. Give a whole number from 1 to 65535, or none.`);
  }
  return port;
}

/** @throws {UsageError} */
function readPorts(): Ports {
  try {
    return resolvePorts();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Aborts at the first stop signal, or when npm has died; a second signal exits at once. */
function untilToldToStop(): AbortSignal {
  const controller = new AbortController();
  onStopWish(() => {
    // The exit handlers of the parts end what they have started.
    if (controller.signal.aborted) process.exit(1);
    controller.abort(new Error("told to stop"));
  });
  return controller.signal;
}

/** Ends quietly when the terminal that read our output is gone. */
function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}

/** Restarts the emulators when their code or fixtures change; wrangler does the same for `src/` by itself. */
function reloadOnChange(stack: OfflineStack, signal: AbortSignal): () => void {
  let restarting = Promise.resolve();
  return watchFolders([join(PROJECT_ROOT, "mocks"), join(PROJECT_ROOT, "fixtures")], (path) => {
    restarting = restarting.then(async () => {
      if (signal.aborted) return;
      print(`${relative(PROJECT_ROOT, path)} changed: restarting the emulators`);
      try {
        await stack.restartEmulators();
      } catch (error) {
        if (signal.aborted) return;
        print(`${explain(error)}\nCorrect the file and they restart.`);
      }
    });
  });
}

function explain(error: unknown): string {
  if (error instanceof PartError || error instanceof PortError || error instanceof UsageError)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main(): Promise<number> {
  const { fresh, help, inspectPort } = readOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const ports = readPorts();
  ignoreBrokenPipes();
  const signal = untilToldToStop();
  requireDistinctPorts(ports);
  await requireFreePorts(ports);
  if (inspectPort !== undefined) await requireFreeInspectPort(inspectPort);
  if (fresh) {
    await wipeOfflineFolder(OFFLINE_DIR);
    print("Removed what earlier starts left in .offline/.");
  }
  print("Starting the offline loop...");
  let stack: OfflineStack;
  try {
    stack = await startOfflineStack(
      {
        ports,
        dir: OFFLINE_DIR,
        inspector: true,
        inspectPort,
        onProgress: (line) => print(`  ${line}`),
        onLine: (part, line) => print(`[${part}] ${line}`),
      },
      signal,
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    print("Stopped.");
    return 0;
  }
  const stopWatching = reloadOnChange(stack, signal);
  print(summarize(stack));
  const told = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const failure = await Promise.race([told, stack.failed]);
  stopWatching();
  if (failure === undefined) print("\nStopping...");
  else process.stderr.write(`\n${failure}\nStopping everything else; the logs are in ${stack.logs}.\n`);
  await stack.stop();
  print(failure === undefined ? "Stopped." : "");
  return failure === undefined ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`\n${explain(error)}\n`);
  process.exit(1);
}
