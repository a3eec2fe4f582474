/** Passwords of users: kept as salted hashes, locked after too many failures, judged by PingOne's standard policy. */
import { z } from "zod";
import { hashSecret, isSecretOf } from "./secrets.ts";

/** A default-ish PingOne password policy: five failures lock the password for a quarter of an hour. */
export const LOCKOUT_FAILURES = 5;
export const LOCKOUT_SECONDS = 15 * 60;
const MINIMUM_LENGTH = 8;
const MAXIMUM_LENGTH = 255;

export const passwordStatus = z.enum([
  "OK",
  "MUST_CHANGE_PASSWORD",
  "PASSWORD_EXPIRED",
  "PASSWORD_LOCKED_OUT",
  "NO_PASSWORD",
]);
export type PasswordStatus = z.infer<typeof passwordStatus>;

export const storedPassword = z.object({
  salt: z.string(),
  hash: z.string().nullable(),
  status: passwordStatus,
  failures: z.number().int().nonnegative(),
  /** Epoch milliseconds; null with PASSWORD_LOCKED_OUT means until somebody unlocks it. */
  lockedUntil: z.number().nullable(),
});
export type StoredPassword = z.infer<typeof storedPassword>;

export function noPassword(): StoredPassword {
  return { salt: "", hash: null, status: "NO_PASSWORD", failures: 0, lockedUntil: null };
}

export function hashPassword(password: string, status: PasswordStatus = "OK"): StoredPassword {
  return { ...hashSecret(password), status, failures: 0, lockedUntil: null };
}

export function isPassword({ salt, hash }: StoredPassword, offered: string): boolean {
  return hash !== null && isSecretOf({ salt, hash }, offered);
}

/** Until {@link LOCKOUT_SECONDS} from now. */
export function lock(password: StoredPassword, now: number): void {
  password.status = "PASSWORD_LOCKED_OUT";
  password.lockedUntil = now + LOCKOUT_SECONDS * 1000;
}

/** Not of a password that is not locked, nor of one that is missing. */
export function unlock(password: StoredPassword): void {
  if (password.status === "PASSWORD_LOCKED_OUT") password.status = "OK";
  Object.assign(password, { failures: 0, lockedUntil: null });
}

/** PingOne's "Standard" password policy: length, and one each of lower case, upper case, digit and special. */
export function meetsPolicy(password: string): boolean {
  if (password.length < MINIMUM_LENGTH || password.length > MAXIMUM_LENGTH) return false;
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].every((kind) => kind.test(password));
}
