/** The state of all emulators as one JSON document: exported, imported and saved between runs. */
import { z } from "zod";
import type { Emulator } from "./emulator.ts";
import { ControlRequestError } from "./refusal.ts";

/** Raised when an emulator could misread an older document. */
const VERSION = 1;

/** What each emulator's `snapshot` gave, by the emulator's name. */
export type State = Readonly<Record<string, unknown>> & { readonly version: number };

/** Gives the part of an emulator that runs. */
type RunningOf = (emulator: Emulator) => unknown;

export function exportState(emulators: readonly Emulator[], runningOf: RunningOf): State {
  const parts = emulators.map((emulator) => [emulator.name, emulator.snapshot(runningOf(emulator))]);
  return { ...Object.fromEntries(parts), version: VERSION };
}

/**
 * Replaces the state of all emulators, or of none.
 * @throws {ControlRequestError} saying why it cannot be used.
 */
export async function importState(
  emulators: readonly Emulator[],
  runningOf: RunningOf,
  given: unknown,
): Promise<void> {
  const state = requireState(emulators, given);
  const before = exportState(emulators, runningOf);
  const restore = async (from: State) => {
    for (const emulator of emulators) await emulator.restore(runningOf(emulator), from[emulator.name]);
  };
  try {
    await restore(state);
  } catch (error) {
    await restore(before);
    const reason = error instanceof Error ? error.message : String(error);
    throw new ControlRequestError(`The state cannot be used: ${reason}`);
  }
}

/** @throws {ControlRequestError} when the document is not of this version and of these emulators. */
function requireState(emulators: readonly Emulator[], given: unknown): State {
  const { success, data } = z.looseObject({ version: z.number() }).safeParse(given);
  if (!success) {
    throw new ControlRequestError(
      "This is no exported state: it has no version. Pass what state.export gave.",
    );
  }
  if (data.version !== VERSION) {
    throw new ControlRequestError(
      `The state has version ${data.version}, and this emulator reads version ${VERSION}. Export it again with this version of the emulator.`,
    );
  }
  const names = emulators.map(({ name }) => name);
  const saved = Object.keys(data).filter((key) => key !== "version");
  if (names.length !== saved.length || !names.every((name) => saved.includes(name))) {
    throw new ControlRequestError(
      `The state is that of ${saved.join(" and ") || "no emulator"}, and here runs ${names.join(" and ")}. Export and import with the same emulators.`,
    );
  }
  return data;
}
