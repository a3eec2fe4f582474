/** The verbs of the control API on this emulator. Each names the valid names when it is given another. */

import type { LoginCredentials, LoginView } from "../kit/login.ts";
import { ControlRequestError, refusing } from "../kit/refusal.ts";
import type { PingOne } from "./oidc/context.ts";
import type { Application } from "./tenant/environment.ts";
import type { Switches } from "./tenant/switches.ts";
import type { Tenant } from "./tenant/tenant.ts";
import type { User } from "./tenant/users.ts";
import { loginOfGrant } from "./tokens/issue.ts";
import { findToken, isActive, type PresentedToken } from "./tokens/status.ts";
import { type Grant, hashOf } from "./tokens/store.ts";
import type { Tokens } from "./tokens/tokens.ts";

/**
 * Verbs of the control API on the PingOne emulator. A user is named by user name, e-mail or id, a flow by policy id or
 * flow name; each verb throws an Error that lists the valid names when it is given another.
 */
export interface PingOneAdmin {
  /** Counts and names only, never a token, code, secret or password. */
  describe(): PingOneStateView;
  loginOf(credentials: LoginCredentials): LoginView | undefined;
  /** Refresh tokens that are good now, whoever holds them. */
  refreshTokens(): readonly LiveRefreshToken[];
  /** A new signing key; the old public key stays in the JWKS (`drop: true` removes it). Returns the new `kid`. */
  rotateKeys(options?: { readonly drop?: boolean }): Promise<string>;
  /** From now on the user's access tokens count as expired at userinfo and introspection. Returns how many. */
  expireTokens(user: string): number;
  /** Revokes the user's access and refresh tokens. Returns how many. */
  revokeTokens(user: string): number;
  /** Ends the user's SSO sessions, and with them their refresh tokens. Returns how many. */
  endSession(user: string): number;
  /** Binds another flow policy to an application (default: the Worker's), until reset. */
  chooseFlow(flow: string, applicationId?: string): void;
  /** Behaviours that differ between tenants and dates (`resourceParam`, `atTyp`, `accessTokenTtlSeconds`...). */
  setSwitches(switches: Readonly<Record<string, unknown>>): void;
  /** Back to what the fixtures say; signing keys stay. */
  reset(): Promise<void>;
}

/** A refresh token by what it is good for; never the token itself. */
interface LiveRefreshToken {
  readonly username: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** ISO 8601, by the emulator's clock. */
  readonly expiresAt: string;
}

export interface PingOneStateView {
  readonly issuer: string;
  readonly signingKeyId: string;
  readonly keyIds: readonly string[];
  readonly switches: Switches;
  readonly flows: readonly { readonly policyId: string; readonly name: string; readonly bound: boolean }[];
  readonly users: readonly {
    readonly id: string;
    readonly username: string;
    readonly state: string;
    readonly sessions: number;
    readonly accessTokens: number;
    readonly refreshTokens: number;
    readonly consents: number;
  }[];
}

type PresentedRefreshToken = Extract<PresentedToken, { kind: "refresh_token" }>;

/** @param mainApplication The application of the Worker, or of whatever program the environment is for. */
export function createAdmin(pingone: PingOne, mainApplication: Application): PingOneAdmin {
  const { tenant, tokens, flows, signOns, pushedRequests } = pingone;
  const { store, signer } = tokens;

  const accessTokensOf = (user: User) =>
    [...store.accessTokens.values()].flatMap((token): PresentedToken[] => {
      const grant = store.grants.get(token.grantId ?? "");
      const presented: PresentedToken = { kind: "access_token", token, grant };
      return grant?.userId === user.id && isActive(tokens, presented) ? [presented] : [];
    });
  const refreshTokensOf = (user: User) =>
    [...store.refreshTokens.values()].flatMap((token): PresentedRefreshToken[] => {
      const grant = store.grants.get(token.grantId);
      if (grant?.userId !== user.id) return [];
      const presented: PresentedRefreshToken = { kind: "refresh_token", token, grant };
      return isActive(tokens, presented) ? [presented] : [];
    });
  const toLiveRefreshToken = ({ token, grant }: PresentedRefreshToken): LiveRefreshToken => ({
    username: tenant.users.findById(grant.userId)?.username ?? grant.userId,
    clientId: grant.clientId,
    scopes: grant.scopes,
    expiresAt: new Date(token.expiresAt).toISOString(),
  });
  const sessionsOf = (user: User) =>
    [...store.sessions.values()].filter(({ id, userId }) => userId === user.id && store.liveSession(id));

  return {
    describe: () => describeState(pingone, mainApplication, { accessTokensOf, refreshTokensOf, sessionsOf }),
    loginOf: (credentials) => loginOf(pingone, credentials),
    refreshTokens: () => tenant.users.list().flatMap(refreshTokensOf).map(toLiveRefreshToken),
    rotateKeys: (options) => signer.rotate(options),

    expireTokens(name) {
      const tokens = accessTokensOf(requireUser(tenant, name));
      for (const { token } of tokens) token.expiresAt = tenant.clock();
      store.changed();
      return tokens.length;
    },

    revokeTokens(name) {
      const user = requireUser(tenant, name);
      const tokens = [...accessTokensOf(user), ...refreshTokensOf(user)];
      for (const grant of store.grants.values()) if (grant.userId === user.id) grant.revoked = true;
      store.changed();
      return tokens.length;
    },

    endSession(name) {
      const sessions = sessionsOf(requireUser(tenant, name));
      for (const { id } of sessions) store.sessions.delete(id);
      store.changed();
      return sessions.length;
    },

    chooseFlow(flow, applicationId) {
      const application =
        applicationId === undefined ? mainApplication : requireApplication(tenant, applicationId);
      const { policyId } = refusing(() => flows.findFlow(flow));
      tenant.chosenPolicies.set(application.id, policyId);
    },

    setSwitches: (switches) => tenant.switches.set(switches),

    async reset() {
      tenant.switches.reset();
      tenant.chosenPolicies.clear();
      signOns.clear();
      pushedRequests.clear();
      flows.outbox.clear();
      tenant.users.reset();
      tenant.consents.reset();
      store.clear();
    },
  };
}

