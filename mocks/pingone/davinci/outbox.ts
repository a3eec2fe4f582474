/** Keeps the e-mails that the flows would send, so that developers and tests can read the codes in them. */
import type { CodePurpose } from "./flow-schema.ts";

const KEPT_MESSAGES = 200;

interface SentMessage {
  readonly interactionId?: string;
  readonly userId: string;
  /** E-mail address. */
  readonly to: string;
  readonly purpose: CodePurpose;
  readonly code: string;
  /** Epoch milliseconds by the emulator's clock. */
  readonly sentAt: number;
}

export interface Outbox {
  send(message: SentMessage): void;
  /** Oldest first. */
  list(to?: string): readonly SentMessage[];
  /** The last message to this address. @throws {Error} that lists the addresses with messages when there is none. */
  latest(to: string): SentMessage;
  clear(): void;
}

/** Keeps a limited number of messages and drops the oldest. */
export function createOutbox(): Outbox {
  const messages: SentMessage[] = [];
  const list: Outbox["list"] = (to) =>
    messages.filter((message) => to === undefined || message.to.toLowerCase() === to.toLowerCase());

  return {
    send(message) {
      messages.push(message);
      if (messages.length > KEPT_MESSAGES) messages.shift();
    },
    list,
    latest(to) {
      const found = list(to).at(-1);
      if (found) return found;
      const addresses = [...new Set(messages.map((message) => message.to))];
      throw new Error(`No message was sent to ${to}. Messages went to: ${addresses.join(", ") || "nobody"}.`);
    },
    clear: () => messages.splice(0),
  };
}
