/**
 * `GET|POST /as/authorize` and the forms of the flow it starts. A flow always runs, session or not; only its own Check
 * Session node makes it silent.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { getCookie, setCookie } from "hono/cookie";
import { NOTE_HEADER } from "../../kit/middleware.ts";
import type { AuthorizationContext, FlowOutcome } from "../davinci/contracts.ts";
import type { Interaction } from "../davinci/engine/interaction.ts";
import { runPath } from "../davinci/run-page/addresses.ts";
import { renderEndedPage, renderLinkPage } from "../html/pages.ts";
import { OAuthRefusal, UntrustedRequest } from "../refusals.ts";
import type { Tenant } from "../tenant/tenant.ts";
import { issueFrontChannelTokens } from "../tokens/issue.ts";
import { type Grant, hashOf, newGrant, newSession, type Session } from "../tokens/store.ts";
import { answerClient, answerLoginRequired, answerRefusal, sendPage } from "./answers.ts";
import type { OidcContext } from "./context.ts";
import { type AuthorizationRequest, requireClient } from "./rules/authorization-request.ts";
import { readFields } from "./rules/parameters.ts";
import { SIGN_ON_TTL_MS, type SignOn } from "./sign-on.ts";
import { readSession, sendSessionCookies } from "./sso-cookies.ts";

type Success = Extract<FlowOutcome, { kind: "success" }>;

/** @throws {UntrustedRequest} */
export function requireKnownClient(c: OidcContext): void {
  c.set("application", requireClient(c.get("pingone").tenant, c.get("parameters")));
}

/**
 * RFC 9126 section 4: only the parameters that were pushed count. A missing pushed request is refused by redirect, so
 * that is a later step.
 * @throws {UntrustedRequest}
 */
export function takePushedRequest(c: OidcContext): void {
  const parameters = c.get("parameters");
  const requestUri = parameters.get("request_uri");
  if (requestUri === undefined) return;
  const pushed = parameters.isUsable("request_uri")
    ? c.get("pingone").pushedRequests.take(requestUri, c.get("application").id)
    : undefined;
  if (!pushed) throw new UntrustedRequest("request_uri", "The request URI is unknown, used or expired");
  c.set("parameters", pushed);
  c.set("isPushed", true);
}

/** @throws {OAuthRefusal} */
export function requirePushedRequest(c: OidcContext): void {
  if (c.get("application").parRequirement === "REQUIRED" && c.get("isPushed") !== true) {
    throw new OAuthRefusal("invalid_request", "A pushed authorization request is required");
  }
}

export async function beginSignOn(c: OidcContext): Promise<Response> {
  const { flows, signOns } = c.get("pingone");
  const session = readSession(c);
  const signOn = signOns.create(c.get("request"), session?.id);
  const { outcome, interaction } = await flows.begin(signOn.id, contextOf(c, signOn, session));
  if (outcome.kind === "screen" && interaction) {
    signOn.interaction = interaction;
    setInteractionCookies(c, signOn, signOns.keep(signOn));
  }
  sendFlowCookies(c, interaction);
  return answerOutcome(c, signOn, outcome);
}

const FLOW_COOKIE = "dv_";

/** Those that flows have set of their own; they are for all flows of the environment. */
function sendFlowCookies(c: OidcContext, interaction: Interaction | undefined): void {
  const { tenant, tokens } = c.get("pingone");
  for (const { name, value, seconds } of interaction?.state.cookies ?? []) {
    setCookie(c, `${FLOW_COOKIE}${name}`, value, {
      httpOnly: true,
      secure: tokens.signer.isSecure,
      sameSite: "Lax",
      path: `/${tenant.environment.id}`,
      maxAge: seconds,
    });
  }
}

function flowCookiesOf(c: OidcContext): Record<string, string> {
  const cookies = Object.entries(getCookie(c)).filter(([name]) => name.startsWith(FLOW_COOKIE));
  return Object.fromEntries(cookies.map(([name, value]) => [name.slice(FLOW_COOKIE.length), value]));
}

/** The flow validates the fields itself, so it gets repeated ones too. */
export async function submitForm(c: OidcContext): Promise<Response> {
  const fields = await readFields(c.req.raw);
  const { flows, signOns } = c.get("pingone");
  const signOn = signOns.find(c.req.param("interaction") ?? "", getCookie(c, "interactionToken"));
  const outcome = signOn?.interaction && (await flows.submit(signOn.interaction, fields));
  signOns.changed();
  sendFlowCookies(c, signOn?.interaction);
  return signOn && outcome ? answerOutcome(c, signOn, outcome) : sendPage(c, renderEndedPage(), 400);
}

