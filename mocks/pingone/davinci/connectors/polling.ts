/**
 * Screens that wait for something: `enablePolling`, `challenge` and the component `skpolling`. DaVinci's widget asks again
 * and again by itself; here a person presses a button, which asks once. What is sent on is what Ping documents for
 * `PollingCollector` of the Orchestration SDKs (developer.pingidentity.com/reference/sdks).
 */
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { POLL, type ScreenPolling, type SubmittedFields } from "../screens/screen.ts";
import { numberOf, switchOf } from "./inputs.ts";

/** Documentation of the HTTP and Form connectors. */
const DEFAULT_INTERVAL_MS = 2000;
const DEFAULT_RETRIES = 60;

export const POLLING_INPUTS = {
  enablePolling: { about: "The screen waits: it has a button that asks again.", sure: "documented" },
  challenge: { about: "The challenge that is waited for.", sure: "documented" },
  pollChallengeStatus: {
    about: "Off: each press goes on, as to a Continue Polling node. Default: on when there is a challenge.",
    sure: "documented",
  },
  pollInterval: { about: "Milliseconds; with the retries, how long is waited.", sure: "documented" },
  pollRetries: { about: "How often is asked.", sure: "documented" },
} as const satisfies Capability["inputs"];

export const POLLING_OUTPUTS = {
  status: {
    about: "Of a screen that waits: `continue`, the status of the challenge, `expired` or `timedOut`.",
    sure: "unverified",
  },
  challenge: { about: "Of a screen that waits for one.", sure: "unverified" },
  challengeStatus: { about: "Of that challenge.", sure: "unverified" },
} as const satisfies Capability["outputs"];

/**
 * `undefined`: the screen does not wait.
 * @param hasComponent The markup has an `skpolling`.
 * @param isOwn The screen is the emulator's: there is none at PingOne.
 */
export function pollingOf(call: Call, hasComponent: boolean, isOwn = false): ScreenPolling | undefined {
  const { properties, services } = call;
  const challenge = textOf(properties.challenge).trim();
  const isEnabled = switchOf(properties.enablePolling) === true;
  if (!isEnabled && !hasComponent && challenge === "") return undefined;
  const interval = numberOf(properties.pollInterval) ?? DEFAULT_INTERVAL_MS;
  const retries = Math.max(1, numberOf(properties.pollRetries) ?? DEFAULT_RETRIES);
  const asksChallenge = challenge !== "" && switchOf(properties.pollChallengeStatus) !== false;
  if (!isOwn) call.remark("PingOne's page asks again by itself; here the button does, once for each press.");
  return {
    retries,
    until: services.clock() + Math.max(1, interval) * retries,
    ...(asksChallenge && {
      challenge,
      // Any change of it goes on (Ping: Challenge connector), so what it is now is remembered.
      status: statusOf(call, challenge),
    }),
  };
}

/** `undefined` unless the button of the waiting screen was pressed. */
export function answerPoll(call: Call, fields: SubmittedFields): Effect | undefined {
  const polling = call.shown?.screen.polling;
  if (!polling || !Object.hasOwn(fields, POLL)) return undefined;
  const { challenge, until, retries } = polling;
  const isOver = call.services.clock() >= until;
  if (challenge === undefined) {
    const isLast = isOver || (call.shown?.polls ?? 0) > retries;
    return { kind: "success", output: { status: isLast ? "timedOut" : "continue" } };
  }
  const status = statusOf(call, challenge);
  const found = call.services.challenges.find(challenge);
  const output = { challenge, challengeStatus: status, ...found?.claims };
  if (status !== polling.status || found?.isComplete !== false) {
    return { kind: "success", output: { ...output, status } };
  }
  if (isOver) return { kind: "success", output: { ...output, status: "timedOut" } };
  return { kind: "showAgain", notice: "Nothing has happened yet." };
}

function statusOf({ services }: Call, id: string): string {
  const found = services.challenges.find(id);
  return !found || services.challenges.isExpired(found) ? "expired" : found.status;
}
