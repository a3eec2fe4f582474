import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFiles } from "./check-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "check-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const node = (id: string, connectorId: string, capabilityName: string, properties: object) => ({
  data: { id, nodeType: "CONNECTION", connectorId, capabilityName, properties },
});
/** Reads a company variable and calls an API. */
const flow = {
  flowId: "a".repeat(32),
  name: "A",
  variables: [{ name: "city##SK##company", context: "company", fields: { type: "string" } }],
  graphData: {
    elements: {
      nodes: [
        node("call", "httpConnector", "makeRestApiCall", { url: { value: "https://api.example" } }),
        { data: { id: "and", nodeType: "EVAL", properties: {} } },
        node("end", "pingOneAuthenticationConnector", "returnErrorResponseRedirect", {
          errorMessage: {
            value: '[{"children":[{"type":"link","data":"{{global.company.variables.city}}"}]}]',
          },
        }),
      ],
      edges: [
        { data: { id: "1", source: "call", target: "and" } },
        { data: { id: "2", source: "and", target: "end" } },
      ],
    },
  },
};

async function codesWith(files: Readonly<Record<string, unknown>>) {
  for (const [name, content] of Object.entries({ "a.json": flow, ...files })) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  const checked = await checkFiles([folder]);
  return checked.map(({ file, runnable, findings }) => ({
    file: file.replace(`${folder}/`, ""),
    runnable,
    codes: findings.map(({ code }) => code),
    texts: findings.map(({ text }) => text),
  }));
}

describe("a check of files", () => {
  it("knows the variables and stubs that lie beside a flow", async () => {
    const [without] = await codesWith({});
    expect(without?.codes).toEqual(expect.arrayContaining(["variable-without-value", "stub-missing"]));
    const [beside] = await codesWith({
      "variables.json": { company: { city: "Bern" } },
      "a.stubs.json": { nodes: { call: { output: {} } } },
    });
    expect(beside?.codes).not.toContain("variable-without-value");
    expect(beside?.codes).not.toContain("stub-missing");
  });

  it("has an entry for what is no flow, and for faults of what lies beside", async () => {
    const checked = await codesWith({ "b.json": "{", "stubs.json": { nodes: 1 } });
    expect(checked.map(({ file, runnable, codes }) => [file, runnable, codes])).toEqual([
      ["a.json", true, expect.anything()],
      ["b.json", false, ["not-a-flow"]],
      ["stubs.json", false, ["faulty-companion"]],
    ]);
    expect(checked[2]?.texts).toEqual([expect.stringContaining("Line 1, column 10: nodes: ")]);
  });
});
