/** What the kit has to know of PingOne: its endpoints, verbs and faults, and what the journal may show of a request. */
import { z } from "zod";
import { verbsOf } from "../kit/control/verb.ts";
import { defineEmulator, type RequestLine } from "../kit/emulator.ts";
import { defineFault } from "../kit/faults/fault.ts";
import type { ObservedRequest } from "../kit/journal/observed-request.ts";
import type { LoginCredentials, LoginView } from "../kit/login.ts";
import { addedFlowOutput, addFlowInput, describeAdded } from "./davinci/files/flow-uploads.ts";
import { renderRun, renderRuns, runsSection } from "./davinci/run-page/pages.ts";
import { RUN_STYLE } from "./davinci/run-page/style.ts";
import type { PingOneEmulator } from "./emulator.ts";
import { flowEventsOutput, flowRunsOutput, requireEvents } from "./flow-runs.ts";
import { MFA_VERBS } from "./mfa-verbs.ts";
import { issueTokensInput } from "./mint.ts";
import {
  issuedTokensOutput,
  outboxOutput,
  refreshTokensOutput,
  seededAgreementOutput,
  seededApplicationOutput,
  seededGroupOutput,
  seededPopulationOutput,
  seededUserOutput,
} from "./outputs.ts";
import { type EndpointName, ROUTES } from "./routes.ts";
import { riskSchema } from "./tenant/risk.ts";
import {
  seedApplicationInput,
  seedConsentInput,
  seedGroupInput,
  seedPopulationInput,
  seedUserInput,
} from "./tenant/seed.ts";
import { seedAcceptanceInput, seedAgreementInput } from "./tenant/seed-agreements.ts";
import { switchesSchema } from "./tenant/switches.ts";
import { TOKEN_FAULT_NAMES, TOKEN_FAULTS, type TokenFault } from "./tokens/defects.ts";
import type { PingOneStateView } from "./verbs.ts";

export type RunningPingOne = Pick<
  PingOneEmulator,
  "admin" | "flows" | "log" | "mfa" | "runs" | "seed" | "snapshot" | "restore"
>;

const verb = verbsOf<RunningPingOne, PingOneStateView>();
/** What verbs that act on one user have in common. */
const ofUser = {
  input: z.strictObject({ user: z.string().min(1) }),
  inputFrom: (user: string) => ({ user }),
  answers: "count",
  output: z.int(),
};

