/** What the kit has to know of PingOne: its endpoints, verbs and faults, and what the journal may show of a request. */
import { z } from "zod";
import { verbsOf } from "../kit/control/verb.ts";
import { defineEmulator, type RequestLine } from "../kit/emulator.ts";
import { defineFault } from "../kit/faults/fault.ts";
import { labelFields, labelled } from "../kit/field-text.ts";
import type { ObservedRequest } from "../kit/journal/observed-request.ts";
import type { LoginCredentials, LoginView } from "../kit/login.ts";
import type { PingOneEmulator } from "./emulator.ts";
import { type EndpointName, ROUTES } from "./routes.ts";
import { SWITCH_TEXTS } from "./tenant/switch-texts.ts";
import { switchesSchema } from "./tenant/switches.ts";
import { TOKEN_FAULT_NAMES, TOKEN_FAULTS, type TokenFault } from "./tokens/defects.ts";
import type { PingOneStateView } from "./verbs.ts";

export type RunningPingOne = Pick<PingOneEmulator, "admin" | "snapshot">;

const verb = verbsOf<RunningPingOne, PingOneStateView>();
const nothing = z.strictObject({});
const userInput = z.strictObject({ user: z.string().min(1) });

export const PINGONE = defineEmulator({
  name: "pingone",
  title: "PingOne",
  endpoints: Object.fromEntries(ROUTES.map(({ endpoint, path }) => [endpoint, isAt(path)])) as Record<
    EndpointName,
    (request: RequestLine) => boolean
  >,
  faults: Object.fromEntries(
    TOKEN_FAULT_NAMES.map((name) => [name, tokenFault(TOKEN_FAULTS[name].about)]),
  ) as Record<TokenFault, ReturnType<typeof tokenFault>>,
  verbs: {
    chooseFlow: verb({
      method: "POST",
      path: "/flow",
      about: "Binds a flow policy, by id or name, to an application (the Worker's by default), until reset.",
      input: z.strictObject({
        flow: labelled(z.string().min(1), { label: "DaVinci flow" }),
        application: z.string().min(1).optional(),
      }),
      takes: ["flow", "application"],
      form: {
        section: "Flow and keys",
        submit: "Choose this flow",
        hidden: ["application"],
        choices: ({ flows }) => ({
          flow: flows.map(({ policyId, name }) => ({ value: policyId, text: name })),
        }),
        values: ({ flows }) => ({ flow: flows.find(({ bound }) => bound)?.policyId }),
      },
      run: ({ admin }, { flow, application }) => admin.chooseFlow(flow, application),
    }),
    rotateKeys: verb({
      method: "POST",
      path: "/keys/rotate",
      about: "A new signing key; `drop` takes the old ones out of the JWKS.",
      input: z.strictObject({
        drop: labelled(z.boolean().optional(), { label: "Drop the old keys" }),
      }),
      answers: "kid",
      form: { section: "Flow and keys", submit: "Rotate the signing key" },
      run: ({ admin }, { drop = false }) => admin.rotateKeys({ drop }),
    }),
    refreshTokens: verb({
      method: "GET",
      path: "/tokens/refresh",
      about: "Refresh tokens that are good now: whose they are and for which scopes.",
      input: nothing,
      answers: "tokens",
      run: ({ admin }) => admin.refreshTokens(),
    }),
    expireTokens: verb({
      method: "POST",
      path: "/tokens/expire",
      about: "The user's access tokens count as expired at userinfo and introspection.",
      input: userInput,
      takes: ["user"],
      answers: "count",
      button: { table: "Users", field: "user", text: "Expire tokens" },
      run: ({ admin }, { user }) => admin.expireTokens(user),
    }),
    revokeTokens: verb({
      method: "POST",
      path: "/tokens/revoke",
      about: "Revokes the user's access and refresh tokens.",
      input: userInput,
      takes: ["user"],
      answers: "count",
      button: { table: "Users", field: "user", text: "Revoke tokens" },
      run: ({ admin }, { user }) => admin.revokeTokens(user),
    }),
    endSession: verb({
      method: "POST",
      path: "/sessions/end",
      about: "Ends the user's SSO sessions and their refresh tokens.",
      input: userInput,
      takes: ["user"],
      answers: "count",
      button: { table: "Users", field: "user", text: "End sessions" },
      run: ({ admin }, { user }) => admin.endSession(user),
    }),
    setSwitches: verb({
      method: "POST",
      path: "/switches",
      about: "Sets behaviours that differ between tenants and dates.",
      input: labelFields(switchesSchema.partial(), SWITCH_TEXTS),
      form: { section: "Switches", submit: "Set the switches", values: ({ switches }) => switches },
      run: ({ admin }, switches) => admin.setSwitches(switches),
    }),
  },
  redaction: {
    shownParameters: [
      "acr_values",
      "actionKey",
      "buttonValue",
      "client_id",
      "code_challenge_method",
      "error",
      "grant_type",
      "iss",
      "login_hint",
      "max_age",
      "post_logout_redirect_uri",
      "prompt",
      "redirect_uri",
      "resource",
      "response_mode",
      "response_type",
      "scope",
      "step",
      "token_type_hint",
      "ui_locales",
      "username",
    ],
    // The id of a sign-in that is under way is what its form is posted to.
    secretsInPaths: /(?<=\/interactions\/)[^/?#*]+/g,
  },
  page: {
    sections: { Switches: "Behaviours of PingOne that differ between tenants and dates." },
    facts: ({ issuer, signingKeyId, keyIds, flows }) => [
      ["Issuer", issuer],
      ["Signing key", signingKeyId],
      ["Keys in JWKS", String(keyIds.length)],
      ["DaVinci flow", flows.find(({ bound }) => bound)?.name ?? "none"],
    ],
    tables: ({ users }) => [
      {
        title: "Users",
        columns: ["User", "State", "Sessions", "Access tokens", "Refresh tokens", "Consents"],
        rows: users.map(({ username, state, sessions, accessTokens, refreshTokens, consents }) => ({
          name: username,
          cells: [state, sessions, accessTokens, refreshTokens, consents],
        })),
      },
    ],
    usernames: ({ users }) => users.map(({ username }) => username),
  },
  // PingOne's wording is not verified.
  errorBody: (status) => ({
    id: crypto.randomUUID(),
    code: status === 429 ? "REQUEST_LIMITED" : "UNEXPECTED_ERROR",
    message: `The emulator was told to answer ${status}.`,
  }),
  readLogin: (request) => ({ stated: statedLogin(request), credentials: credentialsIn(request) }),
  loginOf: ({ admin }: RunningPingOne, credentials) => admin.loginOf(credentials),
  state: ({ admin }: RunningPingOne) => admin.describe(),
  reset: ({ admin }: RunningPingOne) => admin.reset(),
  snapshot: (pingone: RunningPingOne) => pingone.snapshot(),
});

/** @param route Below the environment's id, with `:name` for any one segment. */
function isAt(route: string): (request: RequestLine) => boolean {
  const pattern = new RegExp(`^/[^/]+${route.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`);
  return ({ path }) => pattern.test(path);
}

/** A defect that the token endpoint builds into the tokens it issues, or into its answer. */
function tokenFault(about: string) {
  return defineFault({ moment: "inside", about, endpoints: ["token"] });
}

function statedLogin({ query, form }: ObservedRequest): LoginView {
  return withoutEmpty({
    state: query.get("state") ?? form.get("state"),
    loginHint: query.get("login_hint") ?? form.get("login_hint"),
    username: form.get("username"),
    clientId: query.get("client_id") ?? form.get("client_id"),
  });
}

function credentialsIn({ path, form, headers }: ObservedRequest): LoginCredentials {
  const bearer = /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const token = form.get("token");
  return withoutEmpty({
    code: form.get("code"),
    refreshToken: form.get("refresh_token") ?? token,
    accessToken: bearer ?? token,
    interactionId: /\/davinci\/interactions\/([^/]+)$/.exec(path)?.[1],
  });
}

function withoutEmpty<K extends string>(
  values: Readonly<Record<K, string | null | undefined>>,
): { readonly [Name in K]?: string } {
  const present = Object.entries(values).filter(([, value]) => typeof value === "string" && value !== "");
  // `Object.entries` forgets the names of the keys.
  return Object.fromEntries(present) as { [Name in K]?: string };
}
