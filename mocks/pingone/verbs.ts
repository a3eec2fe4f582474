/** The verbs of the control API on the PingOne emulator. */
import type { z } from "zod";
import type { LoginCredentials, LoginView } from "../kit/login.ts";
import { refusing } from "../kit/refusal.ts";
import { type issueTokensInput, mintTokens } from "./mint.ts";
import type { PingOneParts } from "./oidc/context.ts";
import type { Device } from "./tenant/device-schema.ts";
import type { Application } from "./tenant/environment.ts";
import { requireApplication, requireUser } from "./tenant/named.ts";
import type { RiskRules } from "./tenant/risk.ts";
import type { Switches } from "./tenant/switches.ts";
import type { Tenant } from "./tenant/tenant.ts";
import type { User } from "./tenant/users.ts";
import { loginOfGrant } from "./tokens/issue.ts";
import { findToken, isActive, type PresentedToken } from "./tokens/status.ts";
import { type Grant, hashOf, type Session } from "./tokens/store.ts";
import type { Tokens } from "./tokens/tokens.ts";

/** What a refresh token is for; never the token itself. */
export interface LiveRefreshToken {
  readonly username: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** ISO 8601, by the emulator's clock. */
  readonly expiresAt: string;
}

/** An e-mail, or another message, that PingOne would have sent. */
export interface OutboxMessage {
  /** E-mail address, or phone number. */
  readonly to: string;
  readonly username: string;
  readonly purpose: string;
  /** The one-time code in it; empty when it has none. */
  readonly code: string;
  /** Absent for an e-mail. */
  readonly channel?: "SMS" | "VOICE" | "WHATSAPP" | "PUSH";
  /** Of an e-mail that a flow sends of its own. */
  readonly subject?: string;
  readonly text?: string;
  /** What the person is to open. */
  readonly link?: string;
  /** ISO 8601, by the emulator's clock. */
  readonly at: string;
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
    readonly devices: readonly { readonly id: string; readonly label: string }[];
  }[];
}

type PresentedRefreshToken = Extract<PresentedToken, { kind: "refresh_token" }>;

/**
 * A user is named by user name, e-mail or id, a flow by policy id or flow name. An unknown name is refused with the
 * list of the valid ones.
 */
export class PingOneAdmin {
  readonly #pingone: PingOneParts;
  readonly #mainApplication: Application;
  readonly #flow: string | undefined;

  /**
   * @param mainApplication The application of the Worker, or of whatever program the environment is for.
   * @param flow Name or policy id of the flow that it runs, also after a reset.
   * @throws {ControlRequestError} when there is no such flow.
   */
  constructor(pingone: PingOneParts, mainApplication: Application, flow?: string) {
    this.#pingone = pingone;
    this.#mainApplication = mainApplication;
    this.#flow = flow;
    if (flow !== undefined) this.chooseFlow(flow);
  }

  /** Counts and names only, never a token, code, secret or password. */
  describe(): PingOneStateView {
    const { tenant, tokens, flows } = this.#pingone;
    const { id } = this.#mainApplication;
    const bound = tenant.chosenPolicies.get(id) ?? tenant.environment.policiesOf(id)[0];
    return {
      issuer: tokens.signer.issuer,
      signingKeyId: tokens.signer.signingKeyId,
      keyIds: tokens.signer.keyIds,
      switches: tenant.switches.current,
      flows: flows.flows.map(({ policyId, name }) => ({ policyId, name, bound: policyId === bound })),
      users: tenant.users.list().map((user) => ({
        id: user.id,
        username: user.username,
        state: tenant.users.stateOf(user.id),
        sessions: this.#sessionsOf(user).length,
        accessTokens: this.#accessTokensOf(user).length,
        refreshTokens: this.#refreshTokensOf(user).length,
        consents: tenant.consents.list(user.id).filter(({ status }) => status === "ACCEPTED").length,
        devices: tenant.mfa.devices
          .list(user.id)
          .map((device) => ({ id: device.id, label: labelOf(device) })),
      })),
    };
  }

  usernameOf(userId: string): string | undefined {
    return this.#pingone.tenant.users.findById(userId)?.username;
  }

