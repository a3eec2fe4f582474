/**
 * Lists the emulators of this project. Derives from that list the tables of endpoints, faults and verbs, the types of
 * the control API, and its client. Importing it starts nothing.
 */
import { composeEmulators } from "./kit/composition.ts";
import { type ControlClient as ClientOf, createClient } from "./kit/control/client.ts";
import type { Control as ControlOf } from "./kit/control/control.ts";
import type {
  ControlState as ControlStateOf,
  EndpointName as EndpointNameOf,
  FaultRequest as FaultRequestOf,
  RequestPattern as RequestPatternOf,
} from "./kit/emulator.ts";
import { PINGONE } from "./pingone/definition.ts";
import { TODO } from "./todo/definition.ts";

/** The documents are generated from `endpoints`, `faults.entries`, `patternSchema` and `verbs`. */
export const OFFLINE = composeEmulators(PINGONE, TODO);
export const PINGONE_ALONE = composeEmulators(PINGONE);
export const TODO_ALONE = composeEmulators(TODO);

type Offline = typeof OFFLINE.emulators;

/** The verbs of the control API, called in process. */
export type Control = ControlOf<Offline>;
export type PingOneControl = ControlOf<typeof PINGONE_ALONE.emulators>;
export type TodoControl = ControlOf<typeof TODO_ALONE.emulators>;
/** The verbs of the control API, over HTTP. Disposing of it throws if a queued fault was not met. */
export type ControlClient = ClientOf<Offline>;
export type ControlState = ControlStateOf<Offline>;
export type EndpointName = EndpointNameOf<Offline>;
/** The argument of `faults.queue`. */
export type FaultRequest = FaultRequestOf<Offline>;
export type RequestPattern = RequestPatternOf<Offline>;

/**
 * @param emulatorOrigin Origin of either emulator; both serve the same control API.
 * @param token The one that was printed at start, where the emulators listen on more than loopback.
 */
export function createControlClient(emulatorOrigin: string, token?: string): ControlClient {
  return createClient<Offline>(OFFLINE.verbs, emulatorOrigin, token);
}
