/** What a check of flow files says. */

/** `error`: PingOne's run fails. `warning`: it may. `info`: worth knowing, such as a limit of the emulator. */
export type Level = "error" | "warning" | "info";

export interface Finding {
  readonly level: Level;
  readonly code: string;
  /** Id of the node; "" when it is about the flow as a whole. */
  readonly node: string;
  /** Title of the node. */
  readonly title: string;
  /** What is wrong, what PingOne does, how to mend it. */
  readonly text: string;
}

/** The report on one flow of one file, or on a file that is no flow. */
export interface CheckedFlow {
  readonly file: string;
  /** Id of the flow; null for a file that cannot be read. */
  readonly flow: string | null;
  readonly name: string | null;
  /** Every capability in the graph is implemented; whatever the findings say. */
  readonly runnable: boolean;
  /** `connectorId.capabilityName`, sorted, of capabilities that are not implemented. */
  readonly missing: readonly string[];
  readonly findings: readonly Finding[];
}

/** Which node a finding is about, before its text; "" when it is about the flow as a whole. */
export function placeOf({ node, title }: Pick<Finding, "node" | "title">): string {
  return node === "" ? "" : `"${title}" (${node}): `;
}

/** As in `1 error, 2 warnings and 0 notes`. */
export function countsOf(findings: readonly Pick<Finding, "level">[]): string {
  const count = (wanted: Level, word: string) => {
    const found = findings.filter(({ level }) => level === wanted).length;
    return `${found} ${word}${found === 1 ? "" : "s"}`;
  };
  return `${count("error", "error")}, ${count("warning", "warning")} and ${count("info", "note")}`;
}

/** For a terminal: titles come from strangers, and may hold what moves its cursor or turns the direction of its text. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, " ");
}
