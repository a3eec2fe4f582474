/** Generated parts of the documents about DaVinci's connectors, and about the check of flows. */

import { RULES } from "../../mocks/pingone/davinci/check/rules.ts";
import { CONNECTORS } from "../../mocks/pingone/davinci/connectors/registry.ts";
import type { Capability, Known } from "../../mocks/pingone/davinci/engine/capability.ts";
import { FILE_FINDINGS } from "../../mocks/pingone/davinci/files/check-files.ts";
import { type Parts, table } from "./generate.ts";

export function connectorParts(): Parts {
  return {
    "davinci-capabilities": table(
      ["connector", "capability", "what it does here", "simulated or left out"],
      CONNECTORS.flatMap(({ name, capabilities }) =>
        capabilitiesOf(capabilities).map(([capability, { about, limits }], index) => [
          index === 0 ? name : "",
          `\`${capability}\``,
          about,
          limits,
        ]),
      ),
    ),
    "davinci-findings": table(
      ["code", "level", "what it finds"],
      [...RULES, ...FILE_FINDINGS].map(({ code, level, about }) => [`\`${code}\``, level, about]),
    ),
    "davinci-facts": CONNECTORS.map(
      ({ id, name, capabilities }) =>
        `### ${name}\n\n\`${id}\`\n\n${table(
          ["capability", "", "name", "what it is", "how sure"],
          capabilitiesOf(capabilities).flatMap(factsOf),
        )}`,
    ).join("\n\n"),
  };
}

/** A capability without facts has no row. */
function factsOf([capability, { inputs, outputs, errors }]: readonly [string, Capability]) {
  const rows = [...rowsOf("input", inputs), ...rowsOf("output", outputs), ...rowsOf("error", errors)];
  return rows.map((row, index) => [index === 0 ? `\`${capability}\`` : "", ...row]);
}

function rowsOf(kind: string, facts: Readonly<Record<string, Known>>) {
  return Object.entries(facts).map(([name, { about, sure }]) => [kind, nameOf(name), about, sure]);
}

/** "" is the output as a whole, "*" stands for names that the author chooses. */
function nameOf(name: string): string {
  if (name === "") return "the whole";
  return name === "*" ? "any name" : `\`${name}\``;
}

/** By name: the members of modules come in another order under Vitest. */
function capabilitiesOf(capabilities: Readonly<Record<string, Capability>>) {
  return Object.entries(capabilities).sort(([one], [other]) => one.localeCompare(other, "en"));
}
