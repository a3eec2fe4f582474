import { expect, it } from "vitest";
import type { Finding } from "../check/finding.ts";
import { warningsOf } from "./warnings.ts";

const finding = (changes: Partial<Finding> = {}): Finding => ({
  level: "error",
  code: "teleport-to-nowhere",
  node: "n1",
  title: "Go",
  text: "Wrong.",
  ...changes,
});
const textOf = (...findings: Finding[]) =>
  warningsOf([{ file: "a.json", flow: "1", name: "A", runnable: true, missing: [], findings }]);

it("has errors, and what a run needs here", () => {
  const text = textOf(
    finding(),
    finding({ level: "warning", code: "stub-missing", node: "", title: "" }),
    finding({ level: "info", code: "capability-not-implemented" }),
    finding({ level: "warning", code: "input-never-read" }),
  );
  expect(text).toBe(
    'Findings in the flows:\na.json, flow "A":\n  error teleport-to-nowhere: "Go" (n1): Wrong.\n  warning stub-missing: Wrong.\n',
  );
});

it("is empty when there is nothing to say", () => {
  expect(textOf()).toBe("");
  expect(textOf(finding({ level: "info" }))).toBe("");
});

it("has ten lines of one kind at most, and says how many more there are", () => {
  const text = textOf(...Array.from({ length: 13 }, () => finding()));
  expect(text.match(/Wrong/g)).toHaveLength(10);
  expect(text).toContain("\n  ... and 3 more of teleport-to-nowhere\n");
});

it("lets no title move the cursor of a terminal", () => {
  expect(textOf(finding({ title: "\u001b[2J\nGone" }))).toContain('" [2J Gone"');
});
