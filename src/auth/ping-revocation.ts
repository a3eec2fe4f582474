/**
 * Refresh tokens that are to be revoked at PingOne, in the storage of a PingSession that has ended. Stored before
 * PingOne is asked, so that neither an outage nor the end of an instance leaves a token alive that nobody holds.
 */
import { z } from "zod";
import { type Env, parseSettings } from "../config.ts";
import { logEvent, logProblem } from "../log.ts";
import { describeFailure } from "./ping-failures.ts";
import type { PingFailure } from "./ping-types.ts";
import { revokeRefreshToken } from "./ping-utils.ts";
import { type SealingContext, seal, sealedSchema, unseal } from "./sealing.ts";

/** When a revocation that PingOne could not take is tried again; after the last the token is left to expire. */
const RETRY_SECONDS = [5, 60, 300, 1800, 7200, 43_200];

const REVOCATION_KEY = "revocation";

const storedSchema = z.object({ version: z.literal(1), attempts: z.number(), sealed: sealedSchema });
const tokensSchema = z.array(z.string());

interface Pending {
  readonly tokens: string[];
  readonly attempts: number;
}

export class PingRevocation {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #sealing: SealingContext;

  constructor(storage: DurableObjectStorage, env: Env, sealing: SealingContext) {
    this.#storage = storage;
    this.#env = env;
    this.#sealing = sealing;
  }

  /** Puts tokens in the place of what the session stored under these keys, and asks PingOne. */
  async begin(tokens: readonly string[], replacedKeys: string[]): Promise<void> {
    const earlier = await this.#read();
    await this.#attempt([...new Set([...(earlier?.tokens ?? []), ...tokens])], 0, replacedKeys);
  }

  /** For the alarm. @returns whether there was anything to revoke */
  async goOn(): Promise<boolean> {
    const pending = await this.#read();
    if (pending === undefined) return false;
    await this.#attempt(pending.tokens, pending.attempts + 1, []);
    return true;
  }

  async isPending(): Promise<boolean> {
    return (await this.#read()) !== undefined;
  }

  async #attempt(tokens: readonly string[], attempts: number, replacedKeys: string[]): Promise<void> {
    const sealed = await seal(JSON.stringify(tokens), this.#sealing);
    const retryMs = (RETRY_SECONDS[attempts] ?? 0) * 1000;
    // In one step: the session is over exactly when its revocation is certain.
    await Promise.all([
      this.#storage.put(REVOCATION_KEY, { version: 1, attempts, sealed }),
      this.#storage.delete(replacedKeys),
      this.#storage.setAlarm(Date.now() + retryMs),
    ]);
    const settings = parseSettings(this.#env);
    const results = await Promise.all(tokens.map((token) => revokeRefreshToken(settings, token)));
    const failures = results.filter((result): result is PingFailure => result.kind === "failed");
    for (const failure of failures) logProblem("ping_session.revocation_failed", describeFailure(failure));
    if (failures.length === 0) logEvent("ping_session.revoked");
    // A refusal is PingOne's last word; anything else can pass.
    const canRetry =
      failures.some(({ failure }) => failure !== "rejected") && attempts < RETRY_SECONDS.length;
    if (!canRetry) await this.#storage.deleteAll();
  }

  async #read(): Promise<Pending | undefined> {
    const stored = storedSchema.safeParse(await this.#storage.get(REVOCATION_KEY));
    if (!stored.success) return undefined;
    const opened = await unseal(stored.data.sealed, this.#sealing);
    if (opened === undefined) return undefined;
    return { tokens: tokensSchema.parse(JSON.parse(opened)), attempts: stored.data.attempts };
  }
}
