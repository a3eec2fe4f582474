/**
 * Behaviours that differ between PingOne tenants, or that PingOne has announced for a date. Each can be set at run time;
 * the defaults are what a new tenant does today. Titles and hints are for the control page, descriptions for the documents.
 */
import { z } from "zod";
import { DEVICE_SELECTIONS } from "./mfa-policy.ts";

export const switchesSchema = z.strictObject({
  platformDate: z.enum(["today", "2027-03-02"]).meta({
    title: "Platform date",
    choices: { today: "today", "2027-03-02": "2 March 2027" },
    description:
      "everything that PingOne has announced for that date: `at+jwt`, opaque refresh tokens only, keys rolled by policy",
  }),
  resourceParam: z.enum(["ignore", "reject-with-openid", "honour"]).meta({
    title: "Parameter resource (RFC 8707)",
    choices: {
      ignore: "ignored",
      "reject-with-openid": "refused together with openid",
      honour: "sets the audience",
    },
    description:
      "what `resource` (RFC 8707) does, which PingOne documents nowhere; all three have been reported",
  }),
  ungrantedScopes: z.enum(["drop", "refuse"]).meta({
    title: "Scopes that are not granted",
    choices: { drop: "left out", refuse: "refused" },
    description:
      "what becomes of a requested scope that the application is not granted: left out as at PingOne, or `invalid_scope` for the whole request, which finds mistakes sooner",
  }),
  atTyp: z.enum(["application", "none", "at+jwt"]).meta({
    title: "Header typ of access tokens",
    choices: { application: "as the application says", none: "no typ", "at+jwt": "at+jwt" },
    description: "header `typ` of access tokens; overrides the application's own `includeTyp`",
  }),
  refreshTokenType: z.enum(["application", "OPAQUE_TOKEN", "JSON_WEB_TOKEN"]).meta({
    title: "Refresh tokens",
    choices: { application: "as the application says", OPAQUE_TOKEN: "opaque", JSON_WEB_TOKEN: "JWT" },
    description: "overrides the application's own `refreshTokenType`",
  }),
  opaqueRefreshTokensOnly: z.boolean().meta({
    title: "Opaque refresh tokens only",
    description:
      "an application that asks for JWT refresh tokens gets an error, and so does every JWT refresh token that arrives",
  }),
  oneRefreshTokenPerSession: z.boolean().meta({
    title: "One refresh token per session",
    description:
      "a sign-on replaces the refresh token that the same client has from an earlier one in the same session; an old README of Ping's JavaScript SDK says so, nothing newer does",
  }),
  keyRotation: z.enum(["manual", "policy"]).meta({
    title: "Key rotation",
    choices: { manual: "by hand", policy: "by policy" },
    description: "rolled every 90 days by the emulator's clock, the next key published ahead",
  }),
  scopeOrder: z.enum(["resource-first", "shuffled", "requested"]).meta({
    title: "Order of granted scopes",
    choices: { "resource-first": "resource scopes first", shuffled: "shuffled", requested: "as requested" },
    description: "order of the granted scopes; PingOne does not keep that of the request",
  }),
  accessTokenTtlSeconds: z.int().min(1).max(2_592_000).nullable().meta({
    title: "Access token lifetime, seconds",
    unset: "as the resource says",
    description:
      "overrides `accessTokenValiditySeconds` of every resource, even below PingOne's minimum of 300",
  }),
  codeTtlSeconds: z.int().min(1).max(600).meta({
    title: "Code lifetime, seconds",
    hint: "PingOne's own value is not documented.",
    description: "life of an authorization code; PingOne's own value is not documented",
  }),
  refreshTokenGrant: z.boolean().nullable().meta({
    title: "Refresh token grant",
    unset: "as the application says",
    description: "overrides the grant type REFRESH_TOKEN of every application",
  }),
  offlineAccessGrant: z.boolean().nullable().meta({
    title: "Scope offline_access granted",
    unset: "as the application says",
    description: "overrides whether `offline_access` is among the granted scopes",
  }),
  replayProtection: z.boolean().nullable().meta({
    title: "Additional replay protection",
    unset: "as the application says",
    description: "overrides `additionalRefreshTokenReplayProtectionEnabled` of every application",
  }),
  gracePeriodSeconds: z.int().min(0).max(86_400).nullable().meta({
    title: "Refresh grace period, seconds",
    unset: "as the application says",
    description: "overrides `refreshTokenRollingGracePeriodDuration` of every application",
  }),
  mfaDeviceSelection: z.enum(DEVICE_SELECTIONS).meta({
    title: "Choice among MFA devices",
    choices: {
      DEFAULT_TO_FIRST: "the first device",
      PROMPT_TO_SELECT: "the person chooses among several",
      ALWAYS_DISPLAY_DEVICES: "the person always chooses",
    },
    description:
      "`authentication.deviceSelection` of the MFA policy: which device an authentication uses that names none",
  }),
  multipleResources: z.boolean().nullable().meta({
    title: "Scopes of several resources",
    unset: "as the application says",
    description: "overrides `requestScopesForMultipleResourcesEnabled` of every application",
  }),
});

export type Switches = Readonly<z.infer<typeof switchesSchema>>;

export const DEFAULT_SWITCHES: Switches = {
  resourceParam: "ignore",
  platformDate: "today",
  ungrantedScopes: "drop",
  atTyp: "application",
  refreshTokenType: "application",
  opaqueRefreshTokensOnly: false,
  oneRefreshTokenPerSession: false,
  keyRotation: "manual",
  scopeOrder: "resource-first",
  accessTokenTtlSeconds: null,
  codeTtlSeconds: 60,
  refreshTokenGrant: null,
  offlineAccessGrant: null,
  replayProtection: null,
  gracePeriodSeconds: null,
  mfaDeviceSelection: "DEFAULT_TO_FIRST",
  multipleResources: null,
};

export class SwitchBoard {
  #chosen = DEFAULT_SWITCHES;

  /** What holds, after `platformDate` is applied. */
  get current(): Switches {
    if (this.#chosen.platformDate === "today") return this.#chosen;
    return { ...this.#chosen, atTyp: "at+jwt", opaqueRefreshTokensOnly: true, keyRotation: "policy" };
  }

  /** @throws {Error} listing the valid names, or the valid values of a name. */
  set(switches: Readonly<Record<string, unknown>>): void {
    const unknown = Object.keys(switches).find((name) => !Object.hasOwn(DEFAULT_SWITCHES, name));
    if (unknown !== undefined) {
      const valid = Object.keys(DEFAULT_SWITCHES).join(", ");
      throw new Error(`There is no switch "${unknown}". Valid names are: ${valid}.`);
    }
    const parsed = switchesSchema.partial().safeParse(switches);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new Error(`Switch ${String(issue?.path[0])}: ${issue?.message}.`);
    }
    this.#chosen = { ...this.#chosen, ...(parsed.data as Partial<Switches>) };
  }

  reset(): void {
    this.#chosen = DEFAULT_SWITCHES;
  }
}
