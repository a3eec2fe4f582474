/**
 * PingSession: the PingOne tokens behind one MCP grant.
 *
 * One Durable Object per grant, so that PingOne sees one refresh at a time however many callers wait: PingOne rotates
 * refresh tokens, and a replayed one revokes the whole family. What is stored is sealed with a key that only this
 * object can derive. The person's object ends it with its grant; until the grant is redeemed, it ends by itself.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import { AUTHORIZATION_CODE_TTL_SECONDS, type Env, parseSettings } from "../config.ts";
import { within } from "../deadline.ts";
import { continueRequest, errorName, logAlarm, logEvent, logProblem } from "../log.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "../retry-after.ts";
import { nowInSeconds } from "../time.ts";
import { personOf } from "./grant-keeper.ts";
import { MCP_SESSIONS_KEY, McpSessions } from "./mcp-sessions.ts";
import { describeFailure } from "./ping-failures.ts";
import { PingRevocation } from "./ping-revocation.ts";
import {
  type PingFailure,
  type PingSessionBinding,
  type PingSessionOutcome,
  type PingTokens,
  pingTokensSchema,
} from "./ping-types.ts";
import { isInactiveAtPingOne, refreshTokens, revokeRefreshToken } from "./ping-utils.ts";
import { seal, unseal } from "./sealing.ts";

/** How long a caller waits for an early refresh before it gets the current token, which is still valid. */
const EARLY_REFRESH_PATIENCE_MS = 2000;

const TOO_SLOW: PingSessionOutcome = { kind: "unavailable", retryAfterSeconds: DEFAULT_RETRY_AFTER_SECONDS };

/** Refusals by the Todo API this far apart, with no success in between, count as permanent. */
const REFUSALS_APART_MS = 3 * 60 * 1000;

/** An older refusal no longer counts, even if no success was seen since. */
const REFUSAL_FORGOTTEN_MS = 30 * 60 * 1000;

/** How many refresh tokens of replaced sessions one session keeps; beyond it the oldest are revoked. */
const MAXIMUM_INHERITED = 20;

const TOKENS_KEY = "tokens";
const STATE_KEY = "state";
const REFUSED_KEY = "refusedAt";

const stateSchema = z.object({
  version: z.literal(1),
  /** This object's own name. */
  id: z.string(),
  userId: z.string(),
  /** `new`: neither a page nor a code has used the session yet. */
  phase: z.enum(["new", "taken", "bound"]),
});
type SessionState = z.infer<typeof stateSchema>;

/** The sealed data: the tokens, and the refresh tokens of sessions that this one has replaced. */
const contentSchema = z.object({ tokens: pingTokensSchema, inherited: z.array(z.string()) });
type Content = z.infer<typeof contentSchema>;

interface ForRequest {
  /** Of the HTTP request that calls, for the log. */
  readonly requestId?: string | undefined;
}

