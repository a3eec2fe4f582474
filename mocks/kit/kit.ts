/** What the control API, its page and the middleware act on. `run.ts` makes one. */
import type { Composition } from "./composition.ts";
import type { Invoke } from "./control/control.ts";
import type { KitParts } from "./control/verbs.ts";
import type { Emulator, Emulators } from "./emulator.ts";

export interface Kit<E extends Emulators = Emulators> extends Composition<E>, KitParts<E> {
  /** Parses the input of a verb and runs it. */
  readonly invoke: Invoke;
  /** Gives the part of an emulator that runs. @throws {Error} while it starts. */
  readonly runningOf: (emulator: Emulator) => unknown;
}
