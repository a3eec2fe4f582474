import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileFaults, InputFileError } from "../../../kit/input-file.ts";
import { loadFiles } from "../../load-files.ts";
import { createTestEngine } from "../../testing/flow-driver.ts";
import { loadScenarios } from "../scenarios/load-scenarios.ts";
import { loadFlowFiles } from "./load-flow-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (files: Readonly<Record<string, unknown>>) => {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
};

function load() {
  const faults = new FileFaults();
  const flows = loadFlowFiles([folder], faults);
  const problems = (() => {
    try {
      faults.throwIfAny();
      return [];
    } catch (error) {
      if (!(error instanceof InputFileError)) throw error;
      return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ""));
    }
  })();
  return { flows, problems };
}

/** A main flow and its sub-flow, each in a file of its own, as the console exports them one by one. */
const [main, sub] =
  loadScenarios("fixtures/davinci").find(({ scenario }) => scenario.name === "sign-on-with-consent")?.compiled
    .flows ?? [];

/** One node of a connector that is not run here, then a screen that shows what it gave. */
function foreignFlow(flowId: string, name: string) {
  const node = (id: string, connectorId: string, capabilityName: string, properties: object) => ({
    data: { id, nodeType: "CONNECTION", connectorId, capabilityName, properties },
  });
  return {
    flowId,
    name,
    graphData: {
      elements: {
        nodes: [
          node("ask", "acmeConnector", "ask", {}),
          { data: { id: "and", nodeType: "EVAL", properties: {} } },
          node("show", "httpConnector", "customHTMLTemplate", {
            customHTML: {
              value:
                "<h1>{{local.ask.payload.output.word}} {{global.company.variables.city}} {{global.parameters.tier}}</h1>",
            },
          }),
        ],
        edges: [
          { data: { id: "1", source: "ask", target: "and" } },
          { data: { id: "2", source: "and", target: "show" } },
        ],
      },
    },
  };
}

const heading = async (flows: ReturnType<typeof load>["flows"], name: string) =>
  (await createTestEngine({ flows }).open(name)).heading;