interface UserTokens {
  accessTokensOf(user: User): readonly unknown[];
  refreshTokensOf(user: User): readonly unknown[];
  sessionsOf(user: User): readonly unknown[];
}

function describeState(
  { tenant, tokens: { signer }, flows }: PingOne,
  mainApplication: Application,
  held: UserTokens,
): PingOneStateView {
  const assigned = tenant.environment.policiesOf(mainApplication.id);
  const bound = tenant.chosenPolicies.get(mainApplication.id) ?? assigned[0];
  return {
    issuer: signer.issuer,
    signingKeyId: signer.signingKeyId,
    keyIds: signer.keyIds,
    switches: tenant.switches.current,
    flows: flows.flows.map(({ policyId, name }) => ({ policyId, name, bound: policyId === bound })),
    users: tenant.users.list().map((user) => ({
      id: user.id,
      username: user.username,
      state: tenant.users.stateOf(user.id),
      sessions: held.sessionsOf(user).length,
      accessTokens: held.accessTokensOf(user).length,
      refreshTokens: held.refreshTokensOf(user).length,
      consents: tenant.consents.list(user.id).filter(({ status }) => status === "ACCEPTED").length,
    })),
  };
}

function requireUser(tenant: Tenant, name: string): User {
  const user = tenant.users.findById(name) ?? tenant.users.findByLogin(name);
  if (user) return user;
  const known = tenant.users.list().map(({ username }) => username);
  throw new ControlRequestError(`There is no user "${name}". Valid names are: ${known.join(", ")}.`);
}

function requireApplication(tenant: Tenant, id: string): Application {
  const application = tenant.environment.applications.find((candidate) => candidate.id === id);
  if (application) return application;
  const known = tenant.environment.applications.map((candidate) => candidate.id);
  throw new ControlRequestError(`There is no application "${id}". Valid ids are: ${known.join(", ")}.`);
}

function loginOf(pingone: PingOne, credentials: LoginCredentials): LoginView | undefined {
  const { tenant, tokens, signOns } = pingone;
  const grant = grantOf(tokens, credentials);
  if (grant) return loginOfGrant(tenant, grant);
  const { interactionId, sessionId } = credentials;
  const signOn = interactionId === undefined ? undefined : signOns.peek(interactionId);
  if (signOn) {
    const { request, interaction } = signOn;
    const { state } = request.callback;
    return {
      ...(state !== undefined && { state }),
      ...(request.loginHint !== undefined && { loginHint: request.loginHint }),
      ...(interaction?.userId !== undefined && personOf(tenant, interaction.userId)),
      clientId: request.application.id,
    };
  }
  const session = sessionId === undefined ? undefined : tokens.store.sessions.get(sessionId);
  return session && personOf(tenant, session.userId);
}

function grantOf(tokens: Tokens, { code, accessToken, refreshToken }: LoginCredentials): Grant | undefined {
  const { codes, grants } = tokens.store;
  const ofCode = code === undefined ? undefined : grants.get(codes.get(hashOf(code))?.grantId ?? "");
  if (ofCode) return ofCode;
  for (const token of [refreshToken, accessToken]) {
    const grant = token === undefined ? undefined : findToken(tokens, token)?.grant;
    if (grant) return grant;
  }
  return undefined;
}

function personOf({ users }: Tenant, userId: string): LoginView {
  const username = users.findById(userId)?.username;
  return { userId, ...(username !== undefined && { username }) };
}
