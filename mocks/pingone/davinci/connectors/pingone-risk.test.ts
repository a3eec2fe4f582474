import { describe, expect, it } from "vitest";
import { riskSchema } from "../../tenant/risk.ts";
import { prepareNode } from "../../testing/connector-call.ts";
import { aliceFixture, createPingOneCalls } from "../../testing/pingone-call.ts";
import { pingOneRiskConnector } from "./pingone-risk.ts";

const alice = aliceFixture();

function protect(rules: readonly unknown[] = []) {
  const calls = createPingOneCalls({ users: [alice] });
  const beside = { risk: riskSchema.parse({ rules }) };
  const remarks: string[] = [];
  const run = async (name: string, properties: Record<string, unknown>, global = {}) => {
    const node = prepareNode(pingOneRiskConnector, name, {
      properties,
      services: calls.services,
      beside,
      global: { ip: "203.0.113.7", userAgent: "Mozilla/5.0 Chrome/140", ...global },
    });
    // biome-ignore lint/suspicious/noExplicitAny: outputs are JSON of any shape.
    const effect = (await node.capability.run(node.call)) as any;
    remarks.push(...node.remarks);
    return effect;
  };
  const evaluate = async (properties: Record<string, unknown> = { userId: alice.id }, global = {}) =>
    (await run("createRiskEvaluation", properties, global)).output.rawResponse;
  return { run, evaluate, remarks, services: calls.services };
}

describe("Create Risk Evaluation", () => {
  it("is LOW without a rule that fits, and says so", async () => {
    const { evaluate, remarks } = protect();
    const evaluation = await evaluate({ userId: alice.id, userName: "alice", userType: "PING_ONE" });
    expect(evaluation).toMatchObject({
      environment: { id: "env-1" },
      event: {
        completionStatus: "IN_PROGRESS",
        ip: "203.0.113.7",
        flow: { type: "AUTHENTICATION" },
        user: { id: alice.id, name: "alice", type: "PING_ONE" },
        targetResource: { id: "app-1", name: "Remote MCP Server" },
      },
      result: { level: "LOW", score: 10, type: "VALUE" },
      details: { botDetection: { level: "LOW", type: "BOT" }, newDevice: { level: "LOW" } },
    });
    expect(evaluation.result).not.toHaveProperty("recommendedAction");
    expect(remarks.join()).toContain("LOW by default");
  });

  it.each([
    ["user name", { user: "ALICE" }, { userId: alice.id }, true],
    ["user id", { user: ["bob", alice.id] }, { userId: alice.id }, true],
    ["another user", { user: "bob" }, { userId: alice.id }, false],
    ["name of an external user", { user: "ext" }, { userName: "ext" }, true],
    ["address", { ip: "203.0.113.7" }, {}, true],
    ["range", { ip: ["198.51.100.0/24", "203.0.113.0/24"] }, {}, true],
    ["another range", { ip: "203.0.112.0/24" }, {}, false],
    ["address of the node", { ip: "2001:db8::/32" }, { ip: "2001:db8::1" }, true],
    ["part of the user agent", { userAgent: "chrome" }, {}, true],
    ["another user agent", { userAgent: "curl" }, {}, false],
    ["flow type", { flowType: "REGISTRATION" }, { flowType: "REGISTRATION" }, true],
    ["another flow type", { flowType: "REGISTRATION" }, {}, false],
    ["application", { application: "remote mcp server" }, {}, true],
    ["target resource", { application: "Jira" }, { targetResourceName: "Jira" }, true],
    ["all of several", { user: "alice", flowType: "ACCESS" }, { userId: alice.id }, false],
    ["nothing", {}, {}, true],
  ])("finds a rule by %s", async (_, when, properties, isFound) => {
    const { evaluate } = protect([{ when, level: "MEDIUM" }]);
    const { result } = await evaluate(properties);
    expect(result).toMatchObject(isFound ? { level: "MEDIUM", score: 50 } : { level: "LOW" });
  });

  it("takes the first rule that fits", async () => {
    const { evaluate, remarks } = protect([
      { when: { user: "bob" }, level: "LOW" },
      { level: "HIGH", score: 99, recommendedAction: "DENY", predictors: { newDevice: "HIGH" } },
      { level: "MEDIUM" },
    ]);
    const { result, details } = await evaluate();
    expect(result).toEqual({
      level: "HIGH",
      score: 99,
      source: "AGGREGATED_SCORES",
      type: "VALUE",
      recommendedAction: "DENY",
    });
    expect(details).toMatchObject({ newDevice: { level: "HIGH", type: "DEVICE" }, ipRisk: { level: "LOW" } });
    expect(remarks.join()).toContain("rule 2 of risk.json");
  });

  it("is a bot: HIGH, with the action that Ping documents", async () => {
    const { result, details } = await protect([{ bot: true }]).evaluate();
    expect(result).toMatchObject({ level: "HIGH", recommendedAction: "BOT_MITIGATION" });
    expect(details.botDetection).toMatchObject({ level: "HIGH", type: "BOT" });
  });

  it("shows an anonymous network and impossible travel in the flags too, and predictors of one's own", async () => {
    const { details } = await protect([
      {
        predictors: {
          anonymousNetwork: "HIGH",
          geoVelocity: { level: "HIGH", reason: "far" },
          mine: "MEDIUM",
        },
      },
    ]).evaluate();
    expect(details).toMatchObject({
      anonymousNetworkDetected: true,
      impossibleTravel: true,
      geoVelocity: { level: "HIGH", reason: "far", type: "GEO_VELOCITY" },
      mine: { level: "MEDIUM" },
    });
  });

  it("takes rules that were set at run time before those of the file", async () => {
    const { evaluate, services } = protect([{ level: "HIGH" }]);
    services.risk.setRules({ rules: [{ when: { user: "alice" }, level: "MEDIUM" }] });
    expect((await evaluate()).result.level).toBe("MEDIUM");
    expect((await evaluate({ userName: "bob" })).result.level).toBe("HIGH");
    services.risk.reset();
    expect((await evaluate()).result.level).toBe("HIGH");
  });
});

