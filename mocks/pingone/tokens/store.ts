/**
 * What the emulator remembers between requests: SSO sessions, grants, codes and tokens. Codes, tokens and session
 * cookies are kept as SHA-256 digests only, so that neither a snapshot nor a memory image contains one.
 */
import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

const sessionSchema = z.object({
  id: z.string(),
  userId: z.string(),
  cookieHash: z.string(),
  createdAt: z.number(),
  /** When the user last authenticated; `lastUsedAt` also changes when a flow reuses the session. */
  authenticatedAt: z.number(),
  lastUsedAt: z.number(),
  authenticationMethods: z.array(z.string()),
  idleTimeoutMinutes: z.number(),
});

const grantSchema = z.object({
  id: z.string(),
  clientId: z.string(),
  userId: z.string(),
  sessionId: z.string(),
  scopes: z.array(z.string()),
  /** Audience that `resource` asked for, when that switch is on. */
  resource: z.string().nullable(),
  policyId: z.string(),
  authenticatedAt: z.number(),
  authenticationMethods: z.array(z.string()),
  createdAt: z.number(),
  revoked: z.boolean(),
  /** Further claims that the flow has given. Grants that were saved without them have none. */
  flowClaims: z
    .object({ idToken: z.record(z.string(), z.unknown()), accessToken: z.record(z.string(), z.unknown()) })
    .optional(),
  login: z.object({
    state: z.string().optional(),
    loginHint: z.string().optional(),
    username: z.string().optional(),
  }),
});

const codeSchema = z.object({
  hash: z.string(),
  grantId: z.string(),
  redirectUri: z.string(),
  codeChallenge: z.string().nullable(),
  codeChallengeMethod: z.enum(["S256", "plain"]),
  nonce: z.string().nullable(),
  expiresAt: z.number(),
  used: z.boolean(),
});

const refreshTokenSchema = z.object({
  hash: z.string(),
  grantId: z.string(),
  expiresAt: z.number(),
  rotatedAt: z.number().nullable(),
});

const accessTokenSchema = z.object({
  hash: z.string(),
  jti: z.string(),
  kid: z.string(),
  clientId: z.string(),
  /** Null for client_credentials. */
  grantId: z.string().nullable(),
  scopes: z.array(z.string()),
  audience: z.array(z.string()),
  issuedAt: z.number(),
  expiresAt: z.number(),
  revoked: z.boolean(),
});

const storeSchema = z.object({
  sessions: z.array(sessionSchema),
  grants: z.array(grantSchema),
  codes: z.array(codeSchema),
  refreshTokens: z.array(refreshTokenSchema),
  accessTokens: z.array(accessTokenSchema),
});

export type Session = z.infer<typeof sessionSchema>;
export type Grant = z.infer<typeof grantSchema>;
export type AuthorizationCode = z.infer<typeof codeSchema>;
export type RefreshToken = z.infer<typeof refreshTokenSchema>;
export type AccessToken = z.infer<typeof accessTokenSchema>;

/** PingOne keeps ten sessions per user and purges the oldest. */
const MAX_SESSIONS_PER_USER = 10;

export class TokenStore {
  readonly sessions = new Map<string, Session>();
  readonly grants = new Map<string, Grant>();
  readonly codes = new Map<string, AuthorizationCode>();
  readonly refreshTokens = new Map<string, RefreshToken>();
  readonly accessTokens = new Map<string, AccessToken>();
  /** To be called after every change. */
  readonly changed: () => void;
  readonly #clock: Clock;

  constructor(clock: Clock, onChange: () => void = () => {}) {
    this.#clock = clock;
    this.changed = onChange;
  }

  /** The session, unless it was idle for too long. */
  liveSession(id: string): Session | undefined {
    const session = this.sessions.get(id);
    if (!session) return undefined;
    return this.#clock() < session.lastUsedAt + session.idleTimeoutMinutes * 60_000 ? session : undefined;
  }

  sessionOfCookie(cookie: string): Session | undefined {
    const wanted = hashOf(cookie);
    const session = this.sessions.values().find(({ cookieHash }) => cookieHash === wanted);
    return session && this.liveSession(session.id);
  }

  hasEnded(id: string): boolean {
    return this.liveSession(id) === undefined;
  }

