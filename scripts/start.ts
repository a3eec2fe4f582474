/** `npm start`: the whole loop offline, until Ctrl-C. */
import { once } from "node:events";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { resolvePorts } from "./addresses.ts";
import { onStopSignal } from "./setup/script.mjs";
import { StartError } from "./stack/program.ts";
import { OfflineStack, PROJECT_ROOT } from "./stack/stack.ts";
import { summarize } from "./stack/summary.ts";
import { watchFolder } from "./stack/watch.ts";

/** The one that Node, wrangler and Chrome's list of targets use. */
const DEFAULT_INSPECT_PORT = 9229;

const HELP = `Starts the PingOne emulator, the Todo API emulator, the Worker and the MCP Inspector. Ctrl-C stops all of it.

  npm start -- [options]

  --flow FILE        DaVinci flow to run: a file that DaVinci has exported, a folder of them, or the name of a flow; can be
                     repeated, and the first one is run
  --fresh            remove what earlier starts left in .offline/ first
  --inspect[=PORT]   let a debugger attach to the Worker on this port (default: ${DEFAULT_INSPECT_PORT})
  --help             show this text

Ports: WORKER_PORT (8787), PINGONE_PORT (9400), TODO_PORT (9401), INSPECTOR_PORT (6274).
`;

/** @throws {StartError} */
function readCommandLine() {
  try {
    const { values } = parseArgs({
      args: process.argv
        .slice(2)
        .map((arg) => (arg === "--inspect" ? `--inspect=${DEFAULT_INSPECT_PORT}` : arg)),
      options: {
        flow: { type: "string", multiple: true },
        fresh: { type: "boolean", default: false },
        inspect: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const { flow, fresh, help, inspect } = values;
    const inspectPort = inspect === undefined ? undefined : Number(inspect);
    if (
      inspectPort !== undefined &&
      !(Number.isInteger(inspectPort) && inspectPort > 0 && inspectPort < 65_536)
    ) {
      throw new Error(`--inspect=${inspect} is not a port. Give a whole number from 1 to 65535, or none.`);
    }
    return { flow, fresh, help, inspectPort, ports: resolvePorts() };
  } catch (error) {
    // Node adds advice on positional arguments, of which there are none.
    const [reason] = (error as Error).message.split(". To");
    throw new StartError(`${reason}\nOptions: npm start -- --help`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Aborts at the first stop signal; the second one exits, and exit handlers end what was started. */
function abortAtStopSignal(): AbortSignal {
  const controller = new AbortController();
  onStopSignal(() => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  });
  return controller.signal;
}

/** A terminal that is gone reads no output, and is no reason to fail. */
function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}

/** Wrangler builds `src/` again by itself. Code of the emulators is loaded once. */
function watchEmulators(stack: OfflineStack, signal: AbortSignal): void {
  const stopFixtures = watchFolder(join(PROJECT_ROOT, "fixtures"), (path) => {
    print(`${relative(PROJECT_ROOT, path)} changed: restarting the emulators`);
    stack.restartEmulators().catch((error: unknown) => {
      print(`${explain(error)}\nThe emulators restart when a file in fixtures/ is saved again.`);
    });
  });
  const stopCode = watchFolder(join(PROJECT_ROOT, "mocks"), (path) => {
    print(`${relative(PROJECT_ROOT, path)} changed: press Ctrl-C and run npm start again to use it`);
  });
  signal.addEventListener("abort", stopFixtures);
  signal.addEventListener("abort", stopCode);
}

function explain(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main(): Promise<number> {
  const { flow, fresh, help, inspectPort, ports } = readCommandLine();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  ignoreBrokenPipes();
  const signal = abortAtStopSignal();
  let stack: OfflineStack;
  try {
    stack = await OfflineStack.start({
      ports,
      dir: join(PROJECT_ROOT, ".offline"),
      flow,
      fresh,
      inspector: {},
      inspectPort,
      onLine: print,
      signal,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    print("Stopped.");
    return 0;
  }
  watchEmulators(stack, signal);
  print(summarize(stack));
  const stopped = once(signal, "abort").then(() => undefined);
  const failure = await Promise.race([stopped, stack.failed]);
  if (failure === undefined) print("\nStopping...");
  else
    process.stderr.write(`\n${failure}\nStopping everything else; the logs are in ${stack.folder.logs}.\n`);
  await stack.stop();
  if (failure !== undefined) return 1;
  print("Stopped.");
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`\n${explain(error)}\n`);
  process.exit(1);
}
