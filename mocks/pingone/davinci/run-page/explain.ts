/** A run in words: how it went, why, and what to do about it. */
import type { Finding } from "../check/finding.ts";
import type { FlowRunSummary, RunResult } from "../engine/log/event.ts";

/** In a few words, for lists. */
export function shortResult(result: RunResult): string {
  switch (result.kind) {
    case "running":
      return "runs";
    case "waiting":
      return `waits at "${result.screen}"`;
    case "success":
      return "signed on";
    case "error":
      return `ended by the author's error ${result.error}`;
    case "died":
      return "ended in login_required";
  }
}

/** The result and its reason, with the node. */
export function explainResult({ result, node, nodeFlow, flow }: FlowRunSummary): string {
  const at =
    node === undefined
      ? ""
      : ` at the node "${node.title}" (${node.id})${nodeFlow && nodeFlow.id !== flow.id ? ` of the sub-flow "${nodeFlow.name.trim()}"` : ""}`;
  switch (result.kind) {
    case "running":
      return `The flow runs${at}.`;
    case "waiting":
      return `The flow waits for the person${at}: the screen "${result.screen}" is on show.`;
    case "success":
      return `The person was signed on${at}.`;
    case "error":
      return `The flow ended${at} with the author's own error: ${result.error}${result.errorDescription === "" ? "" : `, ${result.errorDescription}`}.`;
    case "died":
      return `The flow ended in login_required${at}: ${withoutEnd(shortened(result.reason, node))}.`;
  }
}

/** A reason names the node, which the sentence has named already. */
function shortened(reason: string, node: FlowRunSummary["node"]): string {
  return node === undefined ? reason : reason.replaceAll(`"${node.title}" (${node.id})`, "it");
}

function withoutEnd(reason: string): string {
  return reason.trim().replace(/\.$/, "");
}

/** Findings that explain an end only where its reason is of this kind; they then come first. */
const ONLY_FOR: Readonly<Record<string, RegExp>> = {
  "capability-not-implemented": /stub/,
  "loop-without-screen": /in a circle|longer than/,
  "stub-missing": /stub/,
  "variable-without-value": /no exit of it is for that/,
};

/** Codes of findings that say how to mend what has ended a run here, or may have. */
const ABOUT_ENDS: readonly string[] = [
  "capability-not-implemented",
  "comparison-without-exit",
  "button-without-branch",
  "edge-not-followed",
  "ends-as-sub-flow",
  "entry-unclear",
  "error-message-before-screen",
  "function-does-not-compile",
  "loop-without-screen",
  "operator-without-exit",
  "outcome-not-claimed",
  "exit-never-taken",
  "screen-without-exit",
  "stub-missing",
  "sub-flow-ambiguous",
  "sub-flow-never-returns",
  "sub-flow-not-found",
  "sub-flow-recursion",
  "teleport-to-nowhere",
  "template-does-not-compile",
  "variable-without-value",
];

/** By what the reason says; the first that fits. */
const MENDS: readonly (readonly [reason: RegExp, mend: string])[] = [
  [
    /prompt=none/,
    "The client has asked for a sign-on without a screen. Let it ask without prompt=none when it gets login_required, or let a Check Session node accept the session before this node.",
  ],
  [
    /before any screen/,
    "An error message needs a screen to stand on. Lead this way to a screen that shows the text, or to a Return Error Response node, so that the client gets an error of its own.",
  ],
  [
    /no exit of it is for that/,
    "Draw an exit for this result: from the node over a logic operator to the next node. Another exit that has the operator Any Trigger False, or Always, would do too.",
  ],
  [/which has no exit/, "Lead the node to another one, or end the flow with Return Success or Return Error."],
  [
    /ends a sub-flow, and this is the main flow/,
    "End a main flow with Return Success Response (Redirect) or Return Error Response (Redirect) of the PingOne Authentication connector.",
  ],
  [/goes in a circle|again and again/, "Put a screen, or a condition that ends it, into the loop."],
  [
    /in none of the files|flows of the files have that name/,
    "Export the sub-flow too, and give all files together.",
  ],
  [
    /mistake of the emulator/,
    "The flow is not to blame. Report it with the export of the flow, without values of your tenant.",
  ],
  [/a form of PingOne/, "Write forms.json beside the flow file; the reason shows what it needs."],
  [
    /stub/i,
    "Write a stub file beside the flow that answers this node; docs/davinci-flows.md shows its form.",
  ],
  [
    /not loaded any more|is not in the flow/,
    "The files have changed while the sign-on was under way. Begin again.",
  ],
  [
    /without a user|no user id/,
    "Let a User Lookup or a Check Session find the person, and give its user id to this node.",
  ],
  [
    /grown to|longer than|characters/,
    "The flow makes or keeps too much. Save less in variables, and end its loops.",
  ],
];

/**
 * What to do about it.
 * @param findings Of the check, in the flow that it ended in.
 * @param hasEmptyInput The last step read a value that nothing has set.
 */
export function mendsOf(
  { result, node }: FlowRunSummary,
  findings: readonly Finding[],
  hasEmptyInput = false,
): string[] {
  if (result.kind !== "died") return [];
  const isFor = ({ code }: Finding) => ONLY_FOR[code]?.test(result.reason);
  const fitting = findings
    .filter(
      (finding) =>
        ABOUT_ENDS.includes(finding.code) &&
        isFor(finding) !== false &&
        (finding.code !== "variable-without-value" || hasEmptyInput) &&
        (finding.node === node?.id || (finding.node === "" && node === undefined)),
    )
    .toSorted((one, other) => Number(isFor(other) ?? false) - Number(isFor(one) ?? false));
  if (fitting.length > 0) return [...new Set(fitting.map(({ text }) => text))];
  const known = MENDS.find(([reason]) => reason.test(result.reason));
  return [
    known?.[1] ??
      "Look at the inputs and the output of the last step: they say what the node was given and what it made of it.",
  ];
}
