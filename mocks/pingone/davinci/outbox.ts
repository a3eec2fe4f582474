/** Keeps the e-mails that the flows would send, so that developers and tests can read them. */
const KEPT_MESSAGES = 200;

interface SentMessage {
  readonly interactionId?: string;
  /** Absent when the flow names nobody. */
  readonly userId?: string | undefined;
  /** E-mail address. */
  readonly to: string;
  /** What it is for: `verification`, `recovery`, `mfa`, `challenge` for a link that answers one, or `notification` for what a flow sends of its own. */
  readonly purpose: string;
  /** The one-time code in it; empty when it has none. */
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

export interface Outbox {
  send(message: Omit<SentMessage, "code"> & { readonly code?: string }): void;
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
      messages.push({ code: "", ...message });
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