/** A GET of a form's address, as from a bookmark or a restored tab: the screen that waits there, to its own browser. */
export function showScreen(c: OidcContext): Response {
  const { flows, signOns } = c.get("pingone");
  const signOn = signOns.find(c.req.param("interaction") ?? "", getCookie(c, "interactionToken"));
  const screen = signOn?.interaction && flows.show(signOn.interaction);
  if (screen) return sendPage(c, screen.html, 200, screen.policy);
  c.header("Allow", "POST");
  return sendPage(c, renderEndedPage(), 405);
}

/** A link of a message, opened in any browser; a POST is the form of a screen that it has led to. */
export async function openLink(c: OidcContext): Promise<Response> {
  const { flows } = c.get("pingone");
  const isForm = c.req.method === "POST";
  const opened = await flows.openLink(
    c.req.param("challenge") ?? "",
    new URL(c.req.url).searchParams.get("answer"),
    isForm ? await readFields(c.req.raw) : undefined,
  );
  if (opened.kind === "screen") {
    const { html, status, policy } = opened.outcome;
    return sendPage(c, html, status as 200, policy);
  }
  if (opened.kind === "over" && opened.reason !== undefined) {
    c.header(NOTE_HEADER, headerText(opened.reason));
  }
  const { page, status } = renderLinkPage(opened.kind);
  return sendPage(c, page, status);
}

function contextOf(
  c: OidcContext,
  { id, request }: SignOn,
  session: Session | undefined,
): AuthorizationContext {
  const { tenant } = c.get("pingone");
  const isTooOld =
    session !== undefined &&
    request.maxAgeSeconds !== undefined &&
    tenant.clock() - session.authenticatedAt >= request.maxAgeSeconds * 1000;
  const silent = request.prompt.includes("none");
  return {
    application: { id: request.application.id, name: request.application.name },
    redirectHost: new URL(request.callback.redirectUri).host,
    scopes: request.scopes,
    policyId: request.policyId,
    loginHint: request.loginHint,
    silent,
    forceAuthentication: request.prompt.includes("login") || isTooOld,
    session: session && viewOf(session),
    parameters: silent ? { ...request.parameters, auth_mode: "silent" } : request.parameters,
    formAction: formPath(tenant, id),
    cookies: flowCookiesOf(c),
    linkBase: `${new URL(c.get("pingone").tokens.signer.issuer).origin}/${tenant.environment.id}/davinci/links/`,
    runPage: runPath(id),
    userAgent: c.req.header("user-agent") ?? "",
  };
}

/** What a flow may know of a session: not its cookie. */
function viewOf({ id, userId, authenticationMethods, authenticatedAt }: Session) {
  return { id, userId, authenticationMethods: [...authenticationMethods], authenticatedAt };
}

function formPath({ environment }: Tenant, signOnId: string): string {
  return `/${environment.id}/davinci/interactions/${signOnId}`;
}

/** One pair of cookies for each sign-on, told apart by path, so that two tabs do not clobber each other. */
function setInteractionCookies(c: OidcContext, { id }: SignOn, token: string): void {
  const { tenant, tokens } = c.get("pingone");
  const options = {
    httpOnly: true,
    secure: tokens.signer.isSecure,
    sameSite: "Lax",
    path: formPath(tenant, id),
    maxAge: SIGN_ON_TTL_MS / 1000,
  } as const;
  setCookie(c, "interactionId", id, options);
  setCookie(c, "interactionToken", token, options);
}

async function answerOutcome(c: OidcContext, signOn: SignOn, outcome: FlowOutcome): Promise<Response> {
  if (outcome.kind === "screen") return sendPage(c, outcome.html, outcome.status as 200, outcome.policy);
  signOn.answer ??= answerEnd(c, signOn, outcome);
  return (await signOn.answer).clone() as Response;
}

async function answerEnd(
  c: OidcContext,
  signOn: SignOn,
  outcome: Exclude<FlowOutcome, { kind: "screen" }>,
): Promise<Response> {
  const { callback } = signOn.request;
  switch (outcome.kind) {
    case "success":
      return succeed(c, signOn, outcome);
    case "error":
      // The author's own code and text, without PingOne's frame.
      return answerClient(c, callback, { error: outcome.error, error_description: outcome.errorDescription });
    case "died":
      // The client learns no more than at PingOne; the journal, and whoever reads the header, does.
      c.header(
        NOTE_HEADER,
        `${headerText(outcome.reason).replace(/\.$/, "")}. See ${addressOfRun(c, signOn.id)}`,
      );
      return answerLoginRequired(c, callback);
  }
}

