/**
 * The people of the PingOne environment: read from a fixture in the shape of the Management API's users, then changed
 * by sign-on, registration and password reset. Passwords are kept as salted hashes only.
 *
 * Deliberately not modelled: password history and any other password policy.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import {
  hashPassword,
  isPassword,
  LOCKOUT_FAILURES,
  LOCKOUT_SECONDS,
  lock,
  meetsPolicy,
  noPassword,
  type PasswordStatus,
  storedPassword,
  unlock,
} from "./passwords.ts";
import {
  changeProfile,
  customAttributesOf,
  type ProfileFault,
  storedProfile,
  type User,
  type UserFixture,
  userFixture,
  userProfile,
} from "./user-profile.ts";

export { customAttributesOf, type User, type UserFixture, userFixture } from "./user-profile.ts";

const storedUser = z.object({ profile: storedProfile, password: storedPassword });
const usersSnapshot = z.array(storedUser);
type StoredUser = z.infer<typeof storedUser>;

/** What PingOne says about a password, in the words of its password status. */
type PasswordOutcome =
  | { readonly status: "OK" | "MUST_CHANGE_PASSWORD" | "PASSWORD_EXPIRED" | "DISABLED" | "ACCOUNT_LOCKED" }
  | { readonly status: "INVALID"; readonly failuresRemaining: number }
  | { readonly status: "PASSWORD_LOCKED_OUT"; readonly secondsUntilUnlock: number | undefined };

export type ChangeUserOutcome =
  | { readonly kind: "done"; readonly user: User }
  | { readonly kind: "username-taken" }
  | { readonly kind: "refused"; readonly fault: ProfileFault }
  | { readonly kind: "password-refused" };

interface NewUser {
  readonly username: string;
  /** By path, as in {@link UserStore.update}. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Without one nobody can sign on with a password. */
  readonly password?: string | undefined;
  /** Default: the e-mail address is still to be verified. */
  readonly lifecycle?: User["lifecycle"]["status"];
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
    if (!isPassword(user.password, password)) return this.#countFailure(user);
    if (user.password.failures > 0) {
      user.password.failures = 0;
      this.#changed();
    }
    const status = barOf(user.profile) ?? user.password.status;
    return { status: status === "NO_PASSWORD" ? "OK" : status };
  }

  /** False: the password does not meet the policy, or is the one in use. */
  setPassword(
    id: string,
    password: string,
    { mustChange = false, bypassPolicy = false }: { mustChange?: boolean; bypassPolicy?: boolean } = {},
  ): boolean {
    const user = this.#current(id);
    if (!user || password === "") return false;
    if (!bypassPolicy && (!meetsPolicy(password) || isPassword(user.password, password))) return false;
    user.password = hashPassword(password, mustChange ? "MUST_CHANGE_PASSWORD" : "OK");
    this.#touch(user);
    return true;
  }

  /** As five wrong passwords do. */
  lockPassword(id: string): void {
    const user = this.#users.get(id);
    if (!user || user.password.hash === null) return;
    lock(user.password, this.#clock());
    this.#changed();
  }

  /** Of a locked account, and of a password that was locked by wrong entries. */
  unlock(id: string): void {
    const user = this.#users.get(id);
    if (!user) return;
    user.profile.account = { canAuthenticate: true, status: "OK" };
    unlock(user.password);
    this.#touch(user);
  }

  passwordStatusOf(id: string): PasswordStatus | undefined {
    return this.#current(id)?.password.status;
  }

  /** Registers a person. */
  create({
    username,
    attributes = {},
    password,
    lifecycle = "VERIFICATION_REQUIRED",
  }: NewUser): ChangeUserOutcome {
    const now = new Date(this.#clock()).toISOString();
    const blank: User = {
      ...userProfile.parse({ id: randomUUID(), username: "new", createdAt: now, updatedAt: now }),
      lifecycle: { status: lifecycle },
      customAttributes: {},
    };
    const changed = changeProfile(blank, { ...attributes, username });
    if (changed.kind === "refused") return changed;
    if (this.#isTaken(username)) return { kind: "username-taken" };
    if (password !== undefined && !meetsPolicy(password)) return { kind: "password-refused" };
    const { profile } = changed;
    const stored = { profile, password: password === undefined ? noPassword() : hashPassword(password) };
    this.#users.set(profile.id, stored);
    this.#changed();
    return { kind: "done", user: profile };
  }

  /** Writes attributes by path, such as `name.given`; `null` clears one. Nothing is written when one is refused. */
  update(id: string, changes: Readonly<Record<string, unknown>>): ChangeUserOutcome | undefined {
    const user = this.#users.get(id);
    if (!user) return undefined;
    const changed = changeProfile(user.profile, changes);
    if (changed.kind === "refused") return changed;
    const { username, email } = changed.profile;
    if (this.#isTaken(username, id)) return { kind: "username-taken" };
    // What was verified is the former address.
    if (email !== user.profile.email) changed.profile.emailVerified = false;
    user.profile = changed.profile;
    this.#touch(user);
    return { kind: "done", user: user.profile };
  }

  /** False: there is no such user. */
  delete(id: string): boolean {
    const isDeleted = this.#users.delete(id);
    if (isDeleted) this.#changed();
    return isDeleted;
  }

  /** Ends VERIFICATION_REQUIRED: the person holds the e-mail address. */
  verify(id: string): void {
    const user = this.#users.get(id);
    if (!user) return;
    user.profile.lifecycle.status = "ACCOUNT_OK";
    user.profile.emailVerified = true;
    this.#touch(user);
  }

  setMfaEnabled(id: string, mfaEnabled: boolean): void {
    const user = this.#users.get(id);
    if (!user) return;
    user.profile.mfaEnabled = mfaEnabled;
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
      unlock(user.password);
    }
    return user;
  }

  #countFailure({ password }: StoredUser): PasswordOutcome {
    password.failures += 1;
    const failuresRemaining = LOCKOUT_FAILURES - password.failures;
    if (failuresRemaining <= 0) lock(password, this.#clock());
    this.#changed();
    return failuresRemaining > 0
      ? { status: "INVALID", failuresRemaining }
      : { status: "PASSWORD_LOCKED_OUT", secondsUntilUnlock: LOCKOUT_SECONDS };
  }

  /** Whatever the letter case. */
  #isTaken(username: string, exceptId?: string): boolean {
    const wanted = username.trim().toLowerCase();
    return this.list().some((user) => user.id !== exceptId && user.username.toLowerCase() === wanted);
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
  const { password, about: _, devices: __, ...attributes } = structuredClone(fixture);
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
