/**
 * Saves the emulators' state to a file, so that sessions survive a restart. The file holds tokens: only its owner can
 * read it, and it is written atomically.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

const FILE_NAME = "emulators.json";
/** Changes come in bursts, several for one sign-in; one write covers them. */
const WRITE_DELAY_MS = 100;

const VERSION = 1;

/** What each emulator's `snapshot` gave, by the emulator's name. */
export type SavedState = Readonly<Record<string, unknown>>;

export interface StateFile {
  readonly path: string;
  /** Writes soon. */
  changed(): void;
  /** Writes now and stops. */
  close(): Promise<void>;
}

/**
 * @param emulators Names of all of them.
 * @returns `undefined` when nothing was saved.
 * @throws {UnusableStateError} when the file is damaged, of another version or of other emulators.
 */
export async function readState(
  stateDir: string,
  emulators: readonly string[],
): Promise<SavedState | undefined> {
  const path = join(stateDir, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const snapshots = Object.fromEntries(emulators.map((name) => [name, z.unknown()]));
    const { version, ...saved } = z
      .strictObject({ version: z.literal(VERSION), ...snapshots })
      .parse(JSON.parse(text));
    return saved;
  } catch {
    throw new UnusableStateError(path, "it is damaged or of another version");
  }
}

/** The message says how to start without the saved state. */
export class UnusableStateError extends Error {
  override readonly name = "UnusableStateError";
  constructor(path: string, reason: string) {
    super(`The saved state ${path} cannot be used: ${reason}. Start with --fresh to leave it behind.`);
  }
}

export async function removeState(stateDir: string): Promise<void> {
  await rm(join(stateDir, FILE_NAME), { force: true });
}

export function createStateFile(stateDir: string, snapshot: () => SavedState): StateFile {
  const path = join(stateDir, FILE_NAME);
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const write = () => {
    timer = undefined;
    const content = JSON.stringify({ version: VERSION, ...snapshot() });
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
