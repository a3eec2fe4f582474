/** What the connectors of PingOne share: finding the user that a node names, and answers in the shape of PingOne's API. */
import type { Environment } from "../../tenant/environment.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Effect, Known, Sureness } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { switchOf } from "./inputs.ts";

export function known(about: string, sure: Sureness): Known {
  return { about, sure };
}

/** A property as trimmed text; empty when it has no value. */
export function textProperty({ properties }: Call, name: string): string {
  return textOf(properties[name]).trim();
}

/** As it is: a password may begin or end with a blank. */
export function secretProperty({ properties }: Call, name: string): string {
  return textOf(properties[name]);
}

/** A toggle may be text when it comes from a binding. */
export function isOn({ properties }: Call, name: string): boolean {
  return switchOf(properties[name]) === true;
}

/** Entries such as `{ name, value }`, as editors of lists write them. */
export function listProperty({ properties }: Call, name: string): readonly Record<string, unknown>[] {
  const value = properties[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export const FIND_USER_INPUTS = {
  matchAttribute: known("`id` (default), `username` or `email`.", "documented"),
  identifier: known("The id, user name or address of the user.", "export"),
  userId: known("The user's id, in old exports in the place of identifier.", "export"),
} as const;

/** The user that `matchAttribute` and `identifier` name. */
export function findUser(call: Call): User | undefined {
  const identifier = textProperty(call, "identifier") || textProperty(call, "userId");
  return findUserBy(call, textProperty(call, "matchAttribute"), identifier);
}

/** @param attribute `id`, `username` or `email`; anything else is taken for `id`, PingOne's default. */
export function findUserBy({ services }: Call, attribute: string, identifier: string): User | undefined {
  const { users } = services;
  return attribute === "username" || attribute === "email"
    ? users.findByLogin(identifier, [attribute])
    : users.findById(identifier);
}

export const NOT_FOUND = known("There is no such user.", "export");

export function notFound(): Effect {
  return fail("notFound", "The requested user was not found.", { status: 404 });
}

interface Failure {
  /** Of PingOne's API. Default: 400. */
  readonly status?: number;
  /** `details` of PingOne's own error. */
  readonly details?: readonly Record<string, unknown>[];
}

/**
 * The node is false. The error holds PingOne's own one as exports read it:
 * `details[0].rawResponse.details[0].innerError`.
 */
export function fail(code: string, message: string, { status = 400, details = [] }: Failure = {}): Effect {
  const rawResponse = { code: status === 404 ? "NOT_FOUND" : "INVALID_DATA", message, details };
  return {
    kind: "failure",
    error: { code, message, httpResponseCode: status, details: [{ rawResponse, statusCode: status }] },
  };
}

/** The node is true. @param rawResponse What PingOne's API would answer. */
export function succeed(
  output: Record<string, unknown>,
  rawResponse: unknown = {},
  statusCode = 200,
): Effect {
  return { kind: "success", output: { ...output, rawResponse, headers: {}, statusCode } };
}

export const RAW_OUTPUTS = {
  rawResponse: known("The answer of PingOne's API.", "documented"),
  headers: known("Of that answer; always empty here.", "documented"),
  statusCode: known("Of that answer.", "documented"),
} as const;

export const USER_OUTPUTS = {
  user: known("The whole user, as the Management API shows one.", "documented"),
  ...RAW_OUTPUTS,
} as const;

/** A user as the Management API shows one. */
export function presentUser(
  { customAttributes, memberOfGroups: _, ...user }: User,
  { id }: Environment,
): Record<string, unknown> {
  return {
    ...customAttributes,
    emailVerified: user.lifecycle.status === "ACCOUNT_OK" && user.email !== undefined,
    identityProvider: { type: "PING_ONE" },
    verifyStatus: "NOT_INITIATED",
    ...user,
    environment: { id },
  };
}

/** The state of a password as `GET .../users/{id}/password` shows it. */
export function presentPasswordState({ services }: Call, userId: string): Record<string, unknown> {
  const { users, environment } = services;
  const user = users.findById(userId);
  return {
    environment: { id: environment.id },
    user: { id: userId },
    status: users.passwordStatusOf(userId) ?? "NO_PASSWORD",
    lastChangedAt: user?.updatedAt,
  };
}