async function succeed(c: OidcContext, { request, sessionId }: SignOn, outcome: Success): Promise<Response> {
  const { tenant, tokens } = c.get("pingone");
  const session = outcome.reusedSession
    ? keepSession(c, sessionId, outcome.idleTimeoutMinutes)
    : startSession(c, outcome);
  if (!session) return answerLoginRequired(c, request.callback);
  const scopes = request.scopes.filter((scope) => outcome.scopes?.includes(scope) ?? true);
  if (scopes.length === 0) {
    const refusal = new OAuthRefusal("invalid_scope", "At least one scope must be granted");
    return answerRefusal(c, request.callback, refusal);
  }
  const flowClaims = { idToken: outcome.idTokenClaims ?? {}, accessToken: outcome.accessTokenClaims ?? {} };
  const grant = createGrant(tenant, request, session, { scopes, flowClaims });
  tokens.store.grants.set(grant.id, grant);
  const code = request.responseTypes.has("code") ? createCode(c, request, grant) : undefined;
  const issued = await issueForResponseType(c, request, grant, code);
  tokens.store.changed();
  return answerClient(c, request.callback, { ...issued, ...(code !== undefined && { code }) });
}

/** The tokens that the response type names, as parameters (RFC 6749 section 4.2.2, OpenID Connect Core 3.2.2.5). */
async function issueForResponseType(
  c: OidcContext,
  { application, responseTypes, nonce }: AuthorizationRequest,
  grant: Grant,
  code: string | undefined,
): Promise<Record<string, string>> {
  const { tenant, tokens } = c.get("pingone");
  const wanted = { accessToken: responseTypes.has("token"), idToken: responseTypes.has("id_token"), code };
  const user = tenant.users.findById(grant.userId);
  if (!user || !(wanted.accessToken || wanted.idToken)) return {};
  const options = { application, grant, user, scopes: grant.scopes, nonce };
  const issued = await issueFrontChannelTokens(tokens, options, wanted);
  return Object.fromEntries(Object.entries(issued).map(([name, value]) => [name, String(value)]));
}

/** The page of the control API that shows the run. */
function addressOfRun(c: OidcContext, id: string): string {
  return new URL(runPath(id), c.get("pingone").tokens.signer.issuer).href;
}

/** A header is bytes: other characters are escaped as in JSON. The journal keeps the first 500 of them. */
function headerText(text: string): string {
  return JSON.stringify(text.length > 360 ? `${text.slice(0, 360)}…` : text)
    .slice(1, -1)
    .replaceAll(
      /[^\x20-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

function createCode(c: OidcContext, request: AuthorizationRequest, grant: Grant): string {
  const { tenant, tokens } = c.get("pingone");
  const code = randomUUID();
  tokens.store.codes.set(hashOf(code), {
    hash: hashOf(code),
    grantId: grant.id,
    redirectUri: request.callback.redirectUri,
    codeChallenge: request.codeChallenge ?? null,
    codeChallengeMethod: request.codeChallengeMethod,
    nonce: request.nonce ?? null,
    expiresAt: tenant.clock() + tenant.switches.current.codeTtlSeconds * 1000,
    used: false,
  });
  return code;
}

function createGrant(
  { clock }: Tenant,
  request: AuthorizationRequest,
  session: Session,
  granted: Required<Pick<Grant, "scopes" | "flowClaims">>,
): Grant {
  return newGrant(session, {
    clientId: request.application.id,
    ...granted,
    resource: request.resource ?? null,
    policyId: request.policyId,
    createdAt: clock(),
    login: {
      ...(request.callback.state !== undefined && { state: request.callback.state }),
      ...(request.loginHint !== undefined && { loginHint: request.loginHint }),
    },
  });
}

/** A Check Session node reused the session: it is extended, and keeps its time of authentication. */
function keepSession(
  c: OidcContext,
  id: string | undefined,
  idleTimeoutMinutes: number,
): Session | undefined {
  const { tenant, tokens } = c.get("pingone");
  const session = id === undefined ? undefined : tokens.store.liveSession(id);
  if (session) Object.assign(session, { lastUsedAt: tenant.clock(), idleTimeoutMinutes });
  return session;
}

/** Extends the browser's session if it is the same user's, else begins a new one. */
function startSession(c: OidcContext, outcome: Success): Session {
  const { tenant, tokens } = c.get("pingone");
  const cookie = randomBytes(32).toString("base64url");
  const existing = readSession(c);
  const extended = existing?.userId === outcome.userId ? existing : undefined;
  const { userId, authenticationMethods, idleTimeoutMinutes } = outcome;
  const facts = { userId, authenticationMethods: [...authenticationMethods], idleTimeoutMinutes };
  const session: Session = {
    // A new cookie at each sign-on, against session fixation.
    ...newSession(facts, cookie, tenant.clock()),
    ...(extended && { id: extended.id, createdAt: extended.createdAt }),
  };
  tokens.store.addSession(session);
  sendSessionCookies(c, cookie);
  return session;
}
