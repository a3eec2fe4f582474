/**
 * Every endpoint of the emulator, with its steps in their order, and the one place where a refusal becomes an answer.
 * The names are those under which the journal shows requests and faults are queued.
 */
import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { EmulatorApp } from "../kit/listen.ts";
import { MANAGEMENT_API, NOT_EMULATED, refuseAsMissing } from "./not-emulated.ts";
import { answerRefusal, sendOAuthError, sendP1Error, sendUntrusted } from "./oidc/answers.ts";
import {
  beginSignOn,
  openLink,
  requireKnownClient,
  requirePushedRequest,
  showScreen,
  submitForm,
  takePushedRequest,
} from "./oidc/authorize.ts";
import type { OidcContext, OidcEnv, PingOneParts, RefusalForm, Step } from "./oidc/context.ts";
import { sendDiscovery, sendJwks } from "./oidc/discovery.ts";
import { sendInteractionEvents, sendInteractions } from "./oidc/flow-interactions.ts";
import { sendTokenStatus } from "./oidc/introspect.ts";
import { dropCredentials, pushRequest, refuseRequestUri } from "./oidc/par.ts";
import { revokeToken } from "./oidc/revoke.ts";
import { signOff } from "./oidc/signoff.ts";
import {
  authenticateClient,
  readParameters,
  requireCallback,
  requireEmulatedRequest,
  requireWellFormed,
  validateAuthorizationRequest,
} from "./oidc/steps.ts";
import { redeemGrant } from "./oidc/token.ts";
import { sendUserInfo } from "./oidc/userinfo.ts";
import { requireWorkerToken } from "./oidc/worker-token.ts";
import { NotEmulated, OAuthRefusal, P1Refusal, UnreadableBody, UntrustedRequest } from "./refusals.ts";

interface Route {
  readonly endpoint: string;
  readonly methods: readonly ("GET" | "POST")[];
  /** Below the environment's id; that of the management API, which has a host of its own at PingOne, from the root. */
  readonly path: string;
  readonly isManagementApi?: true;
  /** For the table of the documents. */
  readonly about?: string;
  readonly refusals: RefusalForm;
  readonly steps: readonly Step[];
  /** The endpoint refuses these methods, with an answer of its own. */
  readonly isRefusal?: true;
}

const authenticated = [readParameters, requireWellFormed, authenticateClient] as const;

export const ROUTES = [
  {
    endpoint: "discovery",
    methods: ["GET"],
    path: "/as/.well-known/openid-configuration",
    about: "the discovery document",
    refusals: "json",
    steps: [sendDiscovery],
  },
  {
    endpoint: "jwks",
    methods: ["GET"],
    path: "/as/jwks",
    about: "the keys that sign",
    refusals: "json",
    steps: [sendJwks],
  },
  {
    endpoint: "authorize",
    methods: ["GET", "POST"],
    path: "/as/authorize",
    about: "authorization requests; starts a DaVinci flow",
    refusals: "redirect",
    steps: [
      readParameters,
      requireKnownClient,
      requireEmulatedRequest,
      takePushedRequest,
      requireCallback,
      requirePushedRequest,
      validateAuthorizationRequest,
      beginSignOn,
    ],
  },
  {
    endpoint: "davinci",
    methods: ["POST"],
    path: "/davinci/interactions/:interaction",
    about: "the forms of a flow, in the place of DaVinci's widget; the path is the emulator's own",
    refusals: "page",
    steps: [submitForm],
  },
  {
    endpoint: "davinci",
    methods: ["GET"],
    path: "/davinci/interactions/:interaction",
    refusals: "page",
    steps: [showScreen],
    isRefusal: true,
  },
  {
    endpoint: "links",
    methods: ["GET", "POST"],
    path: "/davinci/links/:challenge",
    about: "links in messages of flows, and the screens they lead to; the path is the emulator's own",
    refusals: "page",
    steps: [openLink],
  },
  {
    endpoint: "par",
    methods: ["POST"],
    path: "/as/par",
    about: "pushed authorization requests (RFC 9126)",
    refusals: "json",
    steps: [
      ...authenticated,
      refuseRequestUri,
      requireEmulatedRequest,
      dropCredentials,
      requireCallback,
      validateAuthorizationRequest,
      pushRequest,
    ],
  },
  {
    endpoint: "token",
    methods: ["POST"],
    path: "/as/token",
    about: "authorization codes, refresh tokens and client credentials",
    refusals: "json",
    steps: [...authenticated, redeemGrant],
  },
  {
    endpoint: "userinfo",
    methods: ["GET", "POST"],
    path: "/as/userinfo",
    about: "claims about the user",
    refusals: "json",
    steps: [sendUserInfo],
  },
  {
    endpoint: "introspect",
    methods: ["POST"],
    path: "/as/introspect",
    about: "token introspection (RFC 7662)",
    refusals: "json",
    steps: [readParameters, requireWellFormed, sendTokenStatus],
  },
  {
    endpoint: "revoke",
    methods: ["POST"],
    path: "/as/revoke",
    about: "token revocation (RFC 7009)",
    refusals: "json",
    steps: [...authenticated, revokeToken],
  },
  {
    endpoint: "signoff",
    methods: ["GET", "POST"],
    path: "/as/signoff",
    about: "sign-off (OpenID Connect RP-Initiated Logout)",
    refusals: "page",
    steps: [readParameters, requireWellFormed, signOff],
  },
  {
    endpoint: "interactions",
    methods: ["GET"],
    path: "/v1/environments/:environment/flows/:flow/interactions",
    isManagementApi: true,
    about: "the runs of a flow; needs the access token of a worker application",
    refusals: "json",
    steps: [requireWorkerToken, sendInteractions],
  },
  {
    endpoint: "interactionEvents",
    methods: ["GET"],
    path: "/v1/environments/:environment/flows/:flow/interactions/:interaction/events",
    isManagementApi: true,
    about: "what happened in a run of a flow; needs the access token of a worker application",
    refusals: "json",
    steps: [requireWorkerToken, sendInteractionEvents],
  },
] as const satisfies readonly Route[];

