/**
 * Refresh tokens to be revoked at PingOne, in the storage of a PingSession that has ended. They are stored before
 * PingOne is asked, so that revocation is repeated after an outage or a restart of the object.
 */
import { z } from "zod";
import { within } from "../deadline.ts";
import { logEvent, logProblem } from "../log.ts";
import { describeFailure } from "./ping-failures.ts";
import type { PingResult } from "./ping-types.ts";
import { type SealingContext, seal, unseal } from "./sealing.ts";

/** Delays before a failed revocation is repeated; after the last one the token is left to expire. */
const RETRY_SECONDS = [5, 60, 300, 1800, 7200, 43_200];

/** How long the caller that ends a session waits for PingOne. The request continues in the background. */
const PATIENCE_MS = 1000;

const REVOCATION_KEY = "revocation";

const storedSchema = z.object({ version: z.literal(1), attempts: z.number(), sealed: z.unknown() });
const tokensSchema = z.array(z.string());

export class PingRevocation {
  readonly #storage: DurableObjectStorage;
  readonly #revoke: (token: string) => Promise<PingResult<undefined>>;
  readonly #sealing: SealingContext;
  #tokens: readonly string[] = [];
  #attempts = 0;
  #attempt: Promise<void> | undefined;

  /** @param revoke revokes one refresh token at PingOne */
  constructor(
    storage: DurableObjectStorage,
    sealing: SealingContext,
    revoke: (token: string) => Promise<PingResult<undefined>>,
  ) {
    this.#storage = storage;
    this.#sealing = sealing;
    this.#revoke = revoke;
  }

  /** Call first. */
  async load(): Promise<void> {
    const stored = storedSchema.safeParse(await this.#storage.get(REVOCATION_KEY));
    if (!stored.success) return;
    // Sealed under another COOKIE_ENCRYPTION_KEY they cannot be read; they expire at PingOne.
    this.#tokens = (await unseal(stored.data.sealed, tokensSchema, this.#sealing)) ?? [];
    this.#attempts = stored.data.attempts;
  }

  get isPending(): boolean {
    return this.#tokens.length > 0;
  }

  /** Replaces these keys of the session's storage by the tokens, and asks PingOne to revoke them. */
  async begin(tokens: readonly string[], replacedKeys: string[]): Promise<void> {
    this.#tokens = [...new Set([...this.#tokens, ...tokens])];
    this.#attempts = 0;
    await this.#save(replacedKeys);
    await within(PATIENCE_MS, this.#ask());
  }

  /** For the alarm. */
  async goOn(): Promise<void> {
    // The alarm can run while an earlier attempt is still waiting for PingOne.
    if (this.#attempt !== undefined) return this.#attempt;
    this.#attempts += 1;
    await this.#save([]);
    await this.#ask();
  }

  /** Stored in one step with the alarm, so that the session ends only if its revocation is scheduled. */
  async #save(replacedKeys: string[]): Promise<void> {
    const tokens = this.#tokens;
    const sealed = await seal(tokens, this.#sealing);
    // The list changed during sealing: the call that changed it saves it.
    if (tokens !== this.#tokens) return;
    const retryInSeconds = RETRY_SECONDS[this.#attempts];
    await Promise.all([
      this.#storage.put(REVOCATION_KEY, { version: 1, attempts: this.#attempts, sealed }),
      this.#storage.delete(replacedKeys),
      ...(retryInSeconds === undefined ? [] : [this.#storage.setAlarm(Date.now() + retryInSeconds * 1000)]),
    ]);
  }

  /** One attempt at a time; tokens that are added during it follow in the next one. */
  async #ask(): Promise<void> {
    while (this.#attempt !== undefined) await this.#attempt;
    if (!this.isPending) return;
    this.#attempt = this.#askOnce().finally(() => {
      this.#attempt = undefined;
    });
    await this.#attempt;
  }

  async #askOnce(): Promise<void> {
    const isLast = RETRY_SECONDS[this.#attempts] === undefined;
    const done = new Set<string>();
    await Promise.all(
      this.#tokens.map(async (token) => {
        const result = await this.#revoke(token);
        if (result.kind === "failed") logProblem("ping_session.revocation_failed", describeFailure(result));
        else logEvent("ping_session.revoked");
        // `rejected` is final; every other failure is temporary.
        if (result.kind === "ok" || result.failure === "rejected" || isLast) done.add(token);
      }),
    );
    this.#tokens = this.#tokens.filter((token) => !done.has(token));
    if (this.isPending) await this.#save([]);
    else await this.#storage.deleteAll();
  }
}
