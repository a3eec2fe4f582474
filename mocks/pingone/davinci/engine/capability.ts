/** What a connector has to say of each of its capabilities: how it runs, and what is known of its inputs and outputs. */
import type { Clock } from "../../../kit/clock.ts";
import type { AgreementStore } from "../../tenant/agreements.ts";
import type { ChallengeStore } from "../../tenant/challenges.ts";
import type { CodeStore } from "../../tenant/codes.ts";
import type { ConsentStore } from "../../tenant/consents.ts";
import type { Environment } from "../../tenant/environment.ts";
import type { FlowCookieStore } from "../../tenant/flow-cookies.ts";
import type { Mfa } from "../../tenant/mfa.ts";
import type { RiskStore } from "../../tenant/risk.ts";
import type { UserStore } from "../../tenant/users.ts";
import type { AuthorizationContext, FlowOutcome } from "../contracts.ts";
import type { FlowGraph, FlowNode, VariableContext } from "../graph/graph.ts";
import type { Outbox } from "../outbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Screen, SubmittedFields } from "../screens/screen.ts";
import type { BesideFlow } from "./beside.ts";
import type { Place } from "./place.ts";
import type { ConnectorError, FlowCookie, ShownScreen } from "./run-state.ts";

/** What a run of a node leads to. */
export type Effect =
  /** The node is true; `outcome` names one of more than two (`multiValueSourceId`). */
  | { readonly kind: "success"; readonly output?: unknown; readonly outcome?: string }
  /** The node is false. */
  | { readonly kind: "failure"; readonly error: ConnectorError; readonly output?: unknown }
  /** False without an error, as of a comparison that does not hold. */
  | { readonly kind: "false"; readonly output?: unknown }
  /** A person has to answer; then `answer` runs, or the fields become the output. */
  | { readonly kind: "screen"; readonly screen: Screen }
  /** Shows the last screen again with this message; without one the flow dies. */
  | { readonly kind: "showError"; readonly message: string }
  /** Shows the last screen again, with what was typed. */
  | { readonly kind: "showAgain"; readonly notice?: string }
  /** Nothing follows until a link is opened that leads on from this node. */
  | { readonly kind: "wait" }
  /** Leaves a sub-flow; the node that started it succeeds or fails with this output. */
  | { readonly kind: "leaveFlow"; readonly isSuccess: boolean; readonly output: Record<string, unknown> }
  | {
      readonly kind: "startFlow";
      readonly flowId: string;
      readonly label: string | undefined;
      readonly parameters: Record<string, unknown>;
    }
  /** To a start node of the same flow: a call if the node has exits, else a jump. */
  | { readonly kind: "goTo"; readonly nodeId: string; readonly output: Record<string, unknown> }
  | { readonly kind: "returnToCaller"; readonly output: Record<string, unknown> }
  /** The end of the main flow. */
  | { readonly kind: "end"; readonly outcome: Exclude<FlowOutcome, { kind: "screen" }> };

/** The browsers' SSO sessions, as far as flows may change them. */
export interface SessionKeeper {
  /** Whether it is over, as after {@link endSession}. */
  hasEnded(id: string): boolean;
  endSession(id: string): void;
  /** `undefined`: there is no such session, or it has ended. */
  updateSession(
    id: string,
    facts: { readonly authenticationMethods: readonly string[]; readonly idleTimeoutMinutes: number },
  ): { readonly id: string } | undefined;
}

/** What a capability can use. */
export interface Services {
  readonly users: UserStore;
  readonly consents: ConsentStore;
  readonly codes: CodeStore;
  readonly agreements: AgreementStore;
  readonly mfa: Mfa;
  readonly risk: RiskStore;
  readonly challenges: ChallengeStore;
  readonly cookies: FlowCookieStore;
  readonly environment: Environment;
  readonly sessions: SessionKeeper;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly sandbox: Sandbox;
  readonly createCode: () => string;
}