  endSession(id: string): void {
    if (this.sessions.delete(id)) this.changed();
  }

  /** The user has authenticated again. `undefined`: there is no such session, or it was idle for too long. */
  updateSession(
    id: string,
    {
      authenticationMethods,
      idleTimeoutMinutes,
    }: { readonly authenticationMethods: readonly string[]; readonly idleTimeoutMinutes: number },
  ): Session | undefined {
    const session = this.liveSession(id);
    if (!session) return undefined;
    const now = this.#clock();
    Object.assign(session, { authenticationMethods: [...authenticationMethods], idleTimeoutMinutes });
    Object.assign(session, { authenticatedAt: now, lastUsedAt: now });
    this.changed();
    return session;
  }

  /** Keeps the session, and purges the user's oldest beyond {@link MAX_SESSIONS_PER_USER}. */
  addSession(session: Session): void {
    this.#prune();
    this.sessions.set(session.id, session);
    const own = [...this.sessions.values()].filter(({ userId }) => userId === session.userId);
    own.sort((one, other) => one.createdAt - other.createdAt);
    for (const { id } of own.slice(0, Math.max(0, own.length - MAX_SESSIONS_PER_USER)))
      this.sessions.delete(id);
    this.changed();
  }

  /** Removes what has expired. Used codes and rotated refresh tokens stay until then, to detect a replay. */
  #prune(): void {
    const { sessions, grants, codes, refreshTokens, accessTokens } = this;
    const now = this.#clock();
    for (const table of [codes, refreshTokens, accessTokens]) {
      for (const [key, { expiresAt }] of table) if (expiresAt <= now) table.delete(key);
    }
    for (const { id } of sessions.values()) if (!this.liveSession(id)) sessions.delete(id);
    const used = new Set(
      [codes, refreshTokens, accessTokens].flatMap((table) =>
        [...table.values()].map(({ grantId }) => grantId),
      ),
    );
    for (const { id } of grants.values()) if (!used.has(id)) grants.delete(id);
  }

  snapshot(): z.infer<typeof storeSchema> {
    return structuredClone({
      sessions: [...this.sessions.values()],
      grants: [...this.grants.values()],
      codes: [...this.codes.values()],
      refreshTokens: [...this.refreshTokens.values()],
      accessTokens: [...this.accessTokens.values()],
    });
  }

  /** @throws {Error} when `snapshot` is not one. */
  restore(snapshot: unknown): void {
    const parsed = storeSchema.safeParse(snapshot);
    if (!parsed.success) throw new Error(`snapshot of tokens: ${z.prettifyError(parsed.error)}`);
    this.#empty();
    for (const session of parsed.data.sessions) this.sessions.set(session.id, session);
    for (const grant of parsed.data.grants) this.grants.set(grant.id, grant);
    for (const code of parsed.data.codes) this.codes.set(code.hash, code);
    for (const token of parsed.data.refreshTokens) this.refreshTokens.set(token.hash, token);
    for (const token of parsed.data.accessTokens) this.accessTokens.set(token.hash, token);
  }

  clear(): void {
    this.#empty();
    this.changed();
  }

  #empty(): void {
    const { sessions, grants, codes, refreshTokens, accessTokens } = this;
    for (const table of [sessions, grants, codes, refreshTokens, accessTokens]) table.clear();
  }
}

/** A session that begins with an authentication. */
export function newSession(
  facts: Pick<Session, "userId" | "authenticationMethods" | "idleTimeoutMinutes">,
  cookie: string,
  now: number,
): Session {
  return {
    ...facts,
    id: randomUUID(),
    cookieHash: hashOf(cookie),
    createdAt: now,
    authenticatedAt: now,
    lastUsedAt: now,
  };
}

/** What the session's user has granted to a client. */
export function newGrant(
  { id, userId, authenticatedAt, authenticationMethods }: Session,
  facts: Pick<Grant, "clientId" | "scopes" | "resource" | "policyId" | "createdAt" | "login" | "flowClaims">,
): Grant {
  return {
    ...facts,
    id: randomUUID(),
    userId,
    sessionId: id,
    authenticatedAt,
    authenticationMethods,
    revoked: false,
  };
}

export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
