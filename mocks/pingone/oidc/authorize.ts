/**
 * `GET|POST /as/authorize` and the forms of the flow it starts. A flow always runs, session or not; only its own Check
 * Session node makes it silent.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { AuthorizationContext, FlowOutcome } from "../contracts.ts";
import {
  type FrontContext,
  type FrontEnv,
  methodNotAllowed,
  OAuthRefusal,
  sendPage,
  sendUntrusted,
  UntrustedRequest,
} from "../errors.ts";
import type { Front } from "../front.ts";
import { renderEndedPage } from "../html/pages.ts";
import { type Grant, hashOf, type Session } from "../tokens/store.ts";
import { answerClient, answerFlowError, answerLoginRequired, answerRefusal } from "./answer-client.ts";
import {
  type AuthorizationRequest,
  requireCallback,
  requireClient,
  validateRequest,
} from "./rules/authorization-request.ts";
import { parseParameters, type RequestParameters, readFields, readForm } from "./rules/parameters.ts";
import { INTERACTION_TTL_MS, type PendingInteraction } from "./sign-on.ts";
import { readSession, sendSessionCookies } from "./sso-cookies.ts";

export function addAuthorizeRoutes(app: Hono<FrontEnv>, front: Front): void {
  const { id } = front.environment;
  app.get(`/${id}/as/authorize`, (c) =>
    authorize(front, c, parseParameters(new URL(c.req.url).searchParams)),
  );
  app.post(`/${id}/as/authorize`, (c) =>
    refuseUnreadable(c, async () => authorize(front, c, await readForm(c))),
  );
  app.all(`/${id}/as/authorize`, (c) => methodNotAllowed(c, ["GET", "POST"]));
  app.post(`/${id}/davinci/interactions/:interaction`, (c) =>
    refuseUnreadable(c, async () => submitForm(front, c, c.req.param("interaction"), await readFields(c))),
  );
  app.get(`/${id}/davinci/interactions/:interaction`, (c) => sendPage(c, renderEndedPage(), 405));
}

/** A body that cannot be read names no client, so there is nowhere to redirect to. */
async function refuseUnreadable(c: FrontContext, respond: () => Promise<Response>): Promise<Response> {
  try {
    return await respond();
  } catch (error) {
    if (error instanceof OAuthRefusal) return sendUntrusted(c, new UntrustedRequest("body", error.message));
    throw error;
  }
}

async function authorize(front: Front, c: FrontContext, sent: RequestParameters): Promise<Response> {
  let request: AuthorizationRequest;
  try {
    const application = requireClient(front, sent);
    const parameters = takePushed(front, application.id, sent) ?? sent;
    const callback = requireCallback(application, parameters);
    try {
      if (application.parRequirement === "REQUIRED" && parameters === sent) {
        throw new OAuthRefusal("invalid_request", "A pushed authorization request is required");
      }
      request = validateRequest(front, application, callback, parameters);
    } catch (error) {
      if (error instanceof OAuthRefusal) return answerRefusal(c, callback, error);
      throw error;
    }
  } catch (error) {
    if (error instanceof UntrustedRequest) return sendUntrusted(c, error);
    throw error;
  }
  const session = readSession(front, c);
  const { pending, token } = front.interactions.begin(request, session?.id);
  const outcome = await front.engine.begin(pending.id, contextOf(front, pending, session));
  if (outcome.kind === "screen") setInteractionCookies(front, c, pending, token);
  return answerOutcome(front, c, pending, outcome);
}

/** RFC 9126 section 4: only the pushed parameters count. @throws {UntrustedRequest} */
function takePushed(front: Front, clientId: string, sent: RequestParameters): RequestParameters | undefined {
  const requestUri = sent.get("request_uri");
  if (requestUri === undefined) return undefined;
  const pushed = sent.isUsable("request_uri") ? front.pushedRequests.take(requestUri, clientId) : undefined;
  if (!pushed) throw new UntrustedRequest("request_uri", "The request URI is unknown, used or expired");
  return pushed;
}

function contextOf(
  front: Front,
  pending: PendingInteraction,
  session: Session | undefined,
): AuthorizationContext {
  const { request } = pending;
  const isTooOld =
    session !== undefined &&
    request.maxAgeSeconds !== undefined &&
    front.clock() - session.authenticatedAt >= request.maxAgeSeconds * 1000;
  return {
    application: { id: request.application.id, name: request.application.name },
    redirectHost: new URL(request.callback.redirectUri).host,
    scopes: request.scopes,
    policyId: request.policyId,
    loginHint: request.loginHint,
    silent: request.prompt.includes("none"),
    forceAuthentication: request.prompt.includes("login") || isTooOld,
    session,
    parameters: request.parameters,
    formAction: formPath(front, pending.id),
  };
}

function formPath(front: Front, interactionId: string): string {
  return `/${front.environment.id}/davinci/interactions/${interactionId}`;
}