/** One run of one node. */
export interface Call {
  readonly flow: FlowGraph;
  readonly node: FlowNode;
  /** Resolved: unwrapped, bindings replaced by their values. Those in `rawProperties` are as in the file, unwrapped. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** What bindings and templates see: `{ global, local }`. */
  readonly scope: { readonly global: Record<string, unknown>; readonly local: Record<string, unknown> };
  readonly context: AuthorizationContext;
  readonly services: Services;
  /** What files beside the flow say of things that an export does not hold. */
  readonly beside: BesideFlow;
  /** How often this node was run before in this run of the flow. */
  readonly visits: number;
  /** The answer of a stub, for what cannot be run here; without one the flow ends with a reason that names it. */
  runForeign(): Effect;
  /** A cookie that a flow has set in this browser, by the name that the flow gave it. */
  cookie(name: string): string | undefined;
  /** With the answer to the browser. */
  setCookie(cookie: FlowCookie): void;
  /** Where the run stands, to go on from a node of this flow in another browser. Without what was typed into secret fields. */
  keepPlace(nodeId: string): Place;
  /** While a screen is answered: that screen. */
  readonly shown?: ShownScreen | undefined;
  /** Resolves a raw value of the node's properties as those in `properties` were. */
  resolve(raw: unknown): unknown;
  /** Where declared variables of these contexts live. Writing `undefined` clears one. */
  variable(name: string, context?: VariableContext): unknown;
  setVariable(name: string, value: unknown, context?: VariableContext): void;
  /** The user whom the flow has identified. */
  readonly userId: string | undefined;
  /** Tells the run who the person is. */
  identify(userId: string): void;
  /** Someone has proven who they are: a session that Check Session accepted does not count any more. */
  authenticated(): void;
  /** Check Session accepted the browser's session. */
  acceptSession(): void;
  isSessionAccepted(): boolean;
  keepConsentedScopes(scopes: readonly string[]): void;
  readonly consentedScopes: readonly string[] | undefined;
  /** True in the main flow. */
  readonly isMainFlow: boolean;
  /** For the developer: shown in the emulator's panel and in the log of the run. No secrets. */
  remark(text: string): void;
}

/** How sure a statement about a connector is. */
export type Sureness =
  /** Read in real exports. */
  | "export"
  /** Ping's documentation says so. */
  | "documented"
  /** Reported by practitioners. */
  | "field"
  /** Not found anywhere: chosen here. */
  | "unverified";

export interface Known {
  readonly about: string;
  readonly sure: Sureness;
}

export interface Capability {
  /** One sentence: what it does here. */
  readonly about: string;
  /** What of it is simulated, or not done. */
  readonly limits?: string;
  readonly inputs: Readonly<Record<string, Known>>;
  /** Paths below `payload.output`. */
  readonly outputs: Readonly<Record<string, Known>>;
  /** Error codes. */
  readonly errors: Readonly<Record<string, Known>>;
  /** Properties that are code or templates: no bindings are replaced in them. */
  readonly rawProperties?: readonly string[];
  /**
   * Set for what shows a screen, starts another flow or ends one: other nodes that are due at the same time run first.
   */
  readonly isDeferred?: boolean;
  run(call: Call): Effect | Promise<Effect>;
  /** For capabilities that show a screen. Default: the fields become the output. */
  answer?(call: Call, fields: SubmittedFields): Effect | Promise<Effect>;
}

export interface Connector {
  /** As in exports: `pingOneSSOConnector`. */
  readonly id: string;
  /** As the console calls it. */
  readonly name: string;
  readonly capabilities: Readonly<Record<string, Capability>>;
  /** For names that no document tells: the capability that this one is taken for. */
  readonly taken?: (capabilityName: string) => string | undefined;
}

/** Types a connector without widening the names of its capabilities. */
export function defineConnector<const C extends Connector>(connector: C): C {
  return connector;
}
