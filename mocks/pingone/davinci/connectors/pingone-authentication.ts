/** The PingOne Authentication connector: the browser's session, and the two ends of a main flow. */
import { isReservedClaim } from "../../tenant/attributes.ts";
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { nameOf } from "../engine/run.ts";
import { textOf } from "../graph/values.ts";
import { loginFirstFactor } from "./external-idp.ts";
import { inDataType, namedValuesOf, numberOf } from "./inputs.ts";
import { isOn, known, notFound, presentUser, textProperty } from "./pingone-shared.ts";

/** PingOne's default: 30 days. */
const DEFAULT_IDLE_MINUTES = 43_200;
/** Ten years: a date that far off can still be written. */
const MAX_IDLE_MINUTES = 5_256_000;
/** What the editor sets when a node is added. */
const DEFAULT_METHOD = "pwd";
const DEFAULT_LAST_USED_MINUTES = 480;
const ANY_METHOD = "anyAuthenticationMethod";
/** A flow can make values of any size, and a token is sent with every request. In characters of JSON. */
const MAX_CLAIM = 4_000;

const METHOD_INPUTS = {
  authenticationMethods: known("`amr`: a name, or `useCustomAuthenticationMethods`.", "export"),
  customAuthenticationMethods: known("`amr`: names with blanks between them, or a list.", "documented"),
  useCustomAuthenticationMethods: known("The same as that name, in some exports.", "export"),
  idleTimeout: known("Minutes; 43200 when absent.", "export"),
} as const;

const SESSION_OUTPUTS = {
  "session.user.id": known("Whose session it is.", "export"),
  "session.id": known("The session.", "documented"),
  "session.createdAt": known("When it began.", "documented"),
  "session.activeAt": known("When it was last used.", "documented"),
  "session.idleTimeoutInMinutes": known("After how many idle minutes it ends.", "documented"),
  "session.expiresAt": known("When it ends if it is not used.", "documented"),
  "session.lastSignOn.authenticators": known("How the person has signed on.", "documented"),
  "session.lastSignOn.at": known("When the person has signed on.", "unverified"),
} as const;

export const pingOneAuthenticationConnector = defineConnector({
  id: "pingOneAuthenticationConnector",
  name: "PingOne Authentication",
  capabilities: {
    checkSession: {
      about: "True when the browser has a session of PingOne that fits.",
      limits: "`prompt=login`, and a session older than `max_age`, make it false.",
      inputs: {
        checkSessionAuthenticator: known(
          "A method that the session must have; `anyAuthenticationMethod`: any. Default: `pwd`.",
          "documented",
        ),
        authenticationMethodLastUsedIn: known(
          "Minutes since the last authentication, 480 when absent. The flow policy must allow as much.",
          "documented",
        ),
      },
      outputs: { ...SESSION_OUTPUTS, user: known("The whole user.", "unverified") },
      errors: {},
      run: checkSession,
    },
    returnSuccessResponseRedirect: {
      about: "Signs the user on: the application gets its code.",
      limits:
        "After Check Session the session and its methods stay as they were. Ends the main flow from a sub-flow too.",
      inputs: {
        userId: known("Must be an enabled user's.", "export"),
        ...METHOD_INPUTS,
        scopes: known("Reduced Scopes: the ones to grant, with blanks between them.", "documented"),
        reducedScopes: known("The same, or a switch: only what the person kept at consent.", "export"),
        idTokenClaims: known("Further claims of the ID token. None of PingOne's own is replaced.", "export"),
        accessTokenClaims: known("Further claims of the access token, likewise.", "export"),
      },
      outputs: {},
      errors: {},
      isDeferred: true,
      run: returnSuccess,
    },
    returnSuccessResponseWidget: {
      about: "Signs the user on, as the end for redirects does: the application gets its code.",
      limits:
        "The widget is not emulated. In a flow that was started by a redirect, which PingOne does not document, the end for redirects is taken in its place, because nothing else brings the person back.",
      inputs: {
        application: known("Not read: the application is that of the request.", "documented"),
        applicationId: known("Not read.", "documented"),
        userId: known("Must be an enabled user's.", "documented"),
        ...METHOD_INPUTS,
        widgetScopes: known("Reduced Scopes: the ones to grant, with blanks between them.", "documented"),
        idTokenClaims: known("As at the end for redirects.", "documented"),
        accessTokenClaims: known("As at the end for redirects.", "documented"),
        additionalProperties: known("Not read: there is no response that could hold them.", "documented"),
      },
      outputs: {},
      errors: {},
      isDeferred: true,
      run(call) {
        call.remark(
          "Ends a flow of DaVinci's widget, which answers with tokens. This flow was started by a redirect: the emulator ends it as Return Success Response (Redirect Flows) does; what PingOne does is not verified.",
        );
        return returnSuccess(call);
      },
    },
    returnErrorResponseRedirect: {
      about: "Sends the application an error.",
      limits: "Ends the main flow from a sub-flow too.",
      inputs: {
        errorMessage: known("`error`.", "export"),
        errorDescription: known("`error_description`.", "export"),
        errorCode: known(
          "`error` when there is no message; `server_error` when there is neither.",
          "unverified",
        ),
        errorReason: known("`error_description` when there is none.", "unverified"),
      },
      outputs: {},
      errors: {},
      isDeferred: true,
      run: returnError,
    },
    loginFirstFactor,
    setSession: {
      about: "Writes how the person has signed on into the browser's session.",
      limits:
        "A browser without a session of this user gets one at Return Success Response, as that creates sessions itself.",
      inputs: { userId: known("Must be an enabled user's.", "documented"), ...METHOD_INPUTS },
      outputs: SESSION_OUTPUTS,
      errors: { notFound: known("There is no such user, or the user is disabled.", "unverified") },
      run: setSession,
    },
    deleteSession: {
      about: "Ends the browser's session.",
      limits: "A soft delete does the same: what stays of the session at PingOne has no part here.",
      inputs: { softDelete: known("Sign out without deleting the session.", "documented") },
      outputs: {},
      errors: {},
      run(call) {
        const { session } = call.context;
        if (session) call.services.sessions.endSession(session.id);
        // What Check Session has found is no more.
        call.authenticated();
        return { kind: "success", output: {} };
      },
    },
  },
});