describe("exported files", () => {
  it.each([
    ["by its id", {}],
    ["by its name, when an import gave it another id", { flowId: "0".repeat(32) }],
  ])("find a sub-flow in another file, %s", async (_, change) => {
    write({ "a.json": main, "b.json": { ...sub, ...change } });
    const { flows, problems } = load();
    expect(problems).toEqual([]);
    expect(flows.map(({ name }) => name)).toEqual(["sign-on-with-consent"]);
    expect(await heading(flows, "sign-on-with-consent")).toBe("Sign On");
  });

  it("find a sub-flow in the same file before one of its name in another", async () => {
    const renamed = { ...sub, flowId: "1".repeat(32) };
    write({ "a.json": { flows: [main, renamed] }, "b.json": { ...sub, flowId: "2".repeat(32) } });
    const { flows, problems } = load();
    expect(problems).toEqual([]);
    expect(await heading(flows, "sign-on-with-consent")).toBe("Sign On");
  });

  it("run as main flows when each is the sub-flow of another, or stands alone", () => {
    write({ "b.json": sub });
    expect(load().flows.map(({ name }) => name)).toEqual([
      "Sign On with Registration, Password Reset and Recovery",
    ]);
  });

  it("have the id of their flow as policy id, in the form of one", () => {
    write({ "a.json": foreignFlow("a".repeat(32), "A"), "b.json": foreignFlow("short", "B") });
    const [a, b] = load().flows;
    expect(a?.policyId).toBe("a".repeat(32));
    expect(b?.policyId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("take values and stubs from beside them, those with the file's name first", async () => {
    write({
      "a.json": foreignFlow("a".repeat(32), "A"),
      "b.json": foreignFlow("b".repeat(32), "B"),
      "variables.json": { company: { city: "Bern" }, inputs: { tier: "gold" } },
      "b.variables.json": { company: { city: "Basel" } },
      "stubs.json": { capabilities: { "acmeConnector.ask": { output: { word: "hello" } } } },
      "b.stubs.json": { capabilities: { "acmeConnector.ask": { output: { word: "bye" } } } },
    });
    const { flows, problems } = load();
    expect(problems).toEqual([]);
    expect(await heading(flows, "A")).toBe("hello Bern gold");
    expect(await heading(flows, "B")).toBe("bye Basel gold");
  });

  it("are refused with what is wrong beside them too", () => {
    write({
      "a.json": foreignFlow("a".repeat(32), "A"),
      "b.json": foreignFlow("a".repeat(32), "A"),
      "c.json": '{"graphData": {',
      "variables.json": { companies: {} },
      "a.stubs.json": { capabilities: { ask: {} } },
    });
    expect(load().problems).toEqual([
      expect.stringMatching(/^a\.stubs\.json:1:\d+: .*is not of the form connectorId\.capabilityName/),
      expect.stringMatching(/^b\.json: has the same flow "A" \(a{32}\) as a\.json; take one/),
      expect.stringMatching(/^c\.json: the JSON is cut off before its end/),
      expect.stringMatching(/^variables\.json:1:\d+: companies: is not known here/),
    ]);
  });
});

it("flow files are refused when there are more than one emulator runs", () => {
  write({ "a.json": foreignFlow("a".repeat(32), "A"), "b.json": foreignFlow("b".repeat(32), "B") });
  const faults = new FileFaults();
  expect(loadFlowFiles([folder], faults, 1)).toEqual([]);
  expect(() => faults.throwIfAny()).toThrow(`${folder}: 2 flow files; an emulator runs at most 1.`);
});

describe("a tenant's folder of flows", () => {
  it("may hold an export beside scenarios: its policy is the tenant's own, and the first one", () => {
    mkdirSync(join(folder, "davinci"));
    write({ "davinci/exported.json": foreignFlow("a".repeat(32), "Exported") });
    const { flows, tenant } = loadFiles({
      workerOrigin: "http://localhost:8787",
      fixturesDir: "fixtures",
      tenantDir: folder,
    });
    expect(flows.map(({ name }) => name).slice(0, 2)).toEqual(["Exported", "consent-always"]);
    expect([...tenant.environment.ownFlowPolicyIds]).toEqual(["a".repeat(32)]);
  });

  it("reads forms, and names mistakes in them", () => {
    const form = { id: "f", name: "F", components: { fields: [] } };
    write({
      "main.json": foreignFlow("a".repeat(32), "Main"),
      "forms.json": { forms: [form] },
    });
    expect(load().flows[0]?.beside?.forms).toEqual({ forms: [form] });
    write({ "forms.json": { forms: [form, { name: "G" }] } });
    expect(load().problems).toEqual([
      expect.stringMatching(/^forms\.json:1:\d+: forms\[1\]\.id: is missing; add it/),
      expect.stringMatching(/^forms\.json:1:\d+: forms\[1\]\.components: is missing; add it/),
    ]);
    write({ "forms.json": { form: [form] } });
    expect(load().problems).toEqual([expect.stringMatching(/^forms\.json:1:1: is no list of forms: write/)]);
  });

  it("reads what Protect answers, of the flow's own file first, and names mistakes with their places", () => {
    write({
      "main.json": foreignFlow("a".repeat(32), "Main"),
      "risk.json": { rules: [{ level: "LOW" }] },
      "main.risk.json": { rules: [{ when: { user: "alice" }, level: "HIGH" }] },
    });
    const { flows, problems } = load();
    expect(problems).toEqual([]);
    expect(flows).toHaveLength(1);
    expect(flows[0]?.beside?.risk?.rules.map(({ level }) => level)).toEqual(["HIGH", "LOW"]);
    write({ "main.risk.json": '{ "rules": [\n { "level": "EXTREME" }, { "wenn": {} } ] }' });
    expect(load().problems).toEqual([
      expect.stringMatching(/^main\.risk\.json:2:13: rules\[0\]\.level: .*LOW/),
      expect.stringMatching(/^main\.risk\.json:2:36: .*wenn.*not known/),
    ]);
  });
});
