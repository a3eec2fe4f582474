/** The PingOne Authentication connector: the browser's session, and the two ends of a main flow. */
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { nameOf } from "../engine/run.ts";
import { textOf } from "../graph/values.ts";
import { namedValuesOf, numberOf } from "./inputs.ts";
import { isOn, known, presentUser, textProperty } from "./pingone-shared.ts";

/** PingOne's default: 30 days. */
const DEFAULT_IDLE_MINUTES = 43_200;

/** True when the browser's session fits: its method, its age, and what the request asks for. */
function checkSession(call: Call): Effect {
  const { context, services } = call;
  const { session, forceAuthentication } = context;
  const none: Effect = { kind: "false" };
  if (!session || forceAuthentication) return none;
  const wanted = textProperty(call, "checkSessionAuthenticator");
  const methods = session.authenticationMethods;
  const takesAny = wanted === "" || wanted === "anyAuthenticationMethod";
  if (!takesAny && !methods.includes(wanted)) return none;
  const minutes = numberOf(call.properties.authenticationMethodLastUsedIn);
  if (minutes !== undefined && services.clock() - session.authenticatedAt > minutes * 60_000) return none;
  const user = services.users.findById(session.userId);
  if (user?.enabled !== true) return none;
  call.identify(user.id);
  call.acceptSession();
  const authenticatedAt = new Date(session.authenticatedAt).toISOString();
  return {
    kind: "success",
    output: {
      session: {
        id: session.id,
        user: { id: user.id },
        authenticationMethods: [...methods],
        lastSignOn: { at: authenticatedAt },
      },
      user: presentUser(user, services.environment),
    },
  };
}

function returnSuccess(call: Call): Effect {
  const { properties, context, services } = call;
  const userId = textProperty(call, "userId");
  const user = services.users.findById(userId);
  if (user?.enabled !== true) {
    const who = userId === "" ? "no user id" : user ? "a user who is disabled" : "an id that is no user's";
    return died(`${nameOf(call.node)} was reached with ${who}, so nobody is signed on`);
  }
  const isReused = call.isSessionAccepted() && context.session?.userId === userId;
  const scopes = isOn(call, "reducedScopes") ? call.consentedScopes : undefined;
  return {
    kind: "end",
    outcome: {
      kind: "success",
      userId,
      authenticationMethods: isReused ? (context.session?.authenticationMethods ?? []) : methodsOf(call),
      ...(scopes !== undefined && { scopes }),
      idleTimeoutMinutes: Math.max(1, numberOf(properties.idleTimeout) ?? DEFAULT_IDLE_MINUTES),
      reusedSession: isReused,
      idTokenClaims: claimsOf(properties.idTokenClaims),
      accessTokenClaims: claimsOf(properties.accessTokenClaims),
    },
  };
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

/** A list, a JSON list, or words between commas or blanks. */
function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(textOf).filter((name) => name !== "");
  return textOf(value)
    .split(/[\s,[\]"]+/)
    .filter((name) => name !== "");
}

function claimsOf(list: unknown): Record<string, unknown> {
  return Object.fromEntries(namedValuesOf(list).map(({ name, value }) => [name, value]));
}

/** Without an error the author's end has no code of its own; what PingOne sends then is not known. */
const DEFAULT_ERROR = "server_error";

function returnError(call: Call): Effect {
  return {
    kind: "end",
    outcome: {
      kind: "error",
      error: textProperty(call, "errorMessage") || textProperty(call, "errorCode") || DEFAULT_ERROR,
      errorDescription: textOf(call.properties.errorDescription),
    },
  };
}

function died(reason: string): Effect {
  return { kind: "end", outcome: { kind: "died", reason } };
}

export const pingOneAuthenticationConnector = defineConnector({
  id: "pingOneAuthenticationConnector",
  name: "PingOne Authentication",
  capabilities: {
    checkSession: {
      about: "True when the browser has a session of PingOne that fits.",
      limits: "`prompt=login`, and a session older than `max_age`, make it false.",
      inputs: {
        checkSessionAuthenticator: known(
          "A method that the session must have; absent or anyAuthenticationMethod: any.",
          "export",
        ),
        authenticationMethodLastUsedIn: known(
          "Minutes since the last authentication. The flow policy must allow as much.",
          "export",
        ),
      },
      outputs: {
        "session.user.id": known("Whose session it is.", "export"),
        "session.id": known("The session.", "unverified"),
        "session.authenticationMethods": known("How the person signed on.", "unverified"),
        user: known("The whole user.", "unverified"),
      },
      errors: {},
      run: checkSession,
    },
    returnSuccessResponseRedirect: {
      about: "Signs the user on: the application gets its code.",
      limits: "After Check Session the session and its methods stay as they were.",
      inputs: {
        userId: known("Must be an enabled user's.", "export"),
        authenticationMethods: known("`amr`: a name, or useCustomAuthenticationMethods.", "export"),
        customAuthenticationMethods: known("`amr`: a list.", "export"),
        idleTimeout: known("Minutes; 43200 when absent.", "export"),
        reducedScopes: known("Grants only the scopes that the person kept at consent.", "documented"),
        idTokenClaims: known("Further claims of the ID token.", "export"),
        accessTokenClaims: known("Further claims of the access token.", "export"),
      },
      outputs: {},
      errors: {},
      isDeferred: true,
      run: returnSuccess,
    },
    returnErrorResponseRedirect: {
      about: "Sends the application an error.",
      inputs: {
        errorMessage: known("`error`.", "export"),
        errorDescription: known("`error_description`.", "export"),
        errorCode: known(
          `\`error\` when there is no message; \`${DEFAULT_ERROR}\` when there is neither.`,
          "unverified",
        ),
      },
      outputs: {},
      errors: {},
      isDeferred: true,
      run: returnError,
    },
    deleteSession: {
      about: "Ends the browser's session.",
      inputs: { sessionId: known("Default: the browser's.", "unverified") },
      outputs: {},
      errors: {},
      run: ({ context, services }) => {
        if (context.session) services.sessions.endSession(context.session.id);
        return { kind: "success", output: {} };
      },
    },
  },
});
