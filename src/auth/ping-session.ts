/**
 * PingSession: the PingOne tokens behind one MCP grant.
 *
 * One Durable Object per grant, so that PingOne sees one refresh at a time however many callers wait: PingOne
 * rotates refresh tokens, and a replayed one revokes the whole family. What is stored is sealed with a key that
 * only this object can derive. It ends with its grant.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import { ALL_TODO_SCOPES, AUTHORIZATION_CODE_TTL_SECONDS, type Env, parseSettings } from "../config.ts";
import { continueRequest, logEvent, logProblem } from "../log.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "./ping-failures.ts";
import {
  type PingSessionLife,
  type PingSessionOutcome,
  type PingTokens,
  pingTokensSchema,
  type UpstreamFailure,
  UpstreamOAuthError,
} from "./ping-types.ts";
import { refreshTokens, revokeRefreshToken } from "./ping-utils.ts";
import { findGrant } from "./provider.ts";
import { type Sealed, seal, sealedSchema, unseal } from "./sealing.ts";

/** How long a caller waits for an early refresh before it gets the old token, which is still good. */
const EARLY_REFRESH_PATIENCE_MS = 2000;

/** How often a session looks whether its grant is still there; grants can end without telling anybody. */
const GRANT_CHECK_INTERVAL_SECONDS = 24 * 60 * 60;

/** After these no further refresh can succeed, so the person signs in again. */
const FATAL_FAILURES: ReadonlySet<UpstreamFailure> = new Set(["invalid_grant", "rejected", "wrong_subject"]);

const TOKENS_KEY = "tokens";
const GRANT_KEY = "grant";

const grantSchema = z.object({ userId: z.string(), grantId: z.string() });

