/**
 * Agreements of the environment, such as terms of service, and who has accepted which. Read from a file in the shape of
 * the Management API, except that an agreement holds its languages, and each of them its current revision with its text.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";

const DAY_MS = 86_400_000;

const language = z.object({
  id: z.string().min(1),
  locale: z.string().min(1).describe('Such as "en" or "en-US".'),
  displayName: z.string().default(""),
  enabled: z.boolean().default(true),
  userExperience: z
    .object({
      acceptCheckboxText: z.string().optional(),
      continueButtonText: z.string().default("Continue"),
      declineButtonText: z.string().default("Cancel"),
    })
    .prefault({}),
  currentRevision: z.object({
    id: z.string().min(1),
    contentType: z.enum(["text/plain", "text/html"]).default("text/plain"),
    effectiveAt: z.iso.datetime().default("2026-01-01T00:00:00.000Z"),
    requireReconsent: z.boolean().default(true),
    text: z.string().max(32_000),
  }),
});

export const agreementSchema = z
  .object({
    id: z.string().min(1),
    name: z.string().min(1),
    description: z.string().optional(),
    enabled: z.boolean().default(true),
    reconsentPeriodDays: z.int().positive().optional(),
    languages: z.array(language).min(1).describe("The first one is shown to whom no other one fits."),
  })
  .describe("One of GET /v1/environments/{id}/agreements, with its languages");

export type Agreement = z.output<typeof agreementSchema>;
type AgreementLanguage = z.output<typeof language>;

const acceptance = z.object({
  id: z.string(),
  userId: z.string(),
  agreementId: z.string(),
  languageId: z.string(),
  revisionId: z.string(),
  status: z.enum(["ACCEPTED", "REVOKED"]),
  /** Epoch milliseconds. */
  at: z.number(),
});
export type Acceptance = z.infer<typeof acceptance>;

/** What a person reads, or has accepted. */
export interface PresentedAgreement {
  /** Names the agreement, its language and its revision. */
  readonly presentationId: string;
  readonly agreement: Agreement;
  readonly language: AgreementLanguage;
}

export interface AgreementStoreOptions {
  readonly clock: Clock;
  /** Told after every change that a snapshot would show. */
  readonly onChange?: () => void;
}

export class AgreementStore {
  readonly #loaded: readonly Agreement[];
  readonly #seeded = new Map<string, Agreement>();
  readonly #acceptances = new Map<string, Acceptance>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor(
    agreements: readonly z.input<typeof agreementSchema>[],
    { clock, onChange = () => {} }: AgreementStoreOptions,
  ) {
    this.#loaded = z.array(agreementSchema).parse(agreements);
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** A seeded one stands in the place of the loaded one with its id, else at the end. */
  get agreements(): readonly Agreement[] {
    const byId = new Map([...this.#loaded, ...this.#seeded.values()].map((one) => [one.id, one]));
    return [...byId.values()];
  }

  /** Adds an agreement, or puts it in the place of the one with its id, until {@link reset}. */
  seed(agreement: Agreement): void {
    this.#seeded.set(agreement.id, agreement);
    this.#changed();
  }

  /**
   * `undefined`: there is no such agreement, or it is disabled.
   * @param wanted Language tags, the preferred one first. `en-US` is content with `en`.
   */
  present(agreementId: string, wanted: readonly string[] = []): PresentedAgreement | undefined {
    const agreement = this.agreements.find(({ id, enabled }) => id === agreementId && enabled);
    const languages = agreement?.languages.filter(({ enabled }) => enabled) ?? [];
    const tags = wanted.flatMap((tag) => [tag, tag.split("-")[0] ?? ""]).map((tag) => tag.toLowerCase());
    const fitting = tags.map((tag) => languages.find(({ locale }) => locale.toLowerCase() === tag));
    const chosen = fitting.find((found) => found !== undefined) ?? languages[0];
    return agreement && chosen && presented(agreement, chosen);
  }

  findPresented(presentationId: string): PresentedAgreement | undefined {
    return this.agreements
      .flatMap((agreement) => agreement.languages.map((own) => presented(agreement, own)))
      .find((found) => found.presentationId === presentationId);
  }

  accept(userId: string, { agreement, language: { id, currentRevision } }: PresentedAgreement): Acceptance {
    const accepted: Acceptance = {
      id: randomUUID(),
      userId,
      agreementId: agreement.id,
      languageId: id,
      revisionId: currentRevision.id,
      status: "ACCEPTED",
      at: this.#clock(),
    };
    this.#acceptances.set(keyOf(userId, agreement.id), accepted);
    this.#changed();
    return accepted;
  }

  revoke(userId: string, agreementId: string): void {
    const last = this.#acceptances.get(keyOf(userId, agreementId));
    if (!last) return;
    last.status = "REVOKED";
    this.#changed();
  }

  lastAcceptance(userId: string, agreementId: string): Acceptance | undefined {
    return this.#acceptances.get(keyOf(userId, agreementId));
  }

  /** Epoch milliseconds, when the agreement asks for consent again after some days. */
  expiryOf({ agreementId, at }: Acceptance): number | undefined {
    const days = this.agreements.find(({ id }) => id === agreementId)?.reconsentPeriodDays;
    return days === undefined ? undefined : at + days * DAY_MS;
  }

  /** Whether the user need not be asked: the acceptance is of the current revision, and not too old. */
  isAccepted(userId: string, { agreement }: PresentedAgreement): boolean {
    const last = this.lastAcceptance(userId, agreement.id);
    if (last?.status !== "ACCEPTED") return false;
    if (this.#clock() >= (this.expiryOf(last) ?? Number.POSITIVE_INFINITY)) return false;
    const current = agreement.languages.find(({ id }) => id === last.languageId)?.currentRevision;
    return current?.id === last.revisionId || current?.requireReconsent === false;
  }

  /** Of a user who is no more. */
  forget(userId: string): void {
    for (const [key, own] of this.#acceptances) if (own.userId === userId) this.#acceptances.delete(key);
    this.#changed();
  }

  snapshot(): Acceptance[] {
    return structuredClone([...this.#acceptances.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of acceptances. */
  restore(state: unknown): void {
    const restored = z.array(acceptance).safeParse(state);
    if (!restored.success) throw new Error(`snapshot of agreements: ${z.prettifyError(restored.error)}`);
    this.#acceptances.clear();
    for (const own of restored.data) this.#acceptances.set(keyOf(own.userId, own.agreementId), own);
  }

  snapshotSeeds(): Agreement[] {
    return structuredClone([...this.#seeded.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of agreements. */
  restoreSeeds(state: unknown): void {
    const restored = z.array(agreementSchema).safeParse(state);
    if (!restored.success) throw new Error(`snapshot of agreements: ${z.prettifyError(restored.error)}`);
    this.#seeded.clear();
    for (const agreement of restored.data) this.#seeded.set(agreement.id, agreement);
  }

  reset(): void {
    this.#seeded.clear();
    this.#acceptances.clear();
    this.#changed();
  }
}

function presented(agreement: Agreement, own: AgreementLanguage): PresentedAgreement {
  const presentationId = [agreement.id, own.id, own.currentRevision.id].join("/");
  return { presentationId, agreement, language: own };
}

function keyOf(userId: string, agreementId: string): string {
  return JSON.stringify([userId, agreementId]);
}
