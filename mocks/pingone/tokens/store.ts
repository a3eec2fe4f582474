/**
 * What the emulator remembers between requests: SSO sessions, grants, codes and tokens. Codes, tokens and session
 * cookies are kept as SHA-256 digests only, so that neither a snapshot on disk nor a memory image gives one away.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

const sessionSchema = z.object({
  id: z.string(),
  userId: z.string(),
  cookieHash: z.string(),
  createdAt: z.number(),
  /** When the person last proved who they are; `lastUsedAt` also moves when a flow lets the session through. */
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
type TokenStoreSnapshot = z.infer<typeof storeSchema>;

/** PingOne keeps ten sessions per user and purges the oldest. */
const MAX_SESSIONS_PER_USER = 10;

export interface TokenStore {
  readonly sessions: Map<string, Session>;
  readonly grants: Map<string, Grant>;
  readonly codes: Map<string, AuthorizationCode>;
  readonly refreshTokens: Map<string, RefreshToken>;
  readonly accessTokens: Map<string, AccessToken>;
  /** To be called after every change. */
  changed(): void;
  /** The session, unless it was idle for too long. */
  liveSession(id: string): Session | undefined;
  sessionOfCookie(cookie: string): Session | undefined;
  /** Keeps the session, and purges the user's oldest beyond {@link MAX_SESSIONS_PER_USER}. */
  addSession(session: Session): void;
  snapshot(): TokenStoreSnapshot;
  /** @throws {Error} when `snapshot` is not one. */
  restore(snapshot: unknown): void;
  clear(): void;
}

export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

export function createTokenStore(clock: Clock, onChange: () => void = () => {}): TokenStore {
  const sessions = new Map<string, Session>();
  const grants = new Map<string, Grant>();
  const codes = new Map<string, AuthorizationCode>();
  const refreshTokens = new Map<string, RefreshToken>();
  const accessTokens = new Map<string, AccessToken>();
  const all = { sessions, grants, codes, refreshTokens, accessTokens };

  const liveSession = (id: string) => {
    const session = sessions.get(id);
    if (!session) return undefined;
    return clock() < session.lastUsedAt + session.idleTimeoutMinutes * 60_000 ? session : undefined;
  };
  const clear = () => {
    for (const table of Object.values(all)) table.clear();
  };
  /** What has run out can be forgotten. Used codes and rotated refresh tokens stay until then: a replay is an alarm. */
  const prune = () => {
    const now = clock();
    for (const table of [codes, refreshTokens, accessTokens]) {
      for (const [key, { expiresAt }] of table) if (expiresAt <= now) table.delete(key);
    }
    for (const { id } of sessions.values()) if (!liveSession(id)) sessions.delete(id);
    const used = new Set(
      [codes, refreshTokens, accessTokens].flatMap((t) => [...t.values()].map((v) => v.grantId)),
    );
    for (const { id } of grants.values()) if (!used.has(id)) grants.delete(id);
  };

  return {
    ...all,
    liveSession,
    changed: onChange,
    sessionOfCookie(cookie) {
      const wanted = hashOf(cookie);
      for (const { id, cookieHash } of sessions.values()) if (cookieHash === wanted) return liveSession(id);
      return undefined;
    },
    addSession(session) {
      prune();
      sessions.set(session.id, session);
      const own = [...sessions.values()].filter(({ userId }) => userId === session.userId);
      own.sort((one, other) => one.createdAt - other.createdAt);
      for (const { id } of own.slice(0, Math.max(0, own.length - MAX_SESSIONS_PER_USER))) sessions.delete(id);
      onChange();
    },
    snapshot: () =>
      structuredClone({
        sessions: [...sessions.values()],
        grants: [...grants.values()],
        codes: [...codes.values()],
        refreshTokens: [...refreshTokens.values()],
        accessTokens: [...accessTokens.values()],
      }),
    restore(snapshot) {
      const parsed = storeSchema.safeParse(snapshot);
      if (!parsed.success) throw new Error(`snapshot of tokens: ${z.prettifyError(parsed.error)}`);
      clear();
      for (const session of parsed.data.sessions) sessions.set(session.id, session);
      for (const grant of parsed.data.grants) grants.set(grant.id, grant);
      for (const code of parsed.data.codes) codes.set(code.hash, code);
      for (const token of parsed.data.refreshTokens) refreshTokens.set(token.hash, token);
      for (const token of parsed.data.accessTokens) accessTokens.set(token.hash, token);
    },
    clear() {
      clear();
      onChange();
    },
  };
}
