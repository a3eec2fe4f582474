/** What an emulator tells the kit about itself, and the types that follow from a list of emulators. */

import type { z } from "zod";
import type { VerbTable } from "./control/verb.ts";
import type { FaultRequestOf, FaultTable } from "./faults/fault.ts";
import type { PendingFault } from "./faults/queue.ts";
import type { WIRE_FAULTS } from "./faults/wire.ts";
import type { ObservedRequest } from "./journal/observed-request.ts";
import type { RedactionRules } from "./journal/redaction.ts";
import type { RequestPatternSchema } from "./journal/request-pattern.ts";
import type { LoginCredentials, LoginView } from "./login.ts";

export interface Emulator<
  Name extends string = string,
  Endpoint extends string = string,
  Faults extends FaultTable = FaultTable,
  Verbs extends VerbTable = VerbTable,
  Running = unknown,
  View = unknown,
> {
  readonly name: Name;
  /** As a person knows it. */
  readonly title: string;
  /** What the journal and the faults call its requests, and how each is recognised; the first that fits counts. */
  readonly endpoints: Readonly<Record<Endpoint, (request: RequestLine) => boolean>>;
  /** Faults that only this emulator has. */
  readonly faults: Faults;
  /** Verbs of the control API that act on it. */
  readonly verbs: Verbs;
  readonly redaction: RedactionRules;
  readonly page: EmulatorPage<View>;
  /** The body of a failure in the form that this emulator gives its errors. */
  errorBody(status: number): unknown;
  /** What a request says of its login, and the credentials by which the emulators can say more. */
  readLogin(request: ObservedRequest): {
    readonly stated?: LoginView;
    readonly credentials?: LoginCredentials;
  };
  /** The login of credentials that it gave out. */
  loginOf?(running: Running, credentials: LoginCredentials): LoginView | undefined;
  /** Its part of `GET /__mocks/state`: counts and names only, never a token, code, secret or password. */
  state(running: Running): View;
  /** Back to the fixtures. */
  reset(running: Running): void | Promise<void>;
  /** What outlives a restart, as plain JSON. It is handed back when the emulator starts again. */
  snapshot(running: Running): unknown;
}

export type RequestLine = Pick<ObservedRequest, "method" | "path">;

/** What the control page shows of an emulator, beside the forms of its verbs. */
interface EmulatorPage<View = unknown> {
  /** Sentences below the headings of its sections. */
  readonly sections?: Readonly<Record<string, string>>;
  /** Lines of the overview: term and text. */
  facts?(view: View): readonly (readonly [term: string, text: string])[];
  tables?(view: View): readonly PageTable[];
  /** Names to suggest where the page asks for a user. */
  usernames?(view: View): readonly string[];
}

export interface PageTable {
  readonly title: string;
  readonly columns: readonly string[];
  /** The name stands in the first column, and is what the buttons of the row act on. */
  readonly rows: readonly { readonly name: string; readonly cells: readonly (string | number)[] }[];
}

/** Registers nothing by itself: the definition is data, to be handed to `composeEmulators`. */
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

/** What tests ask the journal for. */
export type RequestPattern<E extends Emulators> = z.output<
  RequestPatternSchema<EndpointName<E>, EmulatorName<E>>
>;

/** The verbs that the emulators bring. */
export type EmulatorVerbs<E extends Emulators> = E extends readonly [
  infer First extends Emulator,
  ...infer Rest extends Emulators,
]
  ? First["verbs"] & EmulatorVerbs<Rest>
  : unknown;

/** What is behind each emulator while it runs, as its verbs and `state` take it; `undefined` while it starts. */
export type RunningEmulators<E extends Emulators> = {
  readonly [D in E[number] as D["name"]]: () => Parameters<D["state"]>[0] | undefined;
};

/** What all emulators hold: counts and names, never a secret. */
export type ControlState<E extends Emulators> = {
  readonly [D in E[number] as D["name"]]: ReturnType<D["state"]>;
} & KitState;

export interface KitState {
  /** ISO 8601, and how far it was moved. */
  readonly clock: { readonly now: string; readonly offsetSeconds: number };
  readonly journal: {
    readonly entries: number;
    readonly dropped: number;
    readonly lastRequestNumber: number;
  };
  readonly faults: readonly PendingFault[];
}
