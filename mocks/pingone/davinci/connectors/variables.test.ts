import { describe, expect, it } from "vitest";
import { type NodeRun, runNode } from "../../testing/connector-call.ts";
import { richText } from "../../testing/graph-builder.ts";
import { variablesConnector } from "./variables.ts";

const save = (capability: string, list: unknown, run: NodeRun = {}) => {
  const property = capability === "saveFlowValue" ? "saveFlowVariables" : "saveVariables";
  return runNode(variablesConnector, capability, { properties: { [property]: { value: list } }, ...run });
};

describe("saving variables", () => {
  it("writes each of the list, bound values in their own type and texts in the type chosen", async () => {
    const { effect, variables } = await save(
      "saveValue",
      [
        { name: "bound", type: "string", value: richText("{{local.n1.payload.output.user}}") },
        { name: "joined", type: "string", value: richText("{{local.n1.payload.output.user.id}}", "!") },
        { name: "count", type: "number", value: richText("5") },
        { name: "word", type: "number", value: "test456" },
        { name: "on", type: "boolean", value: richText("true") },
        { name: "policy", type: "object", value: richText('{ "length": { "min": 8 } }') },
        { name: "empty", type: "string", value: "" },
        { name: "marked##SK##flowInstance", value: "m" },
      ],
      { local: { n1: { payload: { output: { user: { id: "u1" } } } } } },
    );
    expect(effect).toEqual({ kind: "success" });
    expect(variables.flowInstance).toEqual({
      bound: { id: "u1" },
      joined: "u1!",
      count: 5,
      word: "test456",
      on: true,
      policy: { length: { min: 8 } },
      empty: "",
      marked: "m",
    });
  });

  it("clears a variable when there is no value", async () => {
    const { variables } = await save(
      "saveValue",
      [{ name: "old", value: richText("{{local.n1.payload.output.none}}") }],
      { variables: { flowInstance: { old: 1 } } },
    );
    expect(variables.flowInstance.old).toBeUndefined();
  });

  it.each([
    ["saveValue", "x (string - flowInstance)", "flowInstance"],
    ["saveValue", "x (string - company)", "company"],
    ["saveValue", "x (string - elsewhere)", "flowInstance"],
    ["saveValue", undefined, "flowInstance"],
    ["saveFlowValue", "x (string - flow)", "flow"],
    // In real exports the labels of this capability are wrong.
    ["saveValueUserInfo", "x (string - flowInstance)", "user"],
  ] as const)("%s with the label %s writes to %s", async (capability, label, context) => {
    const { variables } = await save(capability, [{ name: "x", label, value: "1" }]);
    expect(variables).toEqual({ company: {}, flowInstance: {}, flow: {}, user: {}, [context]: { x: "1" } });
  });

  it("names, once, the variables that are saved without a variableId", async () => {
    const { remarks } = await save("saveValue", [
      { name: "a", value: "TEST ONLY secret" },
      { name: "b", value: "1", variableId: "5a1f" },
      { name: "c", value: "1", variableId: "" },
    ]);
    expect(remarks).toEqual([expect.stringContaining("without a variableId: a, c.")]);
    expect(remarks.join()).not.toContain("secret");
  });

  it("warns of a user variable without a user", async () => {
    const entry = { name: "a", value: "1", variableId: "5a1f" };
    expect((await save("saveValueUserInfo", [entry])).remarks).toHaveLength(1);
    expect((await save("saveValueUserInfo", [entry], { userId: "u1" })).remarks).toEqual([]);
  });

  it.each([
    [undefined],
    [null],
    ["text"],
    [{}],
    [[null, 1, { value: "nameless" }, { name: "__proto__", value: {} }]],
  ])("writes nothing for the list %j", async (list) => {
    const { effect, variables } = await save("saveValue", list);
    expect(effect).toEqual({ kind: "success" });
    expect(Reflect.ownKeys(variables.flowInstance)).toEqual([]);
    expect(Object.getPrototypeOf(variables.flowInstance)).toBe(Object.prototype);
  });
});

describe("incrementing", () => {
  const increment = (properties: Record<string, unknown>, run: NodeRun = {}, capability = "incrementByN") =>
    runNode(variablesConnector, capability, { properties, ...run });

  it.each([
    [undefined, "1", 1],
    ["", "1", 1],
    ["4", richText("2"), 6],
    [4, { value: -1 }, 3],
    [0.5, 1, 1.5],
  ])("%j by %j gives %d", async (count, incrementCounter, newValue) => {
    const { effect, variables } = await increment(
      { variable: { value: "count" }, incrementCounter },
      { variables: { flowInstance: { count } } },
    );
    expect(effect).toEqual({ kind: "success", output: { newValue } });
    expect(variables.flowInstance).toEqual({ count: newValue });
  });

  it.each([
    ["the variable is a word", { variable: "count", incrementCounter: 1 }, "no number"],
    ["the step is a word", { variable: "other", incrementCounter: "one" }, "incrementCounter"],
    ["the step is missing", { variable: "other" }, "incrementCounter"],
    ["the name is missing", { incrementCounter: 1 }, "names no variable"],
  ])("fails when %s", async (_, properties, message) => {
    const { effect, variables } = await increment(properties, {
      variables: { flowInstance: { count: "many" } },
    });
    expect(effect).toEqual({
      kind: "failure",
      error: { code: "invalidInput", message: expect.stringContaining(message) },
    });
    expect(variables.flowInstance).toEqual({ count: "many" });
  });

  it("writes variables of the user, and finds names in each form", async () => {
    const { variables } = await increment(
      { variable: { value: { name: "count##SK##user" } }, incrementCounter: 2 },
      { variables: { user: { count: 1 } }, userId: "u1" },
      "incrementByNUserInfo",
    );
    expect(variables).toMatchObject({ user: { count: 3 }, flowInstance: {} });
  });
});
