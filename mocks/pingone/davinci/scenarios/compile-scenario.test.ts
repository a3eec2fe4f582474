import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readContent } from "../graph/read-export.ts";
import { bindingsIn } from "../graph/values.ts";
import { compileScenario } from "./compile-scenario.ts";
import { scenarioSchema } from "./scenario-schema.ts";

const SHIPPED = "fixtures/davinci/sign-on-with-consent.json";

function shipped() {
  const content = JSON.parse(readFileSync(SHIPPED, "utf8"));
  delete content.nodes.verifyUser;
  content.nodes.checkVerificationCode.on.ok = "registrationSuccess";
  content.subFlows = { signOn: "Sign On" };
  return scenarioSchema.parse(
    JSON.parse(JSON.stringify(content).replaceAll("{{code.sentTo}}", "{{user.email}}")),
  );
}

function graphs() {
  const read = readContent(compileScenario(shipped()));
  if (read.kind === "refused") throw new Error(read.reason);
  return read;
}

describe("the compiled scenario", () => {
  it("is an export without irregularities, with a main flow and a sub-flow", () => {
    const { flows, main } = graphs();
    expect(flows.map(({ name }) => name)).toEqual(["sign-on-with-consent", "Sign On"]);
    expect(main.name).toBe("sign-on-with-consent");
    expect(flows.flatMap(({ irregularities }) => irregularities)).toEqual([]);
    expect(flows.map(({ entry }) => typeof entry)).toEqual(["string", "string"]);
  });

  it("is the same each time", () => {
    expect(JSON.stringify(compileScenario(shipped()))).toBe(JSON.stringify(compileScenario(shipped())));
  });

  it("binds only to nodes of the same flow", () => {
    for (const { nodes } of graphs().flows) {
      const bound = [...nodes.values()].flatMap(({ properties }) => bindingsIn(properties));
      const ids = bound.flatMap((path) => (path.startsWith("local.") ? [path.split(".")[1]] : []));
      expect(ids.filter((id) => !nodes.has(id ?? ""))).toEqual([]);
      expect(ids.length).toBeGreaterThan(0);
    }
  });
});