export class PingSession extends DurableObject<Env> {
  #content: Content | undefined;
  #state: SessionState | undefined;
  #refreshing: Promise<PingSessionOutcome> | undefined;
  /** Epoch milliseconds of the first refusal by the Todo API since its last success. */
  #refusedAt: number | undefined;
  /** Seconds since the epoch before which an unavailable PingOne is not asked again. */
  #notBefore = 0;
  /** Another session is taking over: no token is handed out and no refresh starts. */
  #isHandedOver = false;
  readonly #mcpSessions: McpSessions;
  readonly #revocation: PingRevocation;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#mcpSessions = new McpSessions(ctx.storage);
    this.#revocation = new PingRevocation(ctx.storage, this.#sealingContext(), (token) =>
      revokeRefreshToken(parseSettings(env), token),
    );
    // Loading first lets every method decide without an await in between, so that only one refresh runs at a time.
    ctx.blockConcurrencyWhile(() => this.#load());
  }

  /** Takes the tokens of a fresh sign-in. They are revoked unless {@link bind} follows in time. */
  async open({ id, userId, tokens }: { id: string; userId: string; tokens: PingTokens }): Promise<void> {
    const state: SessionState = { version: 1, id, userId, phase: "new" };
    const content: Content = { tokens, inherited: [] };
    const sealed = await this.#seal(content);
    this.#content = content;
    this.#state = state;
    const stored = this.ctx.storage.put({ [TOKENS_KEY]: sealed, [STATE_KEY]: state });
    await Promise.all([stored, this.#wakeWhenCodeExpires()]);
  }

  /** Stores an unused refresh token only to revoke it. */
  async discard(refreshToken: string, { requestId }: ForRequest): Promise<void> {
    await continueRequest(requestId, () => this.#revoke([refreshToken]));
  }

  /** Accepts the first answer to the consent page of this session. @returns whether this one was accepted */
  async take(): Promise<boolean> {
    if (this.#content === undefined || this.#state?.phase !== "new") return false;
    await Promise.all([this.#enter("taken"), this.#wakeWhenCodeExpires()]);
    return true;
  }

  /** The MCP client redeems its code: from then on the session exists until its grant ends. */
  async bind(): Promise<PingSessionBinding> {
    const tokens = this.#content?.tokens;
    if (tokens === undefined || this.#state === undefined) return { kind: "over" };
    const left = secondsLeft(tokens);
    if (tokens.refreshToken === undefined && left <= 0) return { kind: "over" };
    await Promise.all([this.#enter("bound"), this.ctx.storage.deleteAlarm()]);
    return tokens.refreshToken === undefined ? { kind: "fixed", secondsLeft: left } : { kind: "renewable" };
  }

  /**
   * A PingOne access token that is valid now, refreshed when less than a minute is left.
   *
   * @param options.rejected an access token that the Todo API refused: it is not handed out again, unless there is no
   *   refresh token and PingOne's introspection does not report it as inactive
   * @param options.waitAtMostMs how long the caller can wait; a refresh continues for the next caller
   * @param options.mcpSession which MCP session is used by this request
   */
  getAccessToken(
    options: ForRequest & { rejected?: string; waitAtMostMs?: number; mcpSession?: string | undefined } = {},
  ): Promise<PingSessionOutcome> {
    if (options.mcpSession !== undefined) this.#mcpSessions.use(options.mcpSession);
    return continueRequest(options.requestId, () => this.#getAccessToken(options));
  }

  async #getAccessToken(options: { rejected?: string; waitAtMostMs?: number }): Promise<PingSessionOutcome> {
    const tokens = this.#content?.tokens;
    if (tokens === undefined) {
      // Sealed under another COOKIE_ENCRYPTION_KEY, or by another version: end the grant.
      if (this.#state !== undefined) await this.#endByItself([]);
      return { kind: "expired" };
    }
    if (this.#isHandedOver) return { kind: "expired" };
    const isRejected = options.rejected === tokens.accessToken;
    if (!isRejected && nowInSeconds() < tokens.refreshAt) return this.#outcome("valid", tokens);
    if (tokens.refreshToken === undefined) return this.#withoutRefreshToken(tokens, isRejected);
    return this.#refreshOrFallBack(tokens, tokens.refreshToken, {
      isUsable: () => !isRejected && secondsLeft(tokens) > 0,
      waitAtMostMs: options.waitAtMostMs ?? Number.POSITIVE_INFINITY,
    });
  }

  /** If PingOne is slow or down, returns the current token as long as it is usable after the wait. */
  async #refreshOrFallBack(
    tokens: PingTokens,
    refreshToken: string,
    { isUsable, waitAtMostMs }: { isUsable: () => boolean; waitAtMostMs: number },
  ): Promise<PingSessionOutcome> {
    const waitMs = isUsable() ? Math.min(EARLY_REFRESH_PATIENCE_MS, waitAtMostMs) : waitAtMostMs;
    const outcome = (await within(waitMs, this.#refreshOnce(tokens, refreshToken))) ?? TOO_SLOW;
    if (outcome.kind !== "unavailable") return outcome;
    if (this.#content === undefined) return { kind: "expired" };
    return isUsable() ? this.#outcome("valid", tokens) : outcome;
  }

  async #withoutRefreshToken(tokens: PingTokens, isRejected: boolean): Promise<PingSessionOutcome> {
    const isOver =
      secondsLeft(tokens) <= 0 ||
      (isRejected && (await isInactiveAtPingOne(parseSettings(this.env), tokens.accessToken)));
    return isOver ? this.#expire(this.#content?.inherited ?? []) : this.#outcome("valid", tokens);
  }

  #outcome(kind: "valid" | "refreshed", tokens: PingTokens): PingSessionOutcome {
    const { accessToken, accessTokenExpiresAt: expiresAt, scopes } = tokens;
    return { kind, accessToken, expiresAt, scopes, ...(this.#refusedAt !== undefined && { refused: true }) };
  }

  /**
   * The Todo API refuses a token that PingOne accepts. One refusal does not end the session, since it may be temporary.
   * If the API still refuses minutes later, the person has to sign in again.
   */
  reportRefusal({ accessToken, requestId }: ForRequest & { accessToken: string }): Promise<void> {
    return continueRequest(requestId, async () => {
      if (this.#content?.tokens.accessToken !== accessToken) return;
      const now = Date.now();
      const sinceMs = now - (this.#refusedAt ?? 0);
      if (sinceMs > REFUSAL_FORGOTTEN_MS) {
        this.#refusedAt = now;
        await this.ctx.storage.put(REFUSED_KEY, now);
      } else if (sinceMs >= REFUSALS_APART_MS) {
        logEvent("ping_session.refused_for_minutes");
        await this.#endByItself(this.#allRefreshTokens());
      }
    });
  }

  /** The Todo API has accepted a token again. */
  async reportAcceptance(): Promise<void> {
    this.#refusedAt = undefined;
    await this.ctx.storage.delete(REFUSED_KEY);
  }

  /** Counts an MCP session of this grant. @returns the ids of sessions that must end to make room */
  async addMcpSession(sessionId: string): Promise<string[]> {
    if (this.#content === undefined) return [sessionId];
    return this.#mcpSessions.add(sessionId);
  }

  /** The client has ended an MCP session. */
  async removeMcpSession(sessionId: string): Promise<void> {
    await this.#mcpSessions.remove(sessionId);
  }

  /**
   * Ends this session in favour of one that replaces it, which takes over its refresh tokens. They are not revoked at
   * once: a provider may count both sign-ins as one grant, and revocation would take the new tokens too (RFC 7009
   * §2.1).
   *
   * @throws when the successor has ended; the caller can repeat the call with another one
   */
  async handOver(successorId: string): Promise<void> {
    this.#isHandedOver = true;
    // Include the tokens of a refresh that is in progress.
    await this.#refreshing;
    const tokens = this.#allRefreshTokens();
    if (tokens.length > 0) await this.env.PING_SESSION.getByName(successorId).inherit(tokens);
    await this.#end([]);
  }

  /** Takes over the refresh tokens of a session that this one replaces. They are revoked when this session ends. */
  async inherit(tokens: readonly string[]): Promise<void> {
    const content = this.#content;
    if (content === undefined || this.#isHandedOver) throw new Error("This session is over");
    const inherited = [...new Set([...content.inherited, ...tokens])];
    await this.#store({ ...content, inherited });
    const beyond = inherited.slice(0, Math.max(0, inherited.length - MAXIMUM_INHERITED));
    if (beyond.length === 0) return;
    // A separate object keeps the token until PingOne has revoked it. If that object fails, this one keeps it.
    const keeper = () => this.env.PING_SESSION.getByName(crypto.randomUUID());
    await Promise.all(beyond.map((token) => keeper().discard(token, {})));
    const latest = this.#content;
    if (latest === undefined) return;
    const kept = latest.inherited.filter((token) => !beyond.includes(token));
    await this.#store({ ...latest, inherited: kept });
  }

  /**
   * Deletes the tokens and revokes them at PingOne. MCP sessions stay open: clients use them again after a new sign-in.
   */
  end({ requestId }: ForRequest = {}): Promise<void> {
    return continueRequest(requestId, () => this.#end(this.#allRefreshTokens()));
  }

  /** The storage is deleted once all revocations at PingOne are done. */
  async #end(toRevoke: readonly string[]): Promise<void> {
    this.#content = undefined;
    this.#state = undefined;
    this.#refusedAt = undefined;
    this.#mcpSessions.forget();
    if (toRevoke.length > 0) await this.#revoke(toRevoke);
    else if (!this.#revocation.isPending) await this.ctx.storage.deleteAll();
  }

  /** Ends this session and its grant. */
  async #endByItself(toRevoke: readonly string[]): Promise<void> {
    const state = this.#state;
    await this.#end(toRevoke);
    if (state === undefined) return;
    try {
      await personOf(this.env, state.userId).sessionOver(state.id);
    } catch (error) {
      // The grant is useless anyway: its next request is answered with 401.
      logProblem("ping_session.grant_not_told", { error: errorName(error) });
    }
  }

  async #expire(toRevoke: readonly string[]): Promise<PingSessionOutcome> {
    await this.#endByItself(toRevoke);
    return { kind: "expired" };
  }

  /** Deletes everything except refresh tokens, which are kept until PingOne has revoked them. */
  async #revoke(tokens: readonly string[]): Promise<void> {
    await this.#revocation.begin(tokens, [TOKENS_KEY, STATE_KEY, REFUSED_KEY, MCP_SESSIONS_KEY]);
  }

  /** Runs for a session that was not redeemed in time and for a revocation that failed. */
  override async alarm(): Promise<void> {
    await logAlarm("PingSession", async () => {
      if (this.#revocation.isPending) await this.#revocation.goOn();
      else await this.endUnlessRedeemed();
    });
  }

  /** Ends a session whose code was not redeemed in time. */
  async endUnlessRedeemed(): Promise<void> {
    if (this.#state?.phase === "bound") return;
    logEvent("ping_session.expired");
    await this.#endByItself(this.#allRefreshTokens());
  }

  #refreshOnce(tokens: PingTokens, refreshToken: string): Promise<PingSessionOutcome> {
    if (this.#refreshing !== undefined) return this.#refreshing;
    const wait = this.#notBefore - nowInSeconds();
    if (wait > 0) return Promise.resolve({ kind: "unavailable", retryAfterSeconds: wait });
    this.#refreshing = this.#refresh(tokens, refreshToken).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(current: PingTokens, refreshToken: string): Promise<PingSessionOutcome> {
    const startedAt = Date.now();
    const result = await refreshTokens(parseSettings(this.env), current, refreshToken);
    const duration_ms = Date.now() - startedAt;
    const content = this.#content;
    const isOver = content?.tokens !== current;
    if (result.kind === "failed") {
      logProblem("ping_session.refresh_failed", { ...describeFailure(result), duration_ms });
      return isOver ? this.#arriveLate(result.refreshToken) : this.#refreshFailed(content, result);
    }
    // The session ended during the request: the new tokens must not restore it.
    if (isOver) return this.#arriveLate(result.value.refreshToken);
    // Stored before it is used: after rotation the old refresh token is invalid.
    await this.#store({ ...content, tokens: result.value });
    this.#notBefore = 0;
    logEvent("ping_session.refreshed", { duration_ms });
    return this.#outcome("refreshed", result.value);
  }

  async #arriveLate(refreshToken: string | undefined): Promise<PingSessionOutcome> {
    if (refreshToken !== undefined) await this.#revoke([refreshToken]);
    return { kind: "expired" };
  }

  async #refreshFailed(content: Content, failure: PingFailure): Promise<PingSessionOutcome> {
    const { refreshToken } = failure;
    // PingOne has revoked this token; inherited ones belong to other sign-ins.
    if (failure.failure === "invalid_grant") return this.#expire(content.inherited);
    if (failure.failure === "wrong_subject") {
      // Tokens of another person are revoked, not stored.
      return this.#expire([
        ...(refreshToken === undefined ? [] : [refreshToken]),
        ...this.#allRefreshTokens(),
      ]);
    }
    if (refreshToken !== undefined) {
      await this.#store({ ...content, tokens: { ...content.tokens, refreshToken } });
    }
    const retryAfterSeconds = failure.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS;
    this.#notBefore = nowInSeconds() + retryAfterSeconds;
    return { kind: "unavailable", retryAfterSeconds };
  }

  async #load(): Promise<void> {
    const { storage } = this.ctx;
    await this.#revocation.load();
    const stored = await storage.get([TOKENS_KEY, STATE_KEY, REFUSED_KEY, MCP_SESSIONS_KEY]);
    this.#mcpSessions.restore(stored.get(MCP_SESSIONS_KEY));
    this.#state = stateSchema.safeParse(stored.get(STATE_KEY)).data;
    this.#refusedAt = z.number().safeParse(stored.get(REFUSED_KEY)).data;
    this.#content = await unseal(stored.get(TOKENS_KEY), contentSchema, this.#sealingContext());
  }

  #allRefreshTokens(): readonly string[] {
    if (this.#content === undefined) return [];
    const { tokens, inherited } = this.#content;
    return tokens.refreshToken === undefined ? inherited : [tokens.refreshToken, ...inherited];
  }

  #seal(content: Content) {
    return seal(contentSchema.parse(content), this.#sealingContext());
  }

  /** Memory changes first, so that calls during the sealing see the current state. */
  async #store(content: Content): Promise<void> {
    this.#content = content;
    const sealed = await this.#seal(content);
    if (this.#content === content) await this.ctx.storage.put(TOKENS_KEY, sealed);
  }

  async #enter(phase: SessionState["phase"]): Promise<void> {
    if (this.#state === undefined) return;
    this.#state = { ...this.#state, phase };
    await this.ctx.storage.put(STATE_KEY, this.#state);
  }

  #sealingContext() {
    return { secret: this.env.COOKIE_ENCRYPTION_KEY, id: this.ctx.id.toString() };
  }

  #wakeWhenCodeExpires(): Promise<void> {
    return this.ctx.storage.setAlarm(Date.now() + AUTHORIZATION_CODE_TTL_SECONDS * 1000);
  }
}

function secondsLeft(tokens: PingTokens): number {
  return tokens.accessTokenExpiresAt - nowInSeconds();
}
