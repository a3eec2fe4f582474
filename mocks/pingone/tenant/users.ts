/**
 * The people of the PingOne environment: read from a fixture in the shape of the Management API's users, then changed
 * by sign-on, registration and password reset. Passwords are kept as salted hashes only.
 *
 * Deliberately not modelled: populations, MFA devices, password history and any other password policy.
 */
import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

/** A default-ish PingOne password policy: five failures lock the password for a quarter of an hour. */
const LOCKOUT_FAILURES = 5;
const LOCKOUT_SECONDS = 15 * 60;
const MINIMUM_PASSWORD_LENGTH = 8;
const MAXIMUM_PASSWORD_LENGTH = 255;

const passwordStatus = z.enum([
  "OK",
  "MUST_CHANGE_PASSWORD",
  "PASSWORD_EXPIRED",
  "PASSWORD_LOCKED_OUT",
  "NO_PASSWORD",
]);

const userProfile = z.object({
  id: z.uuid(),
  username: z
    .string()
    .min(1)
    .max(128)
    // What a person types is trimmed, so such a user could not be found.
    .regex(/^\S(?:[\s\S]*\S)?$/, "begins or ends with a blank; remove it")
    .describe("Unique, whatever its letter case."),
  email: z.email().optional(),
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
  })
  .catchall(z.unknown())
  .describe("One of GET /v1/environments/{id}/users, with a password");

const storedProfile = userProfile.extend({
  /** Attributes that the emulator knows only by name, for `${user.<name>}`. */
  customAttributes: z.record(z.string(), z.unknown()).default({}),
});

const storedUser = z.object({
  profile: storedProfile,
  password: z.object({
    salt: z.string(),
    hash: z.string().nullable(),
    status: passwordStatus,
    failures: z.number().int().nonnegative(),
    /** Epoch milliseconds; null with PASSWORD_LOCKED_OUT means until somebody unlocks it. */
    lockedUntil: z.number().nullable(),
  }),
});
const usersSnapshot = z.array(storedUser);

/** A user as the Management API shows one, without the password. */
export type User = z.infer<typeof storedProfile>;
export type UserFixture = z.input<typeof userFixture>;
type StoredUser = z.infer<typeof storedUser>;

/** What PingOne says about a password, in the words of its password status. */
type PasswordOutcome =
  | { readonly status: "OK" | "MUST_CHANGE_PASSWORD" | "PASSWORD_EXPIRED" | "DISABLED" | "ACCOUNT_LOCKED" }
  | { readonly status: "INVALID"; readonly failuresRemaining: number }
  | { readonly status: "PASSWORD_LOCKED_OUT"; readonly secondsUntilUnlock: number | undefined };

type CreateUserOutcome =
  | { readonly kind: "created"; readonly user: User }
  | { readonly kind: "username-taken" }
  | { readonly kind: "invalid-email" }
  | { readonly kind: "password-refused" };

interface NewUser {
  readonly email: string;
  readonly given: string;
  readonly family: string;
  readonly password: string;
}

export interface UserStoreOptions {
  readonly clock: Clock;
  /** Told after every change that a snapshot would show. */
  readonly onChange?: () => void;
}