describe("Update Risk Evaluation", () => {
  it("writes the completion status", async () => {
    const { run, evaluate, services } = protect([{ level: "MEDIUM" }]);
    const { id } = await evaluate();
    const updated = await run("updateRiskEvaluation", { riskId: id, completionStatus: "FAILED" });
    expect(updated.output.rawResponse).toMatchObject({
      id,
      event: { completionStatus: "FAILED", ip: "203.0.113.7" },
      result: { level: "MEDIUM" },
    });
    const saved = services.risk.snapshot();
    services.risk.reset();
    expect((await run("updateRiskEvaluation", { riskId: id })).error.code).toBe("notFound");
    services.risk.restore(saved);
    const again = await run("updateRiskEvaluation", { riskEvaluationId: id });
    expect(again.output.rawResponse.event.completionStatus).toBe("SUCCESS");
  });

  it("is false for an unknown evaluation or status", async () => {
    const { run, evaluate } = protect();
    expect(await run("updateRiskEvaluation", {})).toMatchObject({
      kind: "failure",
      error: { code: "notFound", httpResponseCode: 404 },
    });
    const { id } = await evaluate();
    const wrong = await run("updateRiskEvaluation", { riskId: id, completionStatus: "DONE" });
    expect(wrong.error.code).toBe("invalidInput");
  });
});

describe("risk.json", () => {
  it.each([
    [{ rules: [{ level: "EXTREME" }] }, "level"],
    [{ rules: [{ when: { ip: "203.0.113.0/40" } }] }, "203.0.113.0/24"],
    [{ rules: [{ when: { ip: "a.b.c.d" } }] }, "is no IP address"],
    [{ rules: [{ when: { users: "alice" } }] }, "users"],
    [{ rules: [{ predictors: { "not a name": "LOW" } }] }, "is no name of a predictor"],
    [{ rule: [] }, "rule"],
  ])("refuses %j", (file, text) => {
    const parsed = riskSchema.safeParse(file);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(text);
  });

  it("leaves prototype names of predictors out", () => {
    const file = JSON.parse('{"rules":[{"predictors":{"__proto__":{"level":"HIGH"}}}]}');
    expect(Object.keys(riskSchema.parse(file).rules[0]?.predictors ?? {})).toEqual([]);
    expect(Object.hasOwn(Object.prototype, "level")).toBe(false);
  });
});
