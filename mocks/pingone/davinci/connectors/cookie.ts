/** The Cookie connector. Ping: /connectors/cookie_connector.html. */
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { inDataType, namedValuesOf, numberOf, switchOf } from "./inputs.ts";
import { fail, known, textProperty } from "./pingone-shared.ts";

const DEFAULT_NAME = "flow";
const DEFAULT_SECONDS = 3600;
/** Browsers keep none longer. */
const MAX_SECONDS = 400 * 24 * 3600;
const NAME = /^[\w-]{1,60}$/;

const cookieName = known("Letters, digits, `-` and `_`.", "documented");
const NO_COOKIE = known("The browser has no such cookie, or it does not fit.", "unverified");
const NO_NAME = known("The name cannot be that of a cookie.", "unverified");
const NOT_READ = known("Not read: the cookie is for the emulator, HttpOnly and SameSite=Lax.", "documented");

const SET = {
  limits: "The browser has an id in the place of the signed claims, under a name that begins with `dv_`.",
  inputs: {
    cookieName,
    cookieExpiresInSeconds: known(`Default: ${DEFAULT_SECONDS}.`, "field"),
    claimsNameValuePairsSessionCookie: known("Further claims.", "documented"),
    useSecureCookie: NOT_READ,
    useHttpOnlyCookie: NOT_READ,
    cookieDomain: NOT_READ,
    cookieSameSite: NOT_READ,
    signCookie: known("Shown in the claims.", "documented"),
  },
  outputs: {},
} as const;
const CHECK = {
  inputs: {
    cookieName,
    enforceClientIP: known("Whether the address has to be the same.", "documented"),
    enforceFlowIdMatch: known("Whether the flow has to be the same. Default: off.", "field"),
  },
  outputs: {
    claims: known(
      "`ip`, `userAgent`, `flowId`, `client_id`, `createdDate` and those of the flow.",
      "documented",
    ),
  },
  errors: { noSessionCookie: NO_COOKIE },
} as const;

export const cookieConnector = defineConnector({
  id: "cookieConnector",
  name: "Cookie",
  capabilities: {
    setCookie: {
      about: "Sets a cookie for the user whom the flow has identified.",
      ...SET,
      errors: { invalidInput: NO_NAME, noUser: known("The flow has identified nobody.", "unverified") },
      run: (call) =>
        call.userId === undefined
          ? fail("noUser", "The flow has not identified a user.")
          : set(call, { userId: call.userId }),
    },
    setCookieWithoutUser: {
      about: "Sets a cookie.",
      ...SET,
      errors: { invalidInput: NO_NAME },
      run: (call) => set(call, {}),
    },
    checkSessionCookie: {
      about: "Reads a cookie that is a user's. False without one.",
      ...CHECK,
      inputs: {
        ...CHECK.inputs,
        resolveToUser: known("Whether the flow goes on for that user. Default: on.", "unverified"),
      },
      run: (call) => check(call, true),
    },
    checkSessionCookieWithoutUser: {
      about: "Reads a cookie. False without one.",
      ...CHECK,
      run: (call) => check(call, false),
    },
  } satisfies Readonly<Record<string, Capability>>,
});

function set(call: Call, own: Readonly<Record<string, unknown>>): Effect {
  const { properties, services, scope, context, flow } = call;
  const name = textProperty(call, "cookieName") || DEFAULT_NAME;
  if (!NAME.test(name)) return fail("invalidInput", "The name cannot be that of a cookie.");
  const wanted = numberOf(properties.cookieExpiresInSeconds) ?? DEFAULT_SECONDS;
  const seconds = Math.floor(Math.min(Math.max(wanted, 1), MAX_SECONDS));
  const claims = {
    ...Object.fromEntries(
      namedValuesOf(properties.claimsNameValuePairsSessionCookie).map(({ name: claim, value, entry }) => [
        claim,
        inDataType(value, entry.type),
      ]),
    ),
    ip: textOf(scope.global.ip),
    userAgent: textOf(scope.global.userAgent),
    flowId: flow.id,
    client_id: context.application.id,
    signCookie: switchOf(properties.signCookie) === true,
    createdDate: Math.floor(services.clock() / 1000),
    cookieExpiresInSeconds: seconds,
    loa: 1,
    ...own,
  };
  call.setCookie({ name, value: services.cookies.issue(name, claims, seconds), seconds });
  return { kind: "success", output: {} };
}

function check(call: Call, isOfUser: boolean): Effect {
  const { properties, services, scope } = call;
  const name = textProperty(call, "cookieName") || DEFAULT_NAME;
  const none = () => fail("noSessionCookie", "There is no such session cookie.", { status: 404 });
  const value = call.cookie(name);
  const claims = value === undefined ? undefined : services.cookies.find(name, value);
  if (!claims) return none();
  if (switchOf(properties.enforceClientIP) === true && claims.ip !== scope.global.ip) return none();
  if (switchOf(properties.enforceFlowIdMatch) === true && claims.flowId !== call.flow.id) return none();
  if (isOfUser) {
    const user = services.users.findById(textOf(claims.userId));
    if (user?.enabled !== true) return none();
    if (switchOf(properties.resolveToUser) !== false) call.identify(user.id);
  }
  return { kind: "success", output: { claims } };
}