/** The users of the emulator. */
export class UserStore {
  readonly #users = new Map<string, StoredUser>();
  readonly #fixture: readonly z.output<typeof userFixture>[];
  /** As given, with the password in clear text, by id. */
  readonly #accounts = new Map<string, z.output<typeof userFixture>>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor(fixture: readonly UserFixture[], { clock, onChange = () => {} }: UserStoreOptions) {
    this.#fixture = z.array(userFixture).parse(fixture);
    this.#clock = clock;
    this.#changed = onChange;
    this.#fill();
  }

  findById(id: string): User | undefined {
    return this.#users.get(id)?.profile;
  }

  /** By username, else by e-mail address; letter case does not count. */
  findByLogin(
    login: string,
    by: readonly ("username" | "email")[] = ["username", "email"],
  ): User | undefined {
    const wanted = login.trim().toLowerCase();
    for (const key of by) {
      const [found, other] = this.list().filter((user) => user[key]?.toLowerCase() === wanted);
      // PingOne lets users share an address. A lookup that finds several has not identified anybody.
      if (found && !other) return found;
    }
    return undefined;
  }

  list(): readonly User[] {
    return [...this.#users.values()].map(({ profile }) => profile);
  }

  /**
   * The users of fixture and seeds with the passwords that sign in as long as nobody changes them. TEST ONLY. Of users
   * that a snapshot brought, nobody knows the password.
   */
  get testAccounts() {
    return [...this.#accounts.values()]
      .filter(({ id, username }) => this.#users.get(id)?.profile.username === username)
      .map(({ id, username, password, about }) => ({ id, username, password: password.value ?? "", about }));
  }

  /** For developers: why this user cannot sign on, or `OK`. */
  stateOf(id: string): string {
    const user = this.#current(id);
    if (!user) return "UNKNOWN";
    const { profile, password } = user;
    const barred = barOf(profile) ?? (password.status === "OK" ? undefined : password.status);
    return barred ?? (profile.lifecycle.status === "ACCOUNT_OK" ? "OK" : profile.lifecycle.status);
  }

  /** Seconds until a locked password unlocks by itself; undefined when it is not locked or never unlocks. */
  secondsUntilUnlock(id: string): number | undefined {
    const until = this.#current(id)?.password.lockedUntil ?? undefined;
    return until === undefined ? undefined : Math.ceil((until - this.#clock()) / 1000);
  }

  /** Counts failures and locks the password after {@link LOCKOUT_FAILURES}. */
  checkPassword(id: string, password: string): PasswordOutcome {
    const user = this.#current(id);
    if (!user) return { status: "INVALID", failuresRemaining: 0 };
    if (user.password.status === "PASSWORD_LOCKED_OUT") {
      return { status: "PASSWORD_LOCKED_OUT", secondsUntilUnlock: this.secondsUntilUnlock(id) };
    }
    if (!matches(user, password)) return this.#countFailure(user);
    if (user.password.failures > 0) {
      user.password.failures = 0;
      this.#changed();
    }
    const status = barOf(user.profile) ?? user.password.status;
    return { status: status === "NO_PASSWORD" ? "OK" : status };
  }

  /** False: the password does not meet the policy, or is the one in use. */
  setPassword(id: string, password: string): boolean {
    const user = this.#current(id);
    if (!user || !meetsPolicy(password) || matches(user, password)) return false;
    user.password = hashPassword(password);
    this.#touch(user);
    return true;
  }

  /** Registers a person whose username is the e-mail address and whose address is still to be verified. */
  create({ email, given, family, password }: NewUser): CreateUserOutcome {
    if (!z.email().safeParse(email).success) return { kind: "invalid-email" };
    if (this.findByLogin(email)) return { kind: "username-taken" };
    if (!meetsPolicy(password)) return { kind: "password-refused" };
    const now = new Date(this.#clock()).toISOString();
    const profile = storedProfile.parse({
      id: randomUUID(),
      username: email,
      email,
      name: { given, family },
      enabled: true,
      lifecycle: { status: "VERIFICATION_REQUIRED" },
      createdAt: now,
      updatedAt: now,
    });
    this.#users.set(profile.id, { profile, password: hashPassword(password) });
    this.#changed();
    return { kind: "created", user: profile };
  }

  /** Ends VERIFICATION_REQUIRED. */
  verify(id: string): void {
    const user = this.#users.get(id);
    if (!user) return;
    user.profile.lifecycle.status = "ACCOUNT_OK";
    this.#touch(user);
  }

  setEnabled(id: string, enabled: boolean): void {
    const user = this.#users.get(id);
    if (!user) return;
    user.profile.enabled = enabled;
    this.#touch(user);
  }

  /** Adds a user, or puts it in the place of the one with its id. Gone at {@link reset}. */
  seed(fixture: UserFixture): User {
    const parsed = userFixture.parse(fixture);
    const stored = fromFixture(parsed, this.#clock());
    this.#users.set(parsed.id, stored);
    this.#accounts.set(parsed.id, parsed);
    this.#changed();
    return stored.profile;
  }

  /** Makes these users, and no others, members of the group. */
  setMembers(groupId: string, userIds: readonly string[]): void {
    for (const { profile } of this.#users.values()) {
      const others = profile.memberOfGroups.filter(({ id }) => id !== groupId);
      profile.memberOfGroups = userIds.includes(profile.id) ? [...others, { id: groupId }] : others;
    }
    this.#changed();
  }

  snapshot(): StoredUser[] {
    return structuredClone([...this.#users.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of users. */
  restore(state: unknown): void {
    const restored = usersSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of users: ${z.prettifyError(restored.error)}`);
    this.#users.clear();
    for (const user of restored.data) this.#users.set(user.profile.id, user);
  }

  /** Back to the fixture. */
  reset(): void {
    this.#fill();
    this.#changed();
  }

  #fill(): void {
    this.#users.clear();
    this.#accounts.clear();
    for (const user of this.#fixture) {
      this.#users.set(user.id, fromFixture(user, this.#clock()));
      this.#accounts.set(user.id, user);
    }
  }

  /** A lock ends by itself, as at PingOne. */
  #current(id: string): StoredUser | undefined {
    const user = this.#users.get(id);
    const until = user?.password.lockedUntil ?? undefined;
    if (user && until !== undefined && until <= this.#clock()) {
      Object.assign(user.password, { status: "OK", failures: 0, lockedUntil: null });
    }
    return user;
  }

  #countFailure({ password }: StoredUser): PasswordOutcome {
    password.failures += 1;
    const failuresRemaining = LOCKOUT_FAILURES - password.failures;
    if (failuresRemaining <= 0) {
      password.status = "PASSWORD_LOCKED_OUT";
      password.lockedUntil = this.#clock() + LOCKOUT_SECONDS * 1000;
    }
    this.#changed();
    return failuresRemaining > 0
      ? { status: "INVALID", failuresRemaining }
      : { status: "PASSWORD_LOCKED_OUT", secondsUntilUnlock: LOCKOUT_SECONDS };
  }

  #touch({ profile }: StoredUser): void {
    profile.updatedAt = new Date(this.#clock()).toISOString();
    this.#changed();
  }
}

/** Why the user may not sign on even with the right password. */
function barOf({ enabled, account }: User): "DISABLED" | "ACCOUNT_LOCKED" | undefined {
  if (!enabled) return "DISABLED";
  return account.status === "LOCKED" || !account.canAuthenticate ? "ACCOUNT_LOCKED" : undefined;
}

function fromFixture(fixture: z.output<typeof userFixture>, now: number): StoredUser {
  const { password, about: _, ...attributes } = structuredClone(fixture);
  const profile: User = {
    ...userProfile.parse(attributes),
    customAttributes: customAttributesOf(attributes),
  };
  if (password.value === undefined) return { profile, password: noPassword() };
  const { secondsUntilUnlock, status } = password;
  const lockedUntil = secondsUntilUnlock === undefined ? null : now + secondsUntilUnlock * 1000;
  return {
    profile,
    password: {
      ...hashPassword(password.value),
      status,
      lockedUntil: status === "PASSWORD_LOCKED_OUT" ? lockedUntil : null,
    },
  };
}

/** What a user of the fixture has beside the attributes known here. Names such as `_links` are no attributes. */
export function customAttributesOf(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = Object.keys(userFixture.shape);
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => !known.includes(name) && /^[A-Za-z]/.test(name)),
  );
}

function noPassword(): StoredUser["password"] {
  return { salt: "", hash: null, status: "NO_PASSWORD", failures: 0, lockedUntil: null };
}

/** A low cost, because these are test passwords: it only keeps clear text out of snapshots. */
function derive(password: string, salt: string): Buffer {
  return scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
}

function hashPassword(password: string): StoredUser["password"] {
  const salt = randomBytes(16).toString("base64url");
  const hash = derive(password, salt).toString("base64url");
  return { salt, hash, status: "OK", failures: 0, lockedUntil: null };
}

function matches(user: StoredUser, password: string): boolean {
  const { hash, salt } = user.password;
  return hash !== null && timingSafeEqual(Buffer.from(hash, "base64url"), derive(password, salt));
}

/** PingOne's "Standard" password policy: length, and one each of lower case, upper case, digit and special. */
function meetsPolicy(password: string): boolean {
  if (password.length < MINIMUM_PASSWORD_LENGTH || password.length > MAXIMUM_PASSWORD_LENGTH) return false;
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].every((kind) => kind.test(password));
}
