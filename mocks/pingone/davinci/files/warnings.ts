/** What a check found of flows that are about to run: what stops a run or makes it go wrong, as text for a person. */
import { type CheckedFlow, type Finding, placeOf, printable } from "../check/finding.ts";

/** Findings that are no errors in PingOne, but decide whether a run gets through here. */
const NEEDED_HERE: ReadonlySet<string> = new Set([
  "capability-not-implemented",
  "stub-missing",
  "sub-flow-not-found",
  "sub-flow-ambiguous",
  "variable-without-value",
]);

/** Lines of one kind in one flow. */
const MAX_LINES = 10;

/** "" when there is nothing to say. */
export function warningsOf(checked: readonly CheckedFlow[]): string {
  const blocks = checked.flatMap(({ file, name, findings }) => {
    const told = findings.filter(
      ({ level, code }) => level === "error" || (level === "warning" && NEEDED_HERE.has(code)),
    );
    if (told.length === 0) return [];
    const lines = [...Map.groupBy(told, ({ code }) => code).values()].flatMap((ofCode) => [
      ...ofCode.slice(0, MAX_LINES).map(lineOf),
      ...(ofCode.length > MAX_LINES
        ? [`  ... and ${ofCode.length - MAX_LINES} more of ${ofCode[0]?.code}`]
        : []),
    ]);
    return [printable(`${file}${name === null ? "" : `, flow "${name}"`}:`), ...lines];
  });
  return blocks.length === 0 ? "" : `Findings in the flows:\n${blocks.join("\n")}\n`;
}

function lineOf(finding: Finding): string {
  const { level, code, text } = finding;
  return printable(`  ${level} ${code}: ${placeOf(finding)}${text}`);
}
