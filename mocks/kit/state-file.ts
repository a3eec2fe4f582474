/**
 * Saves the emulators' state to a file, so that sessions survive a restart. The file holds tokens: only its owner can
 * read it, and it is written atomically.
 */
import { access, constants, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { State } from "./state.ts";

const FILE_NAME = "emulators.json";
/** Changes come in bursts, several for one sign-in; one write covers them. */
const WRITE_DELAY_MS = 100;

export interface StateFile {
  readonly path: string;
  /** Writes soon. */
  changed(): void;
  /** Writes now and stops. */
  close(): Promise<void>;
}

/**
 * @returns What was saved, as parsed JSON; `undefined` when nothing was.
 * @throws {UnusableStateError} when the file is not JSON, or there cannot be one.
 */
export async function readState(stateDir: string): Promise<unknown> {
  const path = join(stateDir, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusableFolder(stateDir, error);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableStateError(stateDir, "The state cannot be used: it is not JSON.");
  }
}

/** The message says how to start without the saved state. */
export class UnusableStateError extends Error {
  override readonly name = "UnusableStateError";
  /** @param reason One or more sentences. */
  constructor(stateDir: string, reason: string) {
    super(`${join(stateDir, FILE_NAME)}: ${reason} Start with --fresh to leave it behind.`);
  }
}

/** @throws {Error} when what is there is no file. */
export async function removeState(stateDir: string): Promise<void> {
  try {
    await rm(join(stateDir, FILE_NAME), { force: true });
  } catch (error) {
    throw unusableFolder(stateDir, error);
  }
}

/** Before anything is started, because a state that cannot be saved is noticed too late. @throws {Error} */
export async function requireWritable(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true });
    await access(stateDir, constants.W_OK);
  } catch (error) {
    throw unusableFolder(stateDir, error);
  }
}

function unusableFolder(stateDir: string, cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : cause;
  return new Error(
    `The state cannot be kept in ${stateDir} (${code}). Name a folder, which need not exist yet, that this user may write.`,
    { cause },
  );
}

export function createStateFile(stateDir: string, exportState: () => State): StateFile {
  const path = join(stateDir, FILE_NAME);
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const write = () => {
    timer = undefined;
    const content = JSON.stringify(exportState());
    // Writes follow one another, so an older state never replaces a newer one.
    writing = writing
      .then(() => writeWhole(path, content))
      .catch((error: unknown) => {
        console.error(`The emulators' state cannot be saved to ${path}: ${String(error)}`);
      });
    return writing;
  };
  return {
    path,
    changed: () => {
      if (closed) return;
      timer ??= setTimeout(write, WRITE_DELAY_MS);
    },
    close: async () => {
      if (closed) return writing;
      closed = true;
      clearTimeout(timer);
      await write();
    },
  };
}

/** Atomic: after a crash the file has either the old content or the new. */
async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, path);
}