export type EndpointName = (typeof ROUTES)[number]["endpoint"];

/**
 * PingOne trusts all origins where a request brings a token or a client's credentials, and only those of the
 * application's `corsSettings` where it goes by cookies; those settings are not modelled. A preflight is answered here,
 * before the journal and the faults, because no client sent it.
 */
export function allowOtherOrigins(app: EmulatorApp, environmentId: string): void {
  const open = (ROUTES as readonly Route[]).filter(
    ({ refusals, isManagementApi }) => refusals === "json" && !isManagementApi,
  );
  for (const path of [
    ...[...open, ...NOT_EMULATED].map((endpoint) => `/${environmentId}${endpoint.path}`),
    MANAGEMENT_API.path,
  ]) {
    app.use(path, cors({ origin: "*", exposeHeaders: EXPOSED_HEADERS }));
  }
}

const EXPOSED_HEADERS = ["Correlation-Id", "Retry-After", "WWW-Authenticate", "X-PingOne-Emulator"];

/** The endpoints of one tenant. */
export function createRoutes(pingone: PingOneParts): Hono<OidcEnv> {
  const app = new Hono<OidcEnv>();
  const base = `/${pingone.tenant.environment.id}`;
  app.use(async (c, next) => {
    c.set("correlationId", randomUUID());
    c.set("pingone", pingone);
    await next();
    c.header("Correlation-Id", c.get("correlationId"));
  });
  const whole = ({ path, isManagementApi }: Route) => (isManagementApi ? path : base + path);
  for (const route of ROUTES as readonly Route[]) {
    const { methods, path, refusals, steps } = route;
    app.on([...methods], whole(route), async (c) => {
      c.set("refusals", refusals);
      for (const step of steps) {
        const response = await step(c);
        if (response) return response;
      }
      throw new Error(`The steps of ${path} end without an answer.`);
    });
  }
  for (const path of new Set((ROUTES as readonly Route[]).map(whole))) {
    const allowed = (ROUTES as readonly Route[]).flatMap((route) =>
      whole(route) === path && route.isRefusal !== true ? route.methods : [],
    );
    app.all(path, (c) => methodNotAllowed(c, allowed));
  }
  for (const missing of NOT_EMULATED) app.all(base + missing.path, refuseAsMissing(missing));
  app.all(MANAGEMENT_API.path, refuseAsMissing(MANAGEMENT_API));
  app.all("*", notFound);
  app.notFound(notFound);
  app.onError(answerError);
  return app;
}

function answerError(error: Error, c: OidcContext): Response {
  if (isRefusal(error)) {
    // Hono keeps what was thrown, and the journal notes that as a failure of the emulator. A refusal is none.
    c.error = undefined;
    return answerRefused(error, c);
  }
  console.error("PingOne emulator: unexpected error", error);
  return sendP1Error(c, {
    status: 500,
    code: "UNEXPECTED_ERROR",
    message: "The emulator failed; its log says why.",
  });
}

type Refusal = P1Refusal | OAuthRefusal | UntrustedRequest | NotEmulated;

function isRefusal(error: Error): error is Refusal {
  return [P1Refusal, OAuthRefusal, UntrustedRequest, NotEmulated].some((kind) => error instanceof kind);
}

function answerRefused(error: Refusal, c: OidcContext): Response {
  if (error instanceof NotEmulated) return answerNotEmulated(error, c);
  if (error instanceof P1Refusal) {
    const { status, code, message, headers } = error;
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    return sendP1Error(c, { status, code, message });
  }
  const refusals = c.get("refusals");
  if (error instanceof UntrustedRequest) {
    return refusals === "json"
      ? sendOAuthError(c, new OAuthRefusal("invalid_request", error.message))
      : sendUntrusted(c, error);
  }
  if (refusals === "json") return sendOAuthError(c, error);
  const callback = c.get("callback");
  if (refusals === "redirect" && callback) return answerRefusal(c, callback, error);
  // Without a readable request there is no redirect URI.
  const target = error instanceof UnreadableBody ? "body" : "request";
  return sendUntrusted(c, { target, message: error.message }, error.status);
}

function answerNotEmulated({ status, headers, message }: NotEmulated, c: OidcContext): Response {
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  return c.get("refusals") === "json"
    ? c.json({ error: "not_emulated", error_description: message }, status)
    : sendP1Error(c, { status, code: "NOT_EMULATED", message });
}

function notFound(c: OidcContext): Response {
  return sendP1Error(c, {
    status: 404,
    code: "NOT_FOUND",
    message: "The request could not be completed. The requested resource was not found.",
  });
}

function methodNotAllowed(c: OidcContext, allowed: readonly string[]): Response {
  c.header("Allow", allowed.join(", "));
  return sendP1Error(c, {
    status: 405,
    code: "METHOD_NOT_ALLOWED",
    message: `The method is not supported here. Use ${allowed.join(" or ")}.`,
  });
}
