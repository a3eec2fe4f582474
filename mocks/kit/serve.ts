/** Serves the emulators of a running kit, from the saved state if there is one. */
import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import type { EmulatorName, Emulators } from "./emulator.ts";
import { EMULATOR_HOST, isLoopback } from "./host.ts";
import { type Address, type EmulatorApp, type Listening, listen } from "./listen.ts";
import { ControlRequestError } from "./refusal.ts";
import type { RunningKit } from "./run.ts";
import {
  createStateFile,
  readState,
  requireWritable,
  type StateFile,
  UnusableStateError,
} from "./state-file.ts";

export interface ServedEmulator<E extends Emulators> extends Address {
  readonly name: EmulatorName<E>;
  /** Adds what comes before journal and faults. */
  prepare?(server: EmulatorApp): void;
  /** Called when the emulators before it listen. */
  createApp(): EmulatorApp;
  /** Called with the origin at which this machine reaches it, before it is given to anybody. */
  onListening(origin: string): void;
}

export interface Serving {
  /** To be called after every change that an exported state would show. */
  changed(): void;
  /** Saves the state and closes the servers. */
  close(): Promise<void>;
}

/**
 * @param stateDir Folder that keeps the state between runs; nothing is kept without one.
 * @throws {AddressUnavailableError | UnusableStateError} after what had started was stopped.
 */
export async function serve<E extends Emulators>(
  kit: RunningKit<E>,
  emulators: readonly ServedEmulator<E>[],
  stateDir: string | undefined,
): Promise<Serving> {
  if (stateDir !== undefined) await restore(kit, stateDir);
  const servers: Listening[] = [];
  const closeServers = () => Promise.all(servers.map((server) => server.close()));
  try {
    for (const { name, prepare, createApp, onListening, ...address } of emulators) {
      const outer: EmulatorApp = new Hono();
      prepare?.(outer);
      kit.mount(outer, name);
      outer.route("/", createApp());
      const server = await listen(outer, address);
      servers.push(server);
      onListening(server.origin);
    }
  } catch (error) {
    await closeServers();
    throw error;
  }
  const file: StateFile | undefined =
    stateDir === undefined ? undefined : createStateFile(stateDir, kit.exportState);
  let closing: Promise<void> | undefined;
  return {
    changed: () => file?.changed(),
    close: () => {
      closing ??= (async () => {
        await file?.close();
        await closeServers();
      })();
      return closing;
    },
  };
}

async function restore<E extends Emulators>(kit: RunningKit<E>, stateDir: string): Promise<void> {
  await requireWritable(stateDir);
  const saved = await readState(stateDir);
  if (saved === undefined) return;
  try {
    await kit.importState(saved);
  } catch (error) {
    if (error instanceof ControlRequestError) throw new UnusableStateError(stateDir, error.message);
    throw error;
  }
}

/**
 * The token that the control API asks for: none where only this machine can reach it.
 * @throws {Error} for one that cannot be sent as a bearer token, such as an empty one.
 */
export function controlTokenFor(options: {
  readonly host?: string | undefined;
  readonly publicUrl?: string | undefined;
  readonly controlToken?: string | undefined;
}): string | undefined {
  const { host = EMULATOR_HOST, publicUrl, controlToken } = options;
  if (controlToken !== undefined && !/^[\x21-\x7e]+$/.test(controlToken)) {
    throw new Error(
      "The control token must be ASCII text without spaces, and not empty. Leave it out for a random one.",
    );
  }
  // A proxy in front of loopback can be reached by others, and may say that it is loopback in `Host`.
  const publicHost = publicUrl === undefined ? host : (URL.parse(publicUrl)?.hostname ?? "");
  const isForThisMachine = [host, publicHost].every((name) => isLoopback(name.replace(/^\[|\]$/g, "")));
  return controlToken ?? (isForThisMachine ? undefined : randomUUID());
}
