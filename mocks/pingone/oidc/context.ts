/** What the steps of an endpoint share: the emulator's parts, and what earlier steps have found out about the request. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { FlowEngine } from "../davinci/engine/flow-engine.ts";
import type { Application } from "../tenant/environment.ts";
import type { Tenant } from "../tenant/tenant.ts";
import type { Tokens } from "../tokens/tokens.ts";
import type { PushedRequests } from "./pushed-requests.ts";
import type { AuthorizationRequest, Callback } from "./rules/authorization-request.ts";
import type { RequestParameters } from "./rules/parameters.ts";
import type { SignOnStore } from "./sign-on.ts";

/** What runs behind the endpoints and the verbs. */
export interface PingOneParts {
  readonly tenant: Tenant;
  readonly tokens: Tokens;
  readonly flows: FlowEngine;
  readonly signOns: SignOnStore;
  readonly pushedRequests: PushedRequests;
}

/**
 * How an endpoint refuses: by redirect to the client once its redirect URI is known to be its own, with a page (or
 * PingOne's own JSON) for a browser, or with OAuth's JSON.
 */
export type RefusalForm = "redirect" | "page" | "json";

export type OidcEnv = {
  Bindings: HttpBindings;
  Variables: {
    correlationId: string;
    pingone: PingOneParts;
    refusals: RefusalForm;
    parameters: RequestParameters;
    application: Application;
    /** Whether `parameters` are those of a pushed authorization request. */
    isPushed: boolean | undefined;
    callback: Callback | undefined;
    request: AuthorizationRequest;
  };
};
export type OidcContext = Context<OidcEnv>;

/** One step of an endpoint: answers, or returns nothing to continue with the next. Throws to refuse (`refusals.ts`). */
// biome-ignore lint/suspicious/noConfusingVoidType: a step that does not answer returns nothing.
export type Step = (c: OidcContext) => Response | void | Promise<Response | void>;
