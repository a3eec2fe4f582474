/** The verbs of the control API on this emulator. Each names the valid names when it is given another. */

import type {
  LiveRefreshToken,
  LoginCredentials,
  LoginView,
  PingOneAdmin,
  PingOneStateView,
} from "./contracts.ts";
import type { DavinciFlowEngine } from "./davinci/engine.ts";
import type { Front } from "./front.ts";
import type { ConsentStore } from "./tenant/consents.ts";
import type { Application } from "./tenant/environment.ts";
import type { User } from "./tenant/users.ts";
import { loginOfGrant } from "./tokens/issue.ts";
import { findToken, isActive, type PresentedToken } from "./tokens/status.ts";
import { type Grant, hashOf } from "./tokens/store.ts";

type PresentedRefreshToken = Extract<PresentedToken, { kind: "refresh_token" }>;

export interface AdminParts {
  readonly front: Front;
  readonly engine: DavinciFlowEngine;
  readonly consents: ConsentStore;
  /** The application of the Worker, or of whatever program the environment is for. */
  readonly mainApplication: Application;
}

export function createAdmin(parts: AdminParts): PingOneAdmin {
  const { front, engine, consents } = parts;
  const { state } = front;

  const accessTokensOf = (user: User) =>
    [...state.accessTokens.values()].flatMap((token): PresentedToken[] => {
      const grant = state.grants.get(token.grantId ?? "");
      const presented: PresentedToken = { kind: "access_token", token, grant };
      return grant?.userId === user.id && isActive(front, presented) ? [presented] : [];
    });
  const refreshTokensOf = (user: User) =>
    [...state.refreshTokens.values()].flatMap((token): PresentedRefreshToken[] => {
      const grant = state.grants.get(token.grantId);
      if (grant?.userId !== user.id) return [];
      const presented: PresentedRefreshToken = { kind: "refresh_token", token, grant };
      return isActive(front, presented) ? [presented] : [];
    });
  const toLiveRefreshToken = ({ token, grant }: PresentedRefreshToken): LiveRefreshToken => ({
    username: front.users.findById(grant.userId)?.username ?? grant.userId,
    clientId: grant.clientId,
    scopes: grant.scopes,
    expiresAt: new Date(token.expiresAt).toISOString(),
  });
  const sessionsOf = (user: User) =>
    [...state.sessions.values()].filter(({ id, userId }) => userId === user.id && state.liveSession(id));

  return {
    describe: () => describeState(parts, { accessTokensOf, refreshTokensOf, sessionsOf }),
    loginOf: (credentials) => loginOf(front, credentials),
    refreshTokens: () => front.users.list().flatMap(refreshTokensOf).map(toLiveRefreshToken),
    rotateKeys: (options) => front.signer.rotate(options),

    expireTokens(name) {
      const tokens = accessTokensOf(requireUser(front, name));
      for (const { token } of tokens) token.expiresAt = front.clock();
      state.changed();
      return tokens.length;
    },

    revokeTokens(name) {
      const user = requireUser(front, name);
      const tokens = [...accessTokensOf(user), ...refreshTokensOf(user)];
      for (const grant of state.grants.values()) if (grant.userId === user.id) grant.revoked = true;
      state.changed();
      return tokens.length;
    },

    endSession(name) {
      const sessions = sessionsOf(requireUser(front, name));
      for (const { id } of sessions) state.sessions.delete(id);
      state.changed();
      return sessions.length;
    },

    chooseFlow(flow, applicationId) {
      const application =
        applicationId === undefined ? parts.mainApplication : requireApplication(front, applicationId);
      front.chosenPolicies.set(application.id, engine.findFlow(flow).policyId);
    },

    setSwitches: (switches) => front.switches.set(switches),

    async reset() {
      front.switches.reset();
      front.chosenPolicies.clear();
      front.interactions.clear();
      front.pushedRequests.clear();
      engine.reset();
      front.users.reset();
      consents.reset();
      state.clear();
    },
  };
}

interface UserTokens {
  accessTokensOf(user: User): readonly unknown[];
  refreshTokensOf(user: User): readonly unknown[];
  sessionsOf(user: User): readonly unknown[];
}

function describeState(
  { front, engine, consents, mainApplication }: AdminParts,
  tokens: UserTokens,
): PingOneStateView {
  const assigned = front.environment.policiesOf(mainApplication.id);
  const bound = front.chosenPolicies.get(mainApplication.id) ?? assigned[0];
  return {
    issuer: front.signer.issuer,
    signingKeyId: front.signer.signingKeyId,
    keyIds: front.signer.keyIds,
    switches: front.switches.current,
    flows: engine.flows.map(({ policyId, name }) => ({ policyId, name, bound: policyId === bound })),
    users: front.users.list().map((user) => ({
      id: user.id,
      username: user.username,
      state: front.users.stateOf(user.id),
      sessions: tokens.sessionsOf(user).length,
      accessTokens: tokens.accessTokensOf(user).length,
      refreshTokens: tokens.refreshTokensOf(user).length,
      consents: consents.list(user.id).filter(({ status }) => status === "ACCEPTED").length,
    })),
  };
}

function requireUser(front: Front, name: string): User {
  const user = front.users.findById(name) ?? front.users.findByLogin(name);
  if (user) return user;
  const known = front.users.list().map(({ username }) => username);
  throw new Error(`There is no user "${name}". Valid names are: ${known.join(", ")}.`);
}

function requireApplication(front: Front, id: string): Application {
  const application = front.environment.applications.find((candidate) => candidate.id === id);
  if (application) return application;
  const known = front.environment.applications.map((candidate) => candidate.id);
  throw new Error(`There is no application "${id}". Valid ids are: ${known.join(", ")}.`);
}

function loginOf(front: Front, credentials: LoginCredentials): LoginView | undefined {
  const grant = grantOf(front, credentials);
  if (grant) return loginOfGrant(front, grant);
  const { interactionId, sessionId } = credentials;
  const pending = interactionId === undefined ? undefined : front.interactions.peek(interactionId);
  if (interactionId !== undefined && pending) {
    const { request } = pending;
    const userId = front.engine.userOf(interactionId);
    const { state } = request.callback;
    return {
      ...(state !== undefined && { state }),
      ...(request.loginHint !== undefined && { loginHint: request.loginHint }),
      ...(userId !== undefined && personOf(front, userId)),
      clientId: request.application.id,
    };
  }
  const session = sessionId === undefined ? undefined : front.state.sessions.get(sessionId);
  return session && personOf(front, session.userId);
}

function grantOf(front: Front, credentials: LoginCredentials): Grant | undefined {
  const { code, accessToken, refreshToken } = credentials;
  if (code !== undefined) {
    const grant = front.state.grants.get(front.state.codes.get(hashOf(code))?.grantId ?? "");
    if (grant) return grant;
  }
  for (const token of [refreshToken, accessToken]) {
    const grant = token === undefined ? undefined : findToken(front, token)?.grant;
    if (grant) return grant;
  }
  return undefined;
}

function personOf(front: Front, userId: string): LoginView {
  const username = front.users.findById(userId)?.username;
  return { userId, ...(username !== undefined && { username }) };
}