export class PingSession extends DurableObject<Env> {
  #tokens: PingTokens | undefined;
  #refreshing: Promise<PingSessionOutcome> | undefined;
  /** Seconds since the epoch before which an unavailable PingOne is not asked again. */
  #notBefore = 0;
  /** The session was ended with the wish to revoke: a refresh that was under way then revokes what it brings. */
  #revokeLate = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Loading first lets every method decide without an await in between, which is what makes one refresh at a
    // time true.
    ctx.blockConcurrencyWhile(async () => {
      this.#tokens = await this.#load();
    });
  }

  /** Takes the tokens of a fresh sign-in. They are dropped unless {@link bindToGrant} follows in time. */
  async open(tokens: PingTokens): Promise<void> {
    await this.#store(tokens, await this.#seal(tokens));
    await this.#wakeIn(AUTHORIZATION_CODE_TTL_SECONDS);
  }

  /** The MCP client has redeemed its code: from here on the session lives as long as this grant. */
  async bindToGrant(grant: { userId: string; grantId: string }): Promise<void> {
    if (this.#tokens === undefined) return;
    await this.ctx.storage.put(GRANT_KEY, grantSchema.parse(grant));
    await this.#wakeIn(GRANT_CHECK_INTERVAL_SECONDS);
  }

  /**
   * A PingOne access token that is valid now, refreshed when less than a minute is left.
   *
   * @param options.rejected an access token that the Todo API refused: it is not handed out again
   * @param options.waitAtMostMs how long the caller can wait; a refresh goes on for the next one
   * @param options.requestId of the HTTP request that needs the token, for the log
   */
  getAccessToken(
    options: { rejected?: string; waitAtMostMs?: number; requestId?: string | undefined } = {},
  ): Promise<PingSessionOutcome> {
    return continueRequest(options.requestId, () => this.#getAccessToken(options));
  }

  async #getAccessToken(options: { rejected?: string; waitAtMostMs?: number }): Promise<PingSessionOutcome> {
    const { rejected, waitAtMostMs = Number.POSITIVE_INFINITY } = options;
    const tokens = this.#tokens;
    if (tokens === undefined) return { kind: "expired" };
    const isRejected = rejected === tokens.accessToken;
    if (!isRejected && nowInSeconds() < tokens.refreshAt) return valid(tokens);
    if (tokens.refreshToken === undefined) {
      if (!isRejected && secondsLeft(tokens) > 0) return valid(tokens);
      await this.end({ revoke: false });
      return { kind: "expired" };
    }
    if (this.#refreshing === undefined) {
      const wait = this.#notBefore - nowInSeconds();
      this.#refreshing =
        wait > 0
          ? Promise.resolve<PingSessionOutcome>({ kind: "unavailable", retryAfterSeconds: wait })
          : this.#refresh(tokens, tokens.refreshToken);
      this.#refreshing = this.#refreshing.finally(() => {
        this.#refreshing = undefined;
      });
    }
    const isGood = () => !isRejected && secondsLeft(tokens) > 0;
    const patienceMs = isGood() ? Math.min(EARLY_REFRESH_PATIENCE_MS, waitAtMostMs) : waitAtMostMs;
    const outcome = await within(patienceMs, this.#refreshing);
    if (outcome.kind !== "unavailable") return outcome;
    if (this.#tokens === undefined) return { kind: "expired" };
    // PingOne is slow or down: a token that is still good goes on being used.
    return isGood() ? valid(tokens) : outcome;
  }

  /** The Todo API refused this token although PingOne says that it is good. */
  async reportRefusal(_options: { accessToken: string; requestId?: string | undefined }): Promise<void> {}

  /** The Todo API has accepted a token while an earlier refusal stood. */
  async reportAcceptance(_options: { requestId?: string | undefined }): Promise<void> {}

  /** How long the session can last, without asking PingOne. */
  async describeLife(): Promise<PingSessionLife> {
    const tokens = this.#tokens;
    if (tokens === undefined) return { kind: "over" };
    if (tokens.refreshToken !== undefined) return { kind: "renewable" };
    return secondsLeft(tokens) > 0 ? { kind: "fixed", secondsLeft: secondsLeft(tokens) } : { kind: "over" };
  }

  /**
   * Forgets everything. The object leaves no storage behind.
   *
   * @param options.revoke also revoke at PingOne. For a person or client that ends its access; a grant that a new
   *   sign-in replaced is only forgotten, since revoking it could take the new sign-in's tokens with it
   *   (RFC 7009 §2.1: "the authorization server SHOULD also invalidate all access tokens based on the same
   *   authorization grant").
   * @param options.requestId of the HTTP request that ends it, for the log
   */
  end(options: { revoke: boolean; requestId?: string | undefined }): Promise<void> {
    return continueRequest(options.requestId, () => this.#end(options.revoke));
  }

  async #end(revoke: boolean): Promise<void> {
    const refreshToken = this.#tokens?.refreshToken;
    this.#tokens = undefined;
    this.#revokeLate ||= revoke;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    if (revoke && refreshToken !== undefined) await this.#revoke(refreshToken);
  }

  async #revoke(refreshToken: string): Promise<void> {
    try {
      await revokeRefreshToken(parseSettings(this.env), refreshToken);
      logEvent("ping_session.revoked");
    } catch (error) {
      // Access has ended here all the same: nobody holds the tokens any more.
      logProblem("ping_session.revocation_failed", describeFailure(error));
    }
  }

  override async alarm(): Promise<void> {
    try {
      await this.endUnlessGrantLives();
    } catch (error) {
      // Without a new alarm, tokens would outlive their grant for good.
      logProblem("ping_session.check_failed", { error: error instanceof Error ? error.name : "unknown" });
      await this.#wakeIn(GRANT_CHECK_INTERVAL_SECONDS);
    }
  }

  /** Ends the session when its grant is gone or was never redeemed; looks again later when it is there. */
  async endUnlessGrantLives(): Promise<void> {
    const grant = grantSchema.safeParse(await this.ctx.storage.get(GRANT_KEY));
    const found = grant.success ? await findGrant(this.env, grant.data) : undefined;
    if (found === undefined) {
      logEvent("ping_session.expired", { redeemed: grant.success });
      await this.end({ revoke: false });
      return;
    }
    const untilExpiry =
      found.expiresAt === undefined ? Number.POSITIVE_INFINITY : found.expiresAt - nowInSeconds() + 1;
    await this.#wakeIn(Math.max(1, Math.min(GRANT_CHECK_INTERVAL_SECONDS, untilExpiry)));
  }

  async #refresh(current: PingTokens, refreshToken: string): Promise<PingSessionOutcome> {
    const startedAt = Date.now();
    try {
      const tokens = await refreshTokens(parseSettings(this.env), {
        refreshToken,
        subject: current.subject,
      });
      const sealed = await this.#seal(tokens);
      if (this.#tokens !== current) {
        // Ended while PingOne answered: what came must not bring the session back.
        if (this.#revokeLate && tokens.refreshToken !== undefined) await this.#revoke(tokens.refreshToken);
        return { kind: "expired" };
      }
      // Stored before it is used: after rotation the old refresh token is worth nothing.
      await this.#store(tokens, sealed);
      this.#notBefore = 0;
      logEvent("ping_session.refreshed", { duration_ms: Date.now() - startedAt });
      return { ...valid(tokens), kind: "refreshed" };
    } catch (error) {
      logProblem("ping_session.refresh_failed", {
        ...describeFailure(error),
        duration_ms: Date.now() - startedAt,
      });
      if (this.#tokens !== current) return { kind: "expired" };
      if (error instanceof UpstreamOAuthError) {
        if (FATAL_FAILURES.has(error.failure)) {
          await this.end({ revoke: false });
          return { kind: "expired" };
        }
        if (error.rotatedRefreshToken !== undefined) {
          const kept = { ...current, refreshToken: error.rotatedRefreshToken };
          const sealed = await this.#seal(kept);
          if (this.#tokens === current) await this.#store(kept, sealed);
        }
      }
      const retryAfterSeconds =
        (error instanceof UpstreamOAuthError ? error.retryAfterSeconds : undefined) ??
        DEFAULT_RETRY_AFTER_SECONDS;
      this.#notBefore = nowInSeconds() + retryAfterSeconds;
      return { kind: "unavailable", retryAfterSeconds };
    }
  }

  async #load(): Promise<PingTokens | undefined> {
    const stored = sealedSchema.safeParse(await this.ctx.storage.get<Sealed>(TOKENS_KEY));
    if (!stored.success) return undefined;
    const opened = await unseal(stored.data, this.#sealingContext());
    // Sealed under another COOKIE_ENCRYPTION_KEY, or by another version: the person signs in again.
    return opened === undefined ? undefined : pingTokensSchema.safeParse(JSON.parse(opened)).data;
  }

  #seal(tokens: PingTokens): Promise<Sealed> {
    return seal(JSON.stringify(pingTokensSchema.parse(tokens)), this.#sealingContext());
  }

  /** Nothing is awaited before memory and storage have changed, so that an end cannot fall in between. */
  async #store(tokens: PingTokens, sealed: Sealed): Promise<void> {
    this.#tokens = tokens;
    await this.ctx.storage.put(TOKENS_KEY, sealed);
  }

  #sealingContext() {
    return { secret: String(this.env.COOKIE_ENCRYPTION_KEY), id: this.ctx.id.toString() };
  }

  async #wakeIn(delaySeconds: number): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + delaySeconds * 1000);
  }
}

/** What the refresh yields, unless it takes too long; it goes on by itself. */
async function within(
  milliseconds: number,
  refreshing: Promise<PingSessionOutcome>,
): Promise<PingSessionOutcome> {
  if (milliseconds === Number.POSITIVE_INFINITY) return refreshing;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<PingSessionOutcome>((resolve) => {
    const giveUp = () => resolve({ kind: "unavailable", retryAfterSeconds: DEFAULT_RETRY_AFTER_SECONDS });
    timer = setTimeout(giveUp, Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([refreshing, patience]);
  } finally {
    clearTimeout(timer);
  }
}

function valid(tokens: PingTokens): Extract<PingSessionOutcome, { accessToken: string }> {
  return {
    kind: "valid",
    accessToken: tokens.accessToken,
    expiresAt: tokens.accessTokenExpiresAt,
    scopes: ALL_TODO_SCOPES,
  };
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function secondsLeft(tokens: PingTokens): number {
  return tokens.accessTokenExpiresAt - nowInSeconds();
}

function describeFailure(error: unknown): { failure: string; detail: string } {
  if (error instanceof UpstreamOAuthError) return { failure: error.failure, detail: error.detail };
  return { failure: "internal", detail: error instanceof Error ? error.name : "unknown" };
}
