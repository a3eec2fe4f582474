/**
 * Behaviours that differ between PingOne tenants, or that PingOne has announced for a date. Each can be set at run time;
 * the defaults are what a new tenant does today.
 */
import { z } from "zod";

export const switchesSchema = z.strictObject({
  /** What `resource` (RFC 8707) does, which PingOne documents nowhere; all three have been reported. */
  resourceParam: z.enum(["ignore", "reject-with-openid", "honour"]),
  /** Turns on everything that PingOne has announced for that date. */
  platformDate: z.enum(["today", "2027-03-02"]),
  /** Header `typ` of access tokens. */
  atTyp: z.enum(["none", "at+jwt"]),
  /** `application`: what the application's `refreshTokenType` says. */
  refreshTokenType: z.enum(["application", "OPAQUE_TOKEN", "JSON_WEB_TOKEN"]),
  /** Applications that still ask for JWT refresh tokens get an error. */
  opaqueRefreshTokensOnly: z.boolean(),
  /** `policy`: keys of a Key Rotation Policy, rolled every 90 days, the next one published ahead. */
  keyRotation: z.enum(["manual", "policy"]),
  /** PingOne does not keep the order of the request. */
  scopeOrder: z.enum(["resource-first", "shuffled", "requested"]),
  /** Overrides `accessTokenValiditySeconds` of every resource, even below PingOne's minimum of 300. */
  accessTokenTtlSeconds: z.int().min(1).max(2_592_000).nullable(),
  /** PingOne's own value is not documented. */
  codeTtlSeconds: z.int().min(1).max(600),
  /** Each of these overrides an attribute of every application, unless null. */
  refreshTokenGrant: z.boolean().nullable(),
  offlineAccessGrant: z.boolean().nullable(),
  replayProtection: z.boolean().nullable(),
  gracePeriodSeconds: z.int().min(0).max(86_400).nullable(),
  multipleResources: z.boolean().nullable(),
});

export type Switches = Readonly<z.infer<typeof switchesSchema>>;

const DEFAULTS: Switches = {
  resourceParam: "ignore",
  platformDate: "today",
  atTyp: "none",
  refreshTokenType: "application",
  opaqueRefreshTokensOnly: false,
  keyRotation: "manual",
  scopeOrder: "resource-first",
  accessTokenTtlSeconds: null,
  codeTtlSeconds: 60,
  refreshTokenGrant: null,
  offlineAccessGrant: null,
  replayProtection: null,
  gracePeriodSeconds: null,
  multipleResources: null,
};

export interface SwitchBoard {
  /** What holds, after `platformDate` is applied. */
  readonly current: Switches;
  /** @throws {Error} listing the valid names, or the valid values of a name. */
  set(switches: Readonly<Record<string, unknown>>): void;
  reset(): void;
}

export function createSwitchBoard(): SwitchBoard {
  let chosen = DEFAULTS;
  return {
    get current(): Switches {
      if (chosen.platformDate === "today") return chosen;
      return { ...chosen, atTyp: "at+jwt", opaqueRefreshTokensOnly: true, keyRotation: "policy" };
    },
    set(switches) {
      for (const name of Object.keys(switches)) {
        if (!Object.hasOwn(DEFAULTS, name)) {
          throw new Error(
            `There is no switch "${name}". Valid names are: ${Object.keys(DEFAULTS).join(", ")}.`,
          );
        }
      }
      const parsed = switchesSchema.partial().safeParse(switches);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new Error(`Switch ${String(issue?.path[0])}: ${issue?.message}.`);
      }
      chosen = { ...chosen, ...(parsed.data as Partial<Switches>) };
    },
    reset() {
      chosen = DEFAULTS;
    },
  };
}
