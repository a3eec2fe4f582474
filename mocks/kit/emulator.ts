/** The definition of an emulator, and the types that follow from a list of them. */
import type { z } from "zod";
import type { VerbTable } from "./control/verb.ts";
import type { FaultRequestOf, FaultTable, PendingFault } from "./faults/fault.ts";
import type { WIRE_FAULTS } from "./faults/wire.ts";
import type { ObservedRequest } from "./journal/observed-request.ts";
import type { RedactionRules } from "./journal/redaction.ts";
import type { RequestPatternSchema } from "./journal/request-pattern.ts";
import type { LoginCredentials, LoginView } from "./login.ts";
import type { FurtherPage, Section } from "./page/section.ts";

export interface Emulator<
  Name extends string = string,
  Endpoint extends string = string,
  Faults extends FaultTable = FaultTable,
  Verbs extends VerbTable = VerbTable,
  Running = unknown,
  View = unknown,
> {
  readonly name: Name;
  /** Name on the page and in messages. */
  readonly title: string;
  /** Names of its endpoints, and how a request to each is recognised; the first that matches counts. */
  readonly endpoints: Readonly<Record<Endpoint, (request: RequestLine) => boolean>>;
  /** Faults of this emulator only. */
  readonly faults: Faults;
  /** Verbs of the control API that act on it. */
  readonly verbs: Verbs;
  readonly redaction: RedactionRules;
  readonly page: EmulatorPage<Running, View>;
  /** The body of an error in the emulator's own format. */
  errorBody(status: number): unknown;
  /** What a request states about its login, and its credentials, by which an emulator can look up the rest. */
  readLogin(request: ObservedRequest): {
    readonly stated?: LoginView;
    readonly credentials?: LoginCredentials;
  };
  /** The login of credentials that this emulator issued. */
  loginOf?(running: Running, credentials: LoginCredentials): LoginView | undefined;
  /** Its part of `GET /__mocks/state`: counts and names only, never a token, code, secret or password. */
  state(running: Running): View;
  /** Back to the fixtures. */
  reset(running: Running): void | Promise<void>;
  /** What it keeps between runs, as plain JSON. */
  snapshot(running: Running): unknown;
  /**
   * Replaces that by what `snapshot` gave.
   * @throws {Error} whose message is one or more sentences, when that cannot be used.
   */
  restore(running: Running, snapshot: unknown): void | Promise<void>;
}

export type RequestLine = Pick<ObservedRequest, "method" | "path">;

/** What the control page shows of an emulator, beside the forms of its verbs. */
interface EmulatorPage<Running = unknown, View = unknown> {
  /** Lines of the overview: term and text. */
  facts?(view: View): readonly (readonly [term: string, text: string])[];
  /** Its users: for each the user name, and what the page shows of the user by column. */
  users?(view: View): ReadonlyMap<string, Readonly<Record<string, string | number>>>;
  /** Sections of the page that show what it does. */
  sections?(running: Running): readonly Section[];
  /** Pages of its own, below `/__mocks/page`. */
  readonly pages?: readonly FurtherPage<Running>[];
  /** What their style adds to that of the control page. */
  readonly style?: string;
}

/** Returns its argument, with exact types. */
export function defineEmulator<
  const Name extends string,
  Endpoint extends string,
  Faults extends FaultTable,
  Verbs extends VerbTable,
  Running,
  View,
>(
  emulator: Emulator<Name, Endpoint, Faults, Verbs, Running, View>,
): Emulator<Name, Endpoint, Faults, Verbs, Running, View> {
  return emulator;
}

export type Emulators = readonly Emulator[];

export type EmulatorName<E extends Emulators> = E[number]["name"];
export type EndpointName<E extends Emulators> = EndpointOf<E[number]>;
type EndpointOf<D> = D extends Emulator ? keyof D["endpoints"] & string : never;

/** What `queueFault` takes. */
export type FaultRequest<E extends Emulators> =
  | FaultRequestOf<typeof WIRE_FAULTS, EndpointName<E>>
  | FaultOf<E[number], EndpointName<E>>;
type FaultOf<D, AnyEndpoint extends string> = D extends Emulator
  ? FaultRequestOf<D["faults"], AnyEndpoint>
  : never;

export type RequestPattern<E extends Emulators> = z.output<
  RequestPatternSchema<EndpointName<E>, EmulatorName<E>>
>;

/** The verbs of all emulators. */
export type EmulatorVerbs<E extends Emulators> = E extends readonly [
  infer First extends Emulator,
  ...infer Rest extends Emulators,
]
  ? First["verbs"] & EmulatorVerbs<Rest>
  : unknown;

/** Gives the running part of each emulator, which its verbs and `state` take; `undefined` while it starts. */
export type RunningEmulators<E extends Emulators> = {
  readonly [D in E[number] as D["name"]]: () => Parameters<D["state"]>[0] | undefined;
};

/** What all emulators hold: counts and names, never a secret. */
export type ControlState<E extends Emulators> = {
  readonly [D in E[number] as D["name"]]: ReturnType<D["state"]>;
} & {
  /** ISO 8601, and how far it was moved. */
  readonly clock: { readonly now: string; readonly offsetSeconds: number };
  readonly journal: {
    readonly entries: number;
    readonly dropped: number;
    readonly lastRequestNumber: number;
  };
  readonly faults: readonly PendingFault[];
};

/** `undefined`: the path is no endpoint of this emulator. */
export function endpointOf({ endpoints }: Pick<Emulator, "endpoints">, request: RequestLine) {
  return Object.entries(endpoints).find(([, matches]) => matches(request))?.[0];
}

/** The emulator that has the verb; `undefined` for a verb of the kit. */
export function ownerOf(emulators: Emulators, verb: string): Emulator | undefined {
  return emulators.find(({ verbs }) => Object.hasOwn(verbs, verb));
}
