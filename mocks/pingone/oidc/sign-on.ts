/**
 * Sign-ons under way, each bound to the browser that began it by the cookies `interactionId` and `interactionToken`. They
 * are part of a saved state: after a restart a person goes on at the screen that is open in the browser.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import type { AuthorizationContext } from "../davinci/contracts.ts";
import { type Interaction, withoutSecrets } from "../davinci/engine/interaction.ts";
import { runStateSchema } from "../davinci/engine/run-state.ts";
import type { Application } from "../tenant/environment.ts";
import { hashOf } from "../tokens/store.ts";
import type { AuthorizationRequest } from "./rules/authorization-request.ts";
import type { ResponseType } from "./rules/response-type.ts";

export const SIGN_ON_TTL_MS = 30 * 60_000;
/** Limits the memory that unfinished sign-ons take. */
export const MAX_SIGN_ONS = 5000;

export interface SignOn {
  readonly id: string;
  readonly request: AuthorizationRequest;
  /** The SSO session that the browser had when the flow began. */
  readonly sessionId: string | undefined;
  /** The state of the flow; undefined until it has begun. */
  interaction?: Interaction;
  /**
   * What the client was answered. A double click on the last button sends the form twice, and the browser only follows
   * the second answer, so both must be the same.
   */
  answer?: Promise<Response>;
}

interface KeptSignOn {
  readonly signOn: SignOn;
  readonly tokenHash: string;
  readonly expiresAt: number;
}

/** Of requests and contexts only that they are objects of ours is checked: the emulator itself has written them. */
const signOnsSnapshot = z.array(
  z.object({
    id: z.string(),
    tokenHash: z.string(),
    expiresAt: z.number(),
    sessionId: z.string().optional(),
    applicationId: z.string(),
    request: z.custom<SavedRequest>((value) => isObjectWith(value, "callback", "scopes")),
    responseTypes: z.array(z.custom<ResponseType>((value) => typeof value === "string")),
    policyId: z.string(),
    context: z.custom<AuthorizationContext>((value) => isObjectWith(value, "application", "formAction")),
    state: runStateSchema,
  }),
);
type SavedRequest = Omit<AuthorizationRequest, "application" | "responseTypes">;

function isObjectWith(value: unknown, ...names: string[]): boolean {
  return typeof value === "object" && value !== null && names.every((name) => name in value);
}

export class SignOnStore {
  readonly #kept = new Map<string, KeptSignOn>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  /** @param onChange Told after every change that a snapshot would show. */
  constructor(clock: Clock, onChange: () => void = () => {}) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  /** A new sign-on, not kept yet: a flow may end without a screen. */
  create(request: AuthorizationRequest, sessionId: string | undefined): SignOn {
    return { id: randomUUID(), request, sessionId };
  }

  /** Keeps the sign-on for the form of its first screen. Returns the token that proves its browser. */
  keep(signOn: SignOn): string {
    const now = this.#clock();
    for (const [id, { expiresAt }] of this.#kept) {
      if (expiresAt > now && this.#kept.size < MAX_SIGN_ONS) break;
      this.#kept.delete(id);
    }
    const token = randomBytes(32).toString("base64url");
    this.#kept.set(signOn.id, { signOn, tokenHash: hashOf(token), expiresAt: now + SIGN_ON_TTL_MS });
    this.#changed();
    return token;
  }

  /** `undefined` unless it is under way and the browser holds its token. */
  find(id: string, token: string | undefined): SignOn | undefined {
    const found = this.#kept.get(id);
    if (!found || token === undefined || found.tokenHash !== hashOf(token)) return undefined;
    return this.#clock() < found.expiresAt ? found.signOn : undefined;
  }

  /** Without a check of the browser: for the journal only. */
  peek(id: string): SignOn | undefined {
    return this.#kept.get(id)?.signOn;
  }

  /** To be called when the state of a kept sign-on has changed. */
  changed(): void {
    this.#changed();
  }

  /** The sign-ons that wait for a form. What was typed into secret fields is left out. */
  snapshot(): z.input<typeof signOnsSnapshot> {
    const now = this.#clock();
    return [...this.#kept.values()].flatMap(({ signOn, tokenHash, expiresAt }) => {
      const { id, sessionId, interaction } = signOn;
      if (!interaction || interaction.state.ended || expiresAt <= now) return [];
      const { application, responseTypes, ...request } = signOn.request;
      const saved = {
        id,
        tokenHash,
        expiresAt,
        ...(sessionId !== undefined && { sessionId }),
        applicationId: application.id,
        request,
        responseTypes: [...responseTypes],
        policyId: interaction.policyId,
        context: interaction.context,
        state: withoutSecrets(interaction),
      };
      return [structuredClone(saved)];
    });
  }

  /**
   * Sign-ons of an application that is not there any more are left out.
   * @throws {Error} when `state` is not a snapshot of sign-ons.
   */
  restore(state: unknown, findApplication: (id: string) => Application | undefined): void {
    const restored = signOnsSnapshot.safeParse(state ?? []);
    if (!restored.success) throw new Error(`snapshot of sign-ons: ${z.prettifyError(restored.error)}`);
    this.#kept.clear();
    for (const saved of restored.data) {
      const application = findApplication(saved.applicationId);
      if (!application) continue;
      const { id, sessionId, policyId, context, tokenHash, expiresAt } = saved;
      const request = { ...saved.request, application, responseTypes: new Set(saved.responseTypes) };
      const interaction = { id, context, policyId, state: saved.state, secrets: new Set<string>() };
      this.#kept.set(id, { signOn: { id, request, sessionId, interaction }, tokenHash, expiresAt });
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#changed();
  }
}