export const PINGONE = defineEmulator({
  name: "pingone",
  title: "PingOne",
  endpoints: Object.fromEntries(
    ROUTES.map((route) => [route.endpoint, isAt(route.path, "isManagementApi" in route)]),
  ) as Record<EndpointName, (request: RequestLine) => boolean>,
  faults: Object.fromEntries(
    TOKEN_FAULT_NAMES.map((name) => [name, tokenFault(TOKEN_FAULTS[name].about)]),
  ) as Record<TokenFault, ReturnType<typeof tokenFault>>,
  verbs: {
    "flows.choose": verb({
      route: "POST /flow",
      about:
        "Binds a flow policy, by id or name, to an application (the main one by default), until reset; `acr_values` of a request goes before it.",
      input: z.strictObject({
        flow: z.string().min(1).meta({ title: "DaVinci flow" }),
        application: z.string().min(1).optional(),
      }),
      inputFrom: (flow: string, application?: string) => ({ flow, application }),
      form: {
        section: "Flow and keys",
        submit: "Choose this flow",
        choices: ({ flows }) => ({
          flow: flows.map(({ policyId, name }) => ({ value: policyId, text: name })),
        }),
        values: ({ flows }) => ({ flow: flows.find(({ bound }) => bound)?.policyId }),
      },
      run: ({ admin }, { flow, application }) => admin.chooseFlow(flow, application),
    }),
    "flows.add": verb({
      route: "POST /flows",
      about:
        "Adds a flow that DaVinci has exported, until reset, and says what a check finds in it; `choose` binds it to the main application.",
      input: addFlowInput,
      output: addedFlowOutput,
      takesFile: true,
      form: {
        section: "Flow and keys",
        submit: "Add this flow",
        describe: describeAdded,
      },
      run: async ({ admin, flows }, { choose = false, ...given }) => {
        const added = await flows.add(given);
        if (choose) admin.chooseFlow(added.policyId);
        return added;
      },
    }),
    "flows.runs": verb({
      route: "GET /flows/runs",
      about: "The runs of flows that the log keeps, oldest first, each with its result.",
      input: z.strictObject({}),
      answers: "runs",
      output: flowRunsOutput,
      run: ({ log }) => log.runs(),
    }),
    "flows.events": verb({
      route: "GET /flows/runs/events",
      about:
        "What happened in a run of a flow, oldest first: nodes with inputs, outputs and exits, screens, sub-flows, the end.",
      input: z.strictObject({ run: z.string().min(1) }),
      inputFrom: (run: string) => ({ run }),
      answers: "events",
      output: flowEventsOutput,
      run: ({ log }, { run }) => requireEvents(log, run),
    }),
    "keys.rotate": verb({
      route: "POST /keys/rotate",
      about: "Rotates to a new signing key; `drop` removes the old ones from the JWKS.",
      input: z.strictObject({ drop: z.boolean().optional().meta({ title: "Drop the old keys" }) }),
      answers: "kid",
      form: { section: "Flow and keys", submit: "Rotate the signing key" },
      output: z.string(),
      run: ({ admin }, { drop = false }) => admin.rotateKeys({ drop }),
    }),
    "seed.user": verb({
      route: "POST /seed/users",
      about:
        "Adds a user, who can sign on at once, until reset. One of the same id or user name is replaced.",
      input: seedUserInput,
      output: seededUserOutput,
      run: ({ seed }, user) => seed.user(user),
    }),
    "seed.application": verb({
      route: "POST /seed/applications",
      about: "Adds an OIDC application until reset; without an input, one with a new id and secret.",
      input: seedApplicationInput,
      output: seededApplicationOutput,
      run: ({ seed }, application) => seed.application(application),
    }),
    "seed.consent": verb({
      route: "POST /seed/consents",
      about: "Records that a user has accepted scopes of an application, so that a flow does not ask.",
      input: seedConsentInput,
      run: ({ seed }, consent) => seed.consent(consent),
    }),
    "seed.group": verb({
      route: "POST /seed/groups",
      about: "Adds a group, with its members, until reset.",
      input: seedGroupInput,
      output: seededGroupOutput,
      run: ({ seed }, group) => seed.group(group),
    }),
    "seed.population": verb({
      route: "POST /seed/populations",
      about: "Adds a population until reset. One of the same id or name is replaced.",
      input: seedPopulationInput,
      output: seededPopulationOutput,
      run: ({ seed }, population) => seed.population(population),
    }),
    "seed.agreement": verb({
      route: "POST /seed/agreements",
      about: "Adds an agreement in one language until reset. One of the same id or name is replaced.",
      input: seedAgreementInput,
      output: seededAgreementOutput,
      run: ({ seed }, agreement) => seed.agreement(agreement),
    }),
    "seed.acceptance": verb({
      route: "POST /seed/acceptances",
      about: "Records that a user has accepted an agreement, so that a flow does not ask.",
      input: seedAcceptanceInput,
      run: ({ seed }, acceptance) => seed.acceptance(acceptance),
    }),
    ...MFA_VERBS,
    issueTokens: verb({
      route: "POST /tokens",
      about: "Issues a user's tokens for an application without pages, as the token endpoint gives them.",
      input: issueTokensInput,
      output: issuedTokensOutput,
      run: ({ admin }, input) => admin.issueTokens(input),
    }),
    "outbox.messages": verb({
      route: "GET /outbox",
      about: "The e-mails with codes that flows have sent, oldest first; `to` is a user name or an address.",
      input: z.strictObject({ to: z.string().min(1).optional() }),
      answers: "messages",
      output: outboxOutput,
      run: ({ admin }, { to }) => admin.messages(to),
    }),
    "outbox.clear": verb({
      route: "DELETE /outbox",
      about: "Forgets the e-mails.",
      input: z.strictObject({}),
      run: ({ admin }) => admin.clearOutbox(),
    }),
    "tokens.listRefreshTokens": verb({
      route: "GET /tokens/refresh",
      about: "Valid refresh tokens, by user, client and scopes.",
      input: z.strictObject({}),
      answers: "tokens",
      output: refreshTokensOutput,
      run: ({ admin }) => admin.refreshTokens(),
    }),
    "tokens.expire": verb({
      ...ofUser,
      route: "POST /tokens/expire",
      about: "Makes the user's access tokens count as expired at userinfo and introspection.",
      button: "Expire tokens",
      run: ({ admin }, { user }) => admin.expireTokens(user),
    }),
    "tokens.revoke": verb({
      ...ofUser,
      route: "POST /tokens/revoke",
      about: "Revokes the user's access and refresh tokens.",
      button: "Revoke tokens",
      run: ({ admin }, { user }) => admin.revokeTokens(user),
    }),
    "sessions.end": verb({
      ...ofUser,
      route: "POST /sessions/end",
      about: "Ends the user's SSO sessions and their refresh tokens.",
      button: "End sessions",
      run: ({ admin }, { user }) => admin.endSession(user),
    }),
    "risk.set": verb({
      route: "POST /risk",
      about:
        "Sets what PingOne Protect answers in flows, until reset: rules as in `risk.json`, which go before those; an empty list removes them.",
      input: riskSchema,
      run: ({ admin }, rules) => admin.setRisk(rules),
    }),
    "switches.set": verb({
      route: "POST /switches",
      about: "Sets behaviours that differ between tenants and dates.",
      input: switchesSchema.partial(),
      form: {
        section: "Switches",
        about: "Behaviours of PingOne that differ between tenants and dates.",
        submit: "Set the switches",
        values: ({ switches }) => switches,
      },
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
    // The id of a sign-in that is under way is what its form is posted to; a link is worth what it answers.
    secretsInPaths: /(?<=\/(?:interactions|links)\/)[^/?#*]+/g,
  },
  page: {
    style: RUN_STYLE,
    pages: [
      { path: "/runs", render: ({ runs }: RunningPingOne) => renderRuns(runs) },
      { path: "/runs/:run", render: ({ runs }: RunningPingOne, { run = "" }) => renderRun(runs, run) },
    ],
    sections: ({ runs }: RunningPingOne) => [runsSection(runs)],
    facts: ({ issuer, signingKeyId, keyIds, flows }) => [
      ["Issuer", issuer],
      ["Signing key", signingKeyId],
      ["Keys in JWKS", String(keyIds.length)],
      ["DaVinci flow", flows.find(({ bound }) => bound)?.name ?? "none"],
    ],
    users: ({ users }) =>
      new Map(
        users.map(({ username, state, sessions, accessTokens, refreshTokens, consents, devices }) => [
          username,
          {
            State: state,
            Sessions: sessions,
            "Access tokens": accessTokens,
            "Refresh tokens": refreshTokens,
            Consents: consents,
            "MFA devices": devices.length,
          },
        ]),
      ),
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
  reset: ({ admin, flows }: RunningPingOne) => {
    flows.clear();
    return admin.reset();
  },
  snapshot: (pingone: RunningPingOne) => pingone.snapshot(),
  restore: (pingone: RunningPingOne, snapshot) => pingone.restore(snapshot),
});

/** @param route Below the environment's id, or from the root, with `:name` for any one segment. */
function isAt(route: string, isFromRoot: boolean): (request: RequestLine) => boolean {
  const pattern = new RegExp(
    `^${isFromRoot ? "" : "/[^/]+"}${route.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`,
  );
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