/** True when the browser's session fits: its method, its age, and what the request asks for. */
function checkSession(call: Call): Effect {
  const { context, services } = call;
  const { session, forceAuthentication } = context;
  const none: Effect = { kind: "false" };
  const named = textProperty(call, "checkSessionAuthenticator");
  if (named === "") {
    call.remark(
      `Names no authentication method: taken as ${DEFAULT_METHOD}. Practitioners report that PingOne then finds no session.`,
    );
  }
  if (!session || forceAuthentication || services.sessions.hasEnded(session.id)) return none;
  const wanted = named || DEFAULT_METHOD;
  if (wanted !== ANY_METHOD && !session.authenticationMethods.includes(wanted)) return none;
  const minutes = numberOf(call.properties.authenticationMethodLastUsedIn) ?? DEFAULT_LAST_USED_MINUTES;
  if (services.clock() - session.authenticatedAt > minutes * 60_000) return none;
  const user = services.users.findById(session.userId);
  if (user?.enabled !== true) return none;
  call.identify(user.id);
  call.acceptSession();
  return {
    kind: "success",
    output: { session: presentSession(call, session), user: presentUser(user, services.environment) },
  };
}

type Session = NonNullable<Call["context"]["session"]>;

function presentSession({ services }: Call, session: Session): Record<string, unknown> {
  const { authenticatedAt, createdAt = authenticatedAt, lastUsedAt = authenticatedAt } = session;
  const idle = session.idleTimeoutMinutes ?? DEFAULT_IDLE_MINUTES;
  return {
    id: session.id,
    environment: { id: services.environment.id },
    user: { id: session.userId },
    createdAt: new Date(createdAt).toISOString(),
    activeAt: new Date(lastUsedAt).toISOString(),
    idleTimeoutInMinutes: idle,
    expiresAt: new Date(lastUsedAt + idle * 60_000).toISOString(),
    lastSignOn: {
      at: new Date(authenticatedAt).toISOString(),
      authenticators: [...session.authenticationMethods],
    },
  };
}

function setSession(call: Call): Effect {
  const { context, services } = call;
  const { session } = context;
  const user = services.users.findById(textProperty(call, "userId"));
  if (user?.enabled !== true) return notFound();
  const facts = { authenticationMethods: methodsOf(call), idleTimeoutMinutes: idleMinutesOf(call) };
  const now = services.clock();
  call.authenticated();
  const own = session?.userId === user.id ? services.sessions.updateSession(session.id, facts) : undefined;
  if (!own) call.remark("The browser has no session of this user yet; it gets one when the flow ends.");
  const shown = { ...facts, id: own?.id ?? "", userId: user.id, authenticatedAt: now };
  return { kind: "success", output: { session: presentSession(call, shown) } };
}

