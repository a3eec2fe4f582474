/**
 * One person's way through one flow: what has to be remembered between two screens. Never a password. Kept by whoever
 * began it, as part of the sign-on.
 */
import type { AuthorizationContext, FlowOutcome } from "./contracts.ts";
import type { CodePurpose, Flow } from "./flow-schema.ts";

export interface Interaction {
  readonly id: string;
  readonly context: AuthorizationContext;
  readonly flow: Flow;
  /** The screen that waits for the person. */
  screen?: ShownScreen;
  /** Counts the screens shown, so that a form of an earlier one is recognised. */
  step: number;
  userId?: string;
  /** Methods of the session that a Check Session node accepted. */
  sessionMethods?: readonly string[];
  /** The person has proved to hold a one-time code. */
  isMfaVerified?: true;
  consent?: { readonly status: "ACCEPTED" | "DECLINED"; readonly scopes: readonly string[] };
  readonly codes: Map<CodePurpose, SentCode>;
  /** Said in the emulator's own panel: why no code was sent. */
  codeNote?: string;
  ended?: { readonly step: number; readonly outcome: FlowOutcome; readonly repeatableUntil: number };
}

export interface ShownScreen {
  readonly node: string;
  /** What the person typed, to be shown again: never a password or a code. */
  values: Readonly<Record<string, string>>;
  message?: ScreenMessage;
}

interface ScreenMessage {
  readonly text: string;
  /** Keys of the fields at fault, where the message is about some. */
  readonly fields: readonly string[];
}

interface SentCode {
  readonly to: string;
  readonly code: string;
  readonly expiresAt: number;
  failures: number;
}

/** What the person has submitted last; gone once the next screen shows. */
export type SubmittedFields = Readonly<Record<string, string>>;
