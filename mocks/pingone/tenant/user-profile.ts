/** The attributes of a user, in the shape of the Management API, and changes to them by flows. */
import { z } from "zod";
import { deviceFixture } from "./device-schema.ts";
import { passwordStatus } from "./passwords.ts";

export const userProfile = z.object({
  id: z.uuid(),
  username: z
    .string()
    .min(1)
    .max(128)
    // What a person types is trimmed, so such a user could not be found.
    .regex(/^\S(?:[\s\S]*\S)?$/, "begins or ends with a blank; remove it")
    .describe("Unique, whatever its letter case."),
  email: z.email().optional(),
  emailVerified: z.boolean().optional(),
  name: z
    .object({
      given: z.string().optional(),
      family: z.string().optional(),
      middle: z.string().optional(),
      formatted: z.string().optional(),
      honorificPrefix: z.string().optional(),
      honorificSuffix: z.string().optional(),
    })
    .default({}),
  address: z
    .object({
      streetAddress: z.string().optional(),
      locality: z.string().optional(),
      region: z.string().optional(),
      postalCode: z.string().optional(),
      countryCode: z.string().optional(),
    })
    .optional(),
  primaryPhone: z.string().optional(),
  population: z
    .object({ id: z.string().min(1) })
    .optional()
    .describe("One of populations.json, by id."),
  enabled: z.boolean().default(true),
  mfaEnabled: z.boolean().default(false),
  account: z
    .object({ canAuthenticate: z.boolean().default(true), status: z.enum(["OK", "LOCKED"]).default("OK") })
    .default({ canAuthenticate: true, status: "OK" }),
  lifecycle: z
    .object({ status: z.enum(["ACCOUNT_OK", "VERIFICATION_REQUIRED"]) })
    .default({ status: "ACCOUNT_OK" }),
  memberOfGroups: z
    .array(z.object({ id: z.string().min(1) }))
    .default([])
    .describe("Groups of groups.json, by id."),
  createdAt: z.iso.datetime().default("2026-01-01T00:00:00.000Z"),
  updatedAt: z.iso.datetime().default("2026-01-01T00:00:00.000Z"),
});

/** One user of the fixture. Attributes beside these are kept for attribute mappings. */
export const userFixture = userProfile
  .extend({
    about: z.string().default("").describe("What to use this test user for. Not an attribute of PingOne."),
    password: z
      .object({
        value: z
          .string()
          .min(1)
          .optional()
          .describe("TEST ONLY. Without one nobody can sign on with a password."),
        status: passwordStatus.default("OK"),
        secondsUntilUnlock: z.int().positive().optional(),
      })
      .default({ status: "OK" }),
    devices: z
      .array(deviceFixture)
      .default([])
      .describe(
        "MFA devices, as GET .../users/{id}/devices shows them; the first active one is the default.",
      ),
  })
  .catchall(z.unknown())
  .describe("One of GET /v1/environments/{id}/users, with a password");

export const storedProfile = userProfile.extend({
  /** Attributes that the emulator knows only by name, for `${user.<name>}`. */
  customAttributes: z.record(z.string(), z.unknown()).default({}),
});

/** A user as the Management API shows one, without the password. */
export type User = z.infer<typeof storedProfile>;
export type UserFixture = z.input<typeof userFixture>;

/** What a user of the fixture has beside the attributes known here. Names such as `_links` are no attributes. */
export function customAttributesOf(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = Object.keys(userFixture.shape);
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => !known.includes(name) && /^[A-Za-z]/.test(name)),
  );
}

/** What flows cannot write: PingOne's own, or changed by requests of their own. */
const READ_ONLY: ReadonlySet<string> = new Set([
  "id",
  "environment",
  "account",
  "createdAt",
  "updatedAt",
  "emailVerified",
  "lifecycle",
  "mfaEnabled",
  "memberOfGroups",
  "memberOfGroupIDs",
  "memberOfGroupNames",
  "lastSignOn",
  "verifyStatus",
  "customAttributes",
  "password",
  "about",
  "devices",
]);

export function isWritableAttribute(path: string): boolean {
  return !READ_ONLY.has(path.split(".")[0] ?? "");
}

/** A user that flows have filled must still fit into a state file. In characters of JSON. */
const MAX_PROFILE = 100_000;

export type ProfileFault = {
  /** The attribute. */
  readonly target: string;
  readonly reason: string;
};

export type ChangedProfile =
  | { readonly kind: "changed"; readonly profile: User }
  | { readonly kind: "refused"; readonly fault: ProfileFault };

/**
 * The profile with other values at these paths, such as `address.locality`; `null` clears one. An object at a path takes
 * the place of what was there, as a PATCH of the Management API does.
 */
export function changeProfile(profile: User, changes: Readonly<Record<string, unknown>>): ChangedProfile {
  const { customAttributes, ...known } = structuredClone(profile);
  const all: Record<string, unknown> = { ...customAttributes, ...known };
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split(".");
    const fault = findPathFault(names);
    if (fault !== undefined) return { kind: "refused", fault: { target: path, reason: fault } };
    setAt(all, names, value);
  }
  const checked = userProfile.safeParse(all);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return {
      kind: "refused",
      fault: { target: issue?.path.join(".") ?? "", reason: issue?.message ?? "is invalid" },
    };
  }
  if (JSON.stringify(all).length > MAX_PROFILE) {
    const reason = `makes the user larger than ${MAX_PROFILE} characters`;
    return { kind: "refused", fault: { target: Object.keys(changes).join(", "), reason } };
  }
  return { kind: "changed", profile: { ...checked.data, customAttributes: customAttributesOf(all) } };
}

function findPathFault(names: readonly string[]): string | undefined {
  if (names.length > 5 || !names.every((name) => /^[A-Za-z][A-Za-z0-9_-]{0,255}$/.test(name))) {
    return "is no name of an attribute";
  }
  return isWritableAttribute(names[0] ?? "") ? undefined : "cannot be changed";
}

/** Own properties only, so that no name leads out of the user. */
function setAt(
  target: Record<string, unknown>,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    if (value === null || value === undefined) delete target[name];
    else target[name] = structuredClone(value);
    return;
  }
  const inner = Object.hasOwn(target, name) ? target[name] : undefined;
  const next = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? inner : {};
  target[name] = next;
  setAt(next as Record<string, unknown>, rest, value);
}