function returnSuccess(call: Call): Effect {
  const { properties, context, services } = call;
  const userId = textProperty(call, "userId");
  const user = services.users.findById(userId);
  if (user?.enabled !== true) {
    const who = userId === "" ? "no user id" : user ? "a user who is disabled" : "an id that is no user's";
    return died(`${nameOf(call.node)} was reached with ${who}, so nobody is signed on`);
  }
  noteSubFlow(call);
  // A session of somebody else must not become this user's.
  const isReused = call.isSessionAccepted() && context.session?.userId === userId;
  const methods = isReused ? (context.session?.authenticationMethods ?? []) : methodsOf(call);
  if (methods.length === 0) {
    call.remark(
      "No authentication method is given, so amr is empty; what PingOne puts there is not verified.",
    );
  }
  const scopes = reducedScopesOf(call);
  return {
    kind: "end",
    outcome: {
      kind: "success",
      userId,
      authenticationMethods: methods,
      ...(scopes !== undefined && { scopes }),
      idleTimeoutMinutes: idleMinutesOf(call),
      reusedSession: isReused,
      idTokenClaims: claimsOf(call, properties.idTokenClaims),
      accessTokenClaims: claimsOf(call, properties.accessTokenClaims),
    },
  };
}

function idleMinutesOf({ properties }: Call): number {
  const minutes = numberOf(properties.idleTimeout) ?? DEFAULT_IDLE_MINUTES;
  return Math.min(Math.max(1, minutes), MAX_IDLE_MINUTES);
}

function methodsOf({ properties }: Call): string[] {
  const { authenticationMethods, customAuthenticationMethods } = properties;
  const custom = isCustom(properties) ? listOf(customAuthenticationMethods) : [];
  return custom.length > 0
    ? custom
    : listOf(authenticationMethods).filter((name) => name !== "useCustomAuthenticationMethods");
}

function isCustom({ authenticationMethods, useCustomAuthenticationMethods }: Call["properties"]): boolean {
  return (
    authenticationMethods === "useCustomAuthenticationMethods" ||
    useCustomAuthenticationMethods === true ||
    textOf(useCustomAuthenticationMethods) === "true" ||
    textOf(authenticationMethods) === ""
  );
}

/** `undefined`: all that were asked for. Others than those are never granted, whatever is written here. */
function reducedScopesOf(call: Call): readonly string[] | undefined {
  const { widgetScopes, scopes = widgetScopes, reducedScopes } = call.properties;
  if (isOn(call, "reducedScopes")) return call.consentedScopes;
  const named = [...listOf(scopes), ...listOf(reducedScopes).filter((name) => name !== "false")];
  return named.length > 0 ? named : undefined;
}

/** A list, a JSON list, or words between commas or blanks. */
function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(textOf).filter((name) => name !== "");
  return textOf(value)
    .split(/[\s,[\]"]+/)
    .filter((name) => name !== "");
}

/** The claims without those of PingOne's own, and without what has no value. */
function claimsOf(call: Call, list: unknown): Record<string, unknown> {
  const usable = namedValuesOf(list).flatMap(({ name, value, entry }): [string, unknown][] => {
    const claim = inDataType(value, entry.type);
    if (claim === undefined || claim === null || claim === "") return [];
    if (isReservedClaim(name)) {
      call.remark(`The claim "${name}" is PingOne's own, so the flow cannot set it.`);
      return [];
    }
    if (JSON.stringify(claim).length > MAX_CLAIM) {
      call.remark(`The claim "${name}" is longer than ${MAX_CLAIM} characters and was left out.`);
      return [];
    }
    return [[name, claim]];
  });
  return Object.fromEntries(usable);
}

/** Without an error the author's end has no code of its own; what PingOne sends then is not known. */
const DEFAULT_ERROR = "server_error";

function returnError(call: Call): Effect {
  noteSubFlow(call);
  const error = textProperty(call, "errorMessage") || textProperty(call, "errorCode");
  if (error === "") {
    call.remark(
      `Names no error, so the application gets ${DEFAULT_ERROR}; what PingOne sends is not verified.`,
    );
  }
  return {
    kind: "end",
    outcome: {
      kind: "error",
      error: error || DEFAULT_ERROR,
      errorDescription: textOf(call.properties.errorDescription) || textProperty(call, "errorReason"),
    },
  };
}

function noteSubFlow(call: Call): void {
  if (call.isMainFlow) return;
  call.remark("A redirect in a sub-flow ends the whole run here; what PingOne does is not verified.");
}

function died(reason: string): Effect {
  return { kind: "end", outcome: { kind: "died", reason } };
}
