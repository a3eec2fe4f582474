/**
 * One user's progress through one flow: the state kept between two screens. It never contains a password. The caller
 * of `begin` keeps it as part of the sign-on.
 */
import type { AuthorizationContext, FlowOutcome } from "./contracts.ts";
import type { CodePurpose, Flow } from "./flow-schema.ts";

export interface Interaction {
  readonly id: string;
  readonly context: AuthorizationContext;
  readonly flow: Flow;
  /** The screen that the user sees. */
  screen?: ShownScreen;
  /** Counts the screens shown, so that the form of an earlier screen is detected. */
  step: number;
  userId?: string;
  /** Methods of the session that a Check Session node accepted. */
  sessionMethods?: readonly string[];
  /** Set when the user has entered a correct one-time code. */
  isMfaVerified?: true;
  consent?: { readonly status: "ACCEPTED" | "DECLINED"; readonly scopes: readonly string[] };
  readonly codes: Map<CodePurpose, SentCode>;
  /** Shown in the emulator's panel: why no code was sent. */
  codeNote?: string;
  ended?: { readonly step: number; readonly outcome: FlowOutcome; readonly repeatableUntil: number };
}

export interface ShownScreen {
  readonly node: string;
  /** What the user typed, to be shown again: never a password or a code. */
  values: Readonly<Record<string, string>>;
  message?: ScreenMessage;
}

interface ScreenMessage {
  readonly text: string;
  /** Keys of the invalid fields, if the message is about fields. */
  readonly fields: readonly string[];
}

interface SentCode {
  readonly to: string;
  readonly code: string;
  readonly expiresAt: number;
  failures: number;
}

/** The fields of the last submitted form; dropped when the next screen is shown. */
export type SubmittedFields = Readonly<Record<string, string>>;
