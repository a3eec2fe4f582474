/** What tests of the sandbox expect of it, and the limits that they set. */
import { expect } from "vitest";

/** TEST ONLY */
export const PASSWORD = "TEST ONLY hunter2";
/** Of one job. Short, because tests wait for it. */
export const BRIEF = { timeLimitMs: 600, graceMs: 300 };
export const NOW = Date.UTC(2026, 0, 2);

export const returning = (expression: string) => `module.exports = a = async ({params}) => (${expression})`;
export const ok = (value: unknown) => ({ kind: "ok", value });
export const failed = (reason: string, message: string | RegExp) => ({
  kind: "failed",
  reason,
  message: typeof message === "string" ? message : expect.stringMatching(message),
});

export const OVERDUE = failed("limit", `It was ended because it ran for more than ${BRIEF.timeLimitMs} ms.`);
export const ENDED_FROM_OUTSIDE = failed(
  "limit",
  `It was ended because it ran for more than ${BRIEF.timeLimitMs + BRIEF.graceMs} ms.`,
);
export const TOO_LARGE =
  /^It was ended because it needs more than \d+ MB of memory or calls itself too deeply\.$/;
/** A native call that QuickJS cannot interrupt. */
export const UNINTERRUPTIBLE = returning("new Array(1e9).join('x').length");
