/** Which messages of a sign-on a person can still use: the emulator shows these on the page. */
import type { ChallengeStore } from "../../tenant/challenges.ts";
import type { CodeStore } from "../../tenant/codes.ts";
import type { Mfa } from "../../tenant/mfa.ts";
import type { Outbox, SentMessage } from "../outbox.ts";
import type { Interaction } from "./interaction.ts";

const SHOWN_LINKS = 3;

export interface WhatCodesAreFor {
  readonly codes: CodeStore;
  readonly mfa: Mfa;
  readonly challenges: ChallengeStore;
}

export interface UsableMessages {
  readonly codes: readonly SentMessage[];
  /** Their code can be entered, but nobody has it: they were sent before a restart. */
  readonly withoutCode: readonly SentMessage[];
  readonly links: readonly SentMessage[];
}

export function usableMessages(
  outbox: Outbox,
  { id, state }: Interaction,
  { codes, mfa, challenges }: WhatCodesAreFor,
): UsableMessages {
  const isAwaited = ({ purpose, userId, code }: SentMessage) => {
    const known = code === "" ? undefined : code;
    // Whom a flow does not name has no code that is kept, so nothing says that this one is over.
    if (userId === undefined) return known !== undefined;
    switch (purpose) {
      case "verification":
      case "recovery":
        return codes.isAwaited(purpose, userId, known);
      case "mfa":
      case "pairing":
        return mfa.isAwaited(purpose, userId, known);
      default:
        return known !== undefined;
    }
  };
  const own = outbox.list().filter(({ interactionId }) => interactionId === id);
  const ofThisUser = own.filter(({ userId }) => userId === undefined || userId === state.userId);
  /** Only the last one of a purpose is valid. */
  const last = [...new Map(ofThisUser.map((message) => [message.purpose, message])).values()];
  const awaited = last.filter(isAwaited);
  const isOpen = ({ link, challenge }: SentMessage) => {
    const found = challenge === undefined ? undefined : challenges.find(challenge);
    return link !== undefined && (!found || !(found.isLinkUsed || challenges.isExpired(found)));
  };
  return {
    codes: awaited.filter(({ code }) => code !== ""),
    withoutCode: awaited.filter(({ code }) => code === ""),
    links: own.filter(isOpen).slice(-SHOWN_LINKS),
  };
}