/** One pair of cookies for each interaction, told apart by path, so that two tabs do not clobber each other. */
function setInteractionCookies(
  front: Front,
  c: FrontContext,
  pending: PendingInteraction,
  token: string,
): void {
  const options = {
    httpOnly: true,
    sameSite: "Lax",
    path: formPath(front, pending.id),
    maxAge: INTERACTION_TTL_MS / 1000,
  } as const;
  setCookie(c, "interactionId", pending.id, options);
  setCookie(c, "interactionToken", token, options);
}

/** The engine judges the fields itself, repeated ones included, so it gets them as they came. */
async function submitForm(
  front: Front,
  c: FrontContext,
  interactionId: string,
  fields: URLSearchParams,
): Promise<Response> {
  const pending = front.interactions.find(interactionId, getCookie(c, "interactionToken"));
  const outcome = pending && (await front.engine.submit(interactionId, fields));
  return outcome ? answerOutcome(front, c, pending, outcome) : sendPage(c, renderEndedPage(), 400);
}

async function answerOutcome(
  front: Front,
  c: FrontContext,
  pending: PendingInteraction,
  outcome: FlowOutcome,
): Promise<Response> {
  const { callback } = pending.request;
  if (outcome.kind === "screen") {
    return sendPage(c, outcome.html, outcome.status as 200);
  }
  if (pending.answer) return pending.answer.clone() as Response;
  const answer = () => {
    switch (outcome.kind) {
      case "success":
        return succeed(front, c, pending, outcome);
      case "error":
        return answerFlowError(c, callback, outcome);
      case "died":
        return answerLoginRequired(c, callback);
    }
  };
  const response = answer();
  pending.answer = response.clone() as Response;
  return response;
}

function succeed(
  front: Front,
  c: FrontContext,
  pending: PendingInteraction,
  outcome: Extract<FlowOutcome, { kind: "success" }>,
): Response {
  const { request } = pending;
  const session = outcome.reusedSession
    ? keepSession(front, pending.sessionId, outcome.idleTimeoutMinutes)
    : signOn(front, c, outcome);
  if (!session) return answerLoginRequired(c, request.callback);
  const scopes = request.scopes.filter((scope) => outcome.scopes?.includes(scope) ?? true);
  if (scopes.length === 0) {
    const refusal = new OAuthRefusal("invalid_scope", "At least one scope must be granted");
    return answerRefusal(c, request.callback, refusal);
  }
  const grant = createGrant(front, request, session, scopes);
  front.state.grants.set(grant.id, grant);
  const code = randomUUID();
  front.state.codes.set(hashOf(code), {
    hash: hashOf(code),
    grantId: grant.id,
    redirectUri: request.callback.redirectUri,
    codeChallenge: request.codeChallenge ?? null,
    codeChallengeMethod: request.codeChallengeMethod,
    nonce: request.nonce ?? null,
    expiresAt: front.clock() + front.switches.current.codeTtlSeconds * 1000,
    used: false,
  });
  front.state.changed();
  return answerClient(c, request.callback, { code });
}

function createGrant(front: Front, request: AuthorizationRequest, session: Session, scopes: string[]): Grant {
  return {
    id: randomUUID(),
    clientId: request.application.id,
    userId: session.userId,
    sessionId: session.id,
    scopes,
    resource: request.resource ?? null,
    policyId: request.policyId,
    authenticatedAt: session.authenticatedAt,
    authenticationMethods: session.authenticationMethods,
    createdAt: front.clock(),
    revoked: false,
    login: {
      ...(request.callback.state !== undefined && { state: request.callback.state }),
      ...(request.loginHint !== undefined && { loginHint: request.loginHint }),
    },
  };
}

/** A Check Session node let the person through: the session lives on, but nobody proved anything anew. */
function keepSession(front: Front, id: string | undefined, idleTimeoutMinutes: number): Session | undefined {
  const session = id === undefined ? undefined : front.state.liveSession(id);
  if (session) Object.assign(session, { lastUsedAt: front.clock(), idleTimeoutMinutes });
  return session;
}

/** The browser's session of the same person is extended; anyone else gets one of their own. */
function signOn(front: Front, c: FrontContext, outcome: Extract<FlowOutcome, { kind: "success" }>): Session {
  const cookie = randomBytes(32).toString("base64url");
  const existing = readSession(front, c);
  const extended = existing?.userId === outcome.userId ? existing : undefined;
  const now = front.clock();
  const session: Session = {
    id: extended?.id ?? randomUUID(),
    userId: outcome.userId,
    // A new cookie at each sign-on: one that was planted before it is worth nothing after it.
    cookieHash: hashOf(cookie),
    createdAt: extended?.createdAt ?? now,
    authenticatedAt: now,
    lastUsedAt: now,
    authenticationMethods: [...outcome.authenticationMethods],
    idleTimeoutMinutes: outcome.idleTimeoutMinutes,
  };
  front.state.addSession(session);
  sendSessionCookies(front, c, cookie);
  return session;
}
