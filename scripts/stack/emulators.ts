/** The PingOne and Todo API emulators as one part of the offline loop, in a thread of this process. */
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { EMULATOR_HOST, WORKER_HOST } from "../../mocks/addresses.ts";
import type { Emulators, EmulatorsOptions } from "../../mocks/index.ts";
import type { OfflineFolder } from "./folder.ts";
import { openLog } from "./log.ts";
import type { Ports } from "./ports.ts";
import { PartError, type RunningPart } from "./program.ts";

/** Addresses, client and users of running emulators. Everything in it is TEST ONLY. */
export type EmulatorFacts = Pick<
  Emulators,
  "issuer" | "pingoneOrigin" | "todoOrigin" | "apiIdentifier" | "client" | "users"
>;

export interface EmulatorsPartOptions {
  readonly root: string;
  readonly folder: OfflineFolder;
  readonly ports: Ports;
  readonly fixturesDir?: string;
  readonly onLine?: (line: string) => void;
}

/** @throws {PartError} with what the emulators said */
export async function startEmulators(
  options: EmulatorsPartOptions,
): Promise<RunningPart & { readonly facts: EmulatorFacts }> {
  const { root, folder, ports, fixturesDir } = options;
  const emulatorsOptions: EmulatorsOptions = {
    pingonePort: ports.PINGONE_PORT,
    todoPort: ports.TODO_PORT,
    workerOrigin: `http://${WORKER_HOST}:${ports.WORKER_PORT}`,
    stateDir: folder.emulators,
    ...(fixturesDir !== undefined && { fixturesDir }),
  };
  const thread = new Worker(join(import.meta.dirname, "emulators-thread.ts"), {
    workerData: { entry: pathToFileURL(join(root, "mocks/index.ts")).href, options: emulatorsOptions },
    // Options of this process (a debugger, a test runner's loader) are not meant for the thread.
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  const log = openLog(join(folder.logs, "emulators.log"), options.onLine);
  log.follow(thread.stdout);
  log.follow(thread.stderr);
  let stopping = false;
  const crashed = new Promise<string>((resolve) => {
    thread.once("error", (error) => resolve(messageOf(error)));
    thread.once("exit", () => {
      log.close();
      resolve("they ended by themselves.");
    });
  });
  const ready = await Promise.race([
    once(thread, "message").then(([facts]) => ({ facts: facts as EmulatorFacts })),
    crashed,
  ]);
  if (typeof ready === "string") throw new PartError(`The emulators cannot start: ${ready}`);
  return {
    facts: ready.facts,
    failed: crashed.then((reason) =>
      stopping ? new Promise<never>(() => {}) : `The emulators ended: ${reason}`,
    ),
    stop: async () => {
      if (stopping || thread.threadId === -1) return;
      stopping = true;
      const exit = once(thread, "exit");
      thread.postMessage("stop");
      await exit;
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where a person looks at what the emulators saw. */
export function controlPageOf(ports: Ports): string {
  return `http://${EMULATOR_HOST}:${ports.PINGONE_PORT}/__mocks`;
}