  loginOf(credentials: LoginCredentials): LoginView | undefined {
    return loginOf(this.#pingone, credentials);
  }

  /** The active refresh tokens of all users. */
  refreshTokens(): readonly LiveRefreshToken[] {
    return this.#pingone.tenant.users.list().flatMap((user) =>
      this.#refreshTokensOf(user).map(({ token, grant }) => ({
        username: user.username,
        clientId: grant.clientId,
        scopes: grant.scopes,
        expiresAt: new Date(token.expiresAt).toISOString(),
      })),
    );
  }

  /** A new signing key; the old public key stays in the JWKS (`drop: true` removes it). Returns the new `kid`. */
  rotateKeys(options?: { readonly drop?: boolean }): Promise<string> {
    return this.#pingone.tokens.signer.rotate(options);
  }

  /** From now on the user's access tokens count as expired at userinfo and introspection. Returns how many. */
  expireTokens(name: string): number {
    const { tenant, tokens } = this.#pingone;
    const expired = this.#accessTokensOf(requireUser(tenant, name));
    for (const { token } of expired) token.expiresAt = tenant.clock();
    tokens.store.changed();
    return expired.length;
  }

  /** Revokes the user's access and refresh tokens. Returns how many. */
  revokeTokens(name: string): number {
    const { tenant, tokens } = this.#pingone;
    const user = requireUser(tenant, name);
    const count = this.#accessTokensOf(user).length + this.#refreshTokensOf(user).length;
    for (const grant of tokens.store.grants.values()) if (grant.userId === user.id) grant.revoked = true;
    tokens.store.changed();
    return count;
  }

  /** Ends the user's SSO sessions, and with them their refresh tokens. Returns how many. */
  endSession(name: string): number {
    const { tenant, tokens } = this.#pingone;
    const sessions = this.#sessionsOf(requireUser(tenant, name));
    for (const { id } of sessions) tokens.store.sessions.delete(id);
    tokens.store.changed();
    return sessions.length;
  }

  /** The user's tokens for an application (default: the main one), without pages. */
  issueTokens({ user, application = this.#mainApplication.id, scopes }: z.output<typeof issueTokensInput>) {
    const { tenant } = this.#pingone;
    return mintTokens(
      this.#pingone,
      requireUser(tenant, user),
      requireApplication(tenant, application),
      scopes,
    );
  }

  /** The e-mails that flows have sent, oldest first. @param to User name or e-mail address; default: to anybody. */
  messages(to?: string): readonly OutboxMessage[] {
    const { users } = this.#pingone.tenant;
    return this.#pingone.flows.outbox.list().flatMap(({ userId, code, sentAt, ...message }) => {
      const username = (userId === undefined ? undefined : users.findById(userId)?.username) ?? "";
      if (to !== undefined && ![username, message.to].some((name) => isSameName(name, to))) return [];
      const { purpose, channel, subject, text, link } = message;
      const at = new Date(sentAt).toISOString();
      return [
        {
          to: message.to,
          username,
          purpose,
          code,
          ...(channel !== undefined && { channel }),
          ...(subject !== undefined && { subject }),
          ...(text !== undefined && { text }),
          ...(link !== undefined && { link }),
          at,
        },
      ];
    });
  }

  clearOutbox(): void {
    this.#pingone.flows.outbox.clear();
  }

  /** Binds another flow policy to an application (default: the Worker's), until reset. */
  chooseFlow(flow: string, applicationId = this.#mainApplication.id): void {
    const { tenant, flows } = this.#pingone;
    const { id } = requireApplication(tenant, applicationId);
    tenant.chosenPolicies.set(id, refusing(() => flows.findFlow(flow)).policyId);
  }

  /** Behaviours that differ between tenants and dates (`resourceParam`, `atTyp`, `accessTokenTtlSeconds`...). */
  setSwitches(switches: Readonly<Record<string, unknown>>): void {
    this.#pingone.tenant.switches.set(switches);
  }

  /** What PingOne Protect answers, in the place of rules that were set before; goes before `risk.json`. */
  setRisk(rules: RiskRules): void {
    this.#pingone.tenant.risk.setRules(rules);
  }

  /** Back to what the fixtures say; signing keys stay. */
  async reset(): Promise<void> {
    const { tenant, tokens, flows, signOns, pushedRequests } = this.#pingone;
    tenant.switches.reset();
    tenant.chosenPolicies.clear();
    flows.reset();
    if (this.#flow !== undefined) this.chooseFlow(this.#flow);
    signOns.clear();
    pushedRequests.clear();
    tenant.environment.reset();
    tenant.users.reset();
    tenant.consents.reset();
    tenant.codes.reset();
    tenant.agreements.reset();
    tenant.mfa.reset();
    tenant.risk.reset();
    tenant.challenges.reset();
    tenant.cookies.reset();
    tokens.store.clear();
  }

  #accessTokensOf(user: User): readonly PresentedToken[] {
    const { tokens } = this.#pingone;
    return [...tokens.store.accessTokens.values()]
      .map((token) => ({
        kind: "access_token" as const,
        token,
        grant: tokens.store.grants.get(token.grantId ?? ""),
      }))
      .filter((presented) => presented.grant?.userId === user.id && isActive(tokens, presented));
  }

  #refreshTokensOf(user: User): readonly PresentedRefreshToken[] {
    const { tokens } = this.#pingone;
    return [...tokens.store.refreshTokens.values()].flatMap((token) => {
      const grant = tokens.store.grants.get(token.grantId);
      if (grant?.userId !== user.id) return [];
      const presented = { kind: "refresh_token" as const, token, grant };
      return isActive(tokens, presented) ? [presented] : [];
    });
  }

  #sessionsOf(user: User): readonly Session[] {
    const { store } = this.#pingone.tokens;
    return [...store.sessions.values()].filter(
      ({ id, userId }) => userId === user.id && store.liveSession(id) !== undefined,
    );
  }
}

function labelOf({ type, status, nickname }: Device): string {
  const name = nickname === undefined ? type : `${type} (${nickname})`;
  return status === "ACTIVE" ? name : `${name}, not activated`;
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function loginOf(pingone: PingOneParts, credentials: LoginCredentials): LoginView | undefined {
  const { tenant, tokens, signOns } = pingone;
  const grant = grantOf(tokens, credentials);
  if (grant) return loginOfGrant(tenant, grant);
  const { interactionId } = credentials;
  const signOn = interactionId === undefined ? undefined : signOns.peek(interactionId);
  if (!signOn) return undefined;
  const { request, interaction } = signOn;
  const { state } = request.callback;
  return {
    ...(state !== undefined && { state }),
    ...(request.loginHint !== undefined && { loginHint: request.loginHint }),
    ...(interaction?.state.userId !== undefined && personOf(tenant, interaction.state.userId)),
    clientId: request.application.id,
  };
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
