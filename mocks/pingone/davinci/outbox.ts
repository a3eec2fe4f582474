/** Keeps the e-mails and other messages that the flows would send, so that developers and tests can read them. */
import { z } from "zod";

const KEPT_MESSAGES = 200;
const CHANNELS = ["SMS", "VOICE", "WHATSAPP", "PUSH"] as const;

export interface SentMessage {
  readonly interactionId?: string | undefined;
  /** Absent when the flow names nobody. */
  readonly userId?: string | undefined;
  /** E-mail address, or phone number. */
  readonly to: string;
  /** Absent for an e-mail. */
  readonly channel?: (typeof CHANNELS)[number] | undefined;
  /**
   * What it is for: `verification`, `recovery`, `mfa`, `pairing`, `push` for what waits for an answer at a phone,
   * `challenge` for a link that answers one, or `notification` for what a flow sends of its own.
   */
  readonly purpose: string;
  /** The one-time code in it; empty when it has none, or had one before a restart. */
  readonly code: string;
  readonly subject?: string;
  readonly text?: string;
  /** What the person is to open. */
  readonly link?: string;
  /** The challenge that the link answers. */
  readonly challenge?: string;
  /** Epoch milliseconds by the emulator's clock. */
  readonly sentAt: number;
}

/**
 * SECURITY: what a saved state has of a message. Nothing in it signs anybody on: codes and links are left out, and so are
 * texts and subjects, into which an author can have put either.
 */
const savedMessage = z.object({
  interactionId: z.string().optional(),
  userId: z.string().optional(),
  to: z.string(),
  channel: z.enum(CHANNELS).optional(),
  purpose: z.string(),
  sentAt: z.number(),
});
const outboxSnapshot = z.array(savedMessage);

export interface Outbox {
  send(message: Omit<SentMessage, "code"> & { readonly code?: string }): void;
  /** Oldest first. */
  list(to?: string): readonly SentMessage[];
  /** The last message to this address. @throws {Error} that lists the addresses with messages when there is none. */
  latest(to: string): SentMessage;
  clear(): void;
  /** To whom messages went, for what and when, without their content. */
  snapshot(): readonly unknown[];
  /** @throws {Error} when `state` is not a snapshot of an outbox. */
  restore(state: unknown): void;
}

/**
 * Keeps a limited number of messages and drops the oldest.
 * @param onChange Told after every change that a snapshot would show.
 */
export function createOutbox(onChange: () => void = () => {}): Outbox {
  const messages: SentMessage[] = [];
  const list: Outbox["list"] = (to) =>
    messages.filter((message) => to === undefined || message.to.toLowerCase() === to.toLowerCase());

  return {
    send(message) {
      messages.push({ code: "", ...message });
      if (messages.length > KEPT_MESSAGES) messages.shift();
      onChange();
    },
    list,
    latest(to) {
      const found = list(to).at(-1);
      if (found) return found;
      const addresses = [...new Set(messages.map((message) => message.to))];
      throw new Error(`No message was sent to ${to}. Messages went to: ${addresses.join(", ") || "nobody"}.`);
    },
    clear() {
      messages.splice(0);
      onChange();
    },
    // The schema takes out what it does not name.
    snapshot: () => outboxSnapshot.parse(messages),
    restore(state) {
      const restored = outboxSnapshot.safeParse(state);
      if (!restored.success) throw new Error(`snapshot of e-mails: ${z.prettifyError(restored.error)}`);
      messages.splice(0, messages.length, ...restored.data.map((message) => ({ ...message, code: "" })));
    },
  };
}
