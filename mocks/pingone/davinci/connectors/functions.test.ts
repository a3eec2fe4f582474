import { afterAll, describe, expect, it } from "vitest";
import { runNode } from "../../testing/connector-call.ts";
import { richText } from "../../testing/graph-builder.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import type { Sandbox, SandboxResult } from "../sandbox/sandbox.ts";
import { functionsConnector } from "./functions.ts";

const wrap = (properties: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, { value }]));

const run = (capability: string, properties: Record<string, unknown>, local: Record<string, unknown> = {}) =>
  runNode(functionsConnector, capability, { properties: wrap(properties), local });

async function holds(capability: string, properties: Record<string, unknown>): Promise<boolean> {
  const { effect } = await run(capability, properties);
  if (effect.kind !== "success" && effect.kind !== "false") throw new Error(effect.kind);
  return effect.kind === "success";
}

describe("A == B", () => {
  it.each([
    ["the same text", "a", "a", {}, true],
    ["another text", "a", "b", {}, false],
    ["white space", "a", "a ", {}, false],
    ["a number and its text", 1, "1", {}, true],
    ["numbers as text are texts", "1", "1.0", {}, false],
    ["numbers of the type number", "1", "1.0", { type: "number" }, true],
    ["no numbers of the type number", "a", "a", { type: "number" }, true],
    ["true and its text", true, "true", {}, true],
    ["booleans of the type boolean", "True", "true", { type: "boolean" }, true],
    ["nothing and empty text", undefined, "", {}, true],
    ["null and nothing", null, undefined, {}, true],
    ["nothing and the word", undefined, "undefined", {}, false],
    ["0 and nothing", 0, undefined, {}, false],
    ["false and nothing", false, "", {}, false],
    ["equal objects", { a: 1, b: [2] }, { b: [2], a: 1 }, {}, true],
    ["an object and its JSON", { a: 1 }, '{ "a": 1 }', {}, true],
    ["an object and a text", { a: 1 }, "[object Object]", {}, false],
    ["lists in another order", [1, 2], [2, 1], {}, false],
    ["letter case, not said", "ok", "OK", {}, false],
    ["letter case, switched off", "ok", "OK", { caseSensitive: false }, true],
    ["letter case, switched on", "ok", "OK", { caseSensitive: true }, false],
  ])("%s", async (_, leftValueA, rightValueB, options, expected) => {
    expect(await holds("AEqualsB", { leftValueA, rightValueB, ...options })).toBe(expected);
    expect(await holds("ANotEqualsB", { leftValueA, rightValueB, ...options })).toBe(!expected);
  });

  it("reads bindings, and keeps the type of one that stands alone", async () => {
    const local = { n1: { payload: { output: { flag: true } } } };
    const { effect } = await run(
      "AEqualsB",
      {
        leftValueA: richText("{{local.n1.payload.output.flag}}"),
        rightValueB: richText("true"),
        type: "boolean",
      },
      local,
    );
    expect(effect).toEqual({ kind: "success" });
  });

  it("tells the developer only where letter case has decided and nobody has said that it should", async () => {
    const remarks = async (options: object, b: string) =>
      (await run("AEqualsB", { leftValueA: "ok", rightValueB: b, ...options })).remarks;
    expect(await remarks({}, "OK")).toEqual([expect.stringContaining("letter case")]);
    expect(await remarks({ caseSensitive: true }, "OK")).toEqual([]);
    expect(await remarks({}, "ok")).toEqual([]);
    expect(await remarks({}, "other")).toEqual([]);
  });
});

describe("A == B (Multiple Conditions)", () => {
  const rightValueMultiple = [
    { id: "one", value: richText("SUBMIT") },
    { id: "two", value: richText("CANCEL") },
    { id: "three", value: richText("SUBMIT") },
  ];
  it.each([
    ["SUBMIT", "one"],
    ["CANCEL", "two"],
    ["cancel", "-1"],
    [undefined, "-1"],
  ])("leaves by the first match: %s", async (leftValueA, outcome) => {
    const { effect } = await run("AEqualsMultipleB", { leftValueA, rightValueMultiple });
    expect(effect).toEqual({ kind: "success", outcome });
  });

  it.each([[undefined], ["text"], [[null, "x", 1]], [{}]])("has no match in %j", async (given) => {
    const { effect } = await run("AEqualsMultipleB", { leftValueA: "a", rightValueMultiple: given });
    expect(effect).toEqual({ kind: "success", outcome: "-1" });
  });
});

describe("A is Empty", () => {
  it.each([
    [undefined, true],
    [null, true],
    ["", true],
    [[], true],
    [{}, true],
    ["[]", true],
    [" ", false],
    [0, false],
    [false, false],
    ["false", false],
    [[0], false],
    ["undefined", false],
  ])("%j: %s", async (leftValueA, expected) => {
    expect(await holds("AIsEmpty", { leftValueA })).toBe(expected);
    expect(await holds("AIsEmpty", { leftValueA, checkNullORUndefined: true })).toBe(expected);
  });

  it("says so where the switch for nothing and null is off", async () => {
    expect((await run("AIsEmpty", {})).remarks).toHaveLength(1);
    expect((await run("AIsEmpty", { checkNullORUndefined: "true" })).remarks).toEqual([]);
    expect((await run("AIsEmpty", { leftValueA: "" })).remarks).toEqual([]);
  });
});

describe("less and greater", () => {
  const names = ["ALessThanB", "ALessThanEqualToB", "AGreaterThanB", "AGreaterThanEqualToB"];
  it.each([
    ["as numbers, not as texts", "9", "10", {}, [true, true, false, false]],
    ["equal", 3, "3", {}, [false, true, false, true]],
    ["negative, decimal", "-1.5", "-2", {}, [false, false, true, true]],
    ["nothing", undefined, 3, {}, [false, false, false, false]],
    ["empty text is not 0", "", 3, {}, [false, false, false, false]],
    ["words", "a", "b", {}, [false, false, false, false]],
    ["words of the type string", "a", "b", { type: "string" }, [true, true, false, false]],
    ["numbers of the type string", "9", "10", { type: "string" }, [true, true, false, false]],
    ["dates", "2026-11-24T12:00:00Z", "2026-11-25", { type: "date" }, [true, true, false, false]],
    ["a list", [1], 2, {}, [false, false, false, false]],
  ])("%s", async (_, leftValueA, rightValueB, options, expected) => {
    const all = names.map((name) => holds(name, { leftValueA, rightValueB, ...options }));
    expect(await Promise.all(all)).toEqual(expected);
  });

  it("tells the developer when there is no number to compare", async () => {
    const { remarks } = await run("ALessThanB", { leftValueA: "TEST ONLY secret", rightValueB: 1 });
    expect(remarks).toEqual([expect.stringContaining("no number")]);
    expect(remarks.join()).not.toContain("secret");
    expect((await run("ALessThanB", { leftValueA: 2, rightValueB: 1 })).remarks).toEqual([]);
  });

  it.each([
    ["AGreaterThanBLessThanC", [false, true, false]],
    ["AGreaterThanBLessThanEqualC", [false, true, true]],
    ["AGreaterThanEqualBLessThanC", [true, true, false]],
    ["AGreaterThanEqualBLessThanEqualC", [true, true, true]],
  ])("%s at its limits and between them", async (name, expected) => {
    const all = ["5", "7", "10"].map((leftValueA) =>
      holds(name, { leftValueA, rightValueB: "5", rightValueC: "10" }),
    );
    expect(await Promise.all(all)).toEqual(expected);
    expect(await holds(name, { leftValueA: "7", rightValueB: "5" })).toBe(false);
  });
});

describe("contains and includes", () => {
  it.each([
    ["newPassword: too short", "too short", {}, true],
    ["abc", "B", {}, false],
    ["abc", "B", { caseSensitive: false }, true],
    ["abc", "", {}, false],
    [undefined, "a", {}, false],
    [12345, "34", {}, true],
    [["abc"], "abc", {}, true],
  ])("the text %j contains %j %j: %s", async (leftValueA, rightValueB, options, expected) => {
    expect(await holds("stringAContainsB", { leftValueA, rightValueB, ...options })).toBe(expected);
  });

  it.each([
    [["a", "b"], "b", {}, true],
    ['["BOT","AITM"]', "AITM", {}, true],
    ["BOT,AITM", "AITM", {}, false],
    [undefined, "a", {}, false],
    [["a"], "A", {}, false],
    [["a"], "A", { caseSensitive: false }, true],
    [[1, 2], "2", {}, true],
    [[{ id: 1 }], { id: 1 }, {}, true],
    [["a", "b", "c"], ["a", "c"], {}, true],
    [["a", "b"], ["a", "c"], {}, false],
    [["a"], [], {}, false],
  ])("the list %j includes %j %j: %s", async (leftValueA, rightValueB, options, expected) => {
    expect(await holds("arrayOfAIncludesB", { leftValueA, rightValueB, ...options })).toBe(expected);
  });
});

it("compares long lists and texts in bounded time", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  const long = "a".repeat(900_000);
  const rightValueMultiple = many.map((id) => ({ id: String(id), value: "b" }));
  const started = performance.now();
  expect(await holds("arrayOfAIncludesB", { leftValueA: many, rightValueB: many })).toBe(false);
  expect((await run("AEqualsMultipleB", { leftValueA: long, rightValueMultiple })).effect).toMatchObject({
    outcome: "-1",
  });
  expect(performance.now() - started).toBeLessThan(2000);
});

describe("Custom Function", () => {
  function sandbox(result: SandboxResult<unknown>) {
    const calls: unknown[][] = [];
    const fake = {
      callFunction: async (...args: unknown[]) => {
        calls.push(args);
        return result;
      },
    } as unknown as Sandbox;
    return { calls, fake };
  }
  async function runCode(result: SandboxResult<unknown>, properties: Record<string, unknown> = {}) {
    const { calls, fake } = sandbox(result);
    const ran = await runNode(functionsConnector, "customFunction", {
      properties: wrap({ code: "module.exports = async () => {}", ...properties }),
      local: { n1: { payload: { output: { list: [1], name: "Ann" } } } },
      services: { sandbox: fake },
    });
    return { ...ran, calls };
  }
  const ok = (value: unknown) => ({ kind: "ok", value }) as const;

  it.each([
    [{ a: 1 }, { kind: "success", output: { a: 1 } }],
    [undefined, { kind: "success" }],
    [null, { kind: "success", output: null }],
    [0, { kind: "success", output: 0 }],
    ["", { kind: "success", output: "" }],
    [true, { kind: "success", output: true }],
    [false, { kind: "false", output: false }],
  ])("returns %j", async (value, effect) => {
    expect((await runCode(ok(value))).effect).toEqual(effect);
  });

  it.each([
    ["compile", "customFunctionCompile"],
    ["threw", "customFunctionThrew"],
    ["limit", "customFunctionLimit"],
  ] as const)("fails by name when the sandbox says %s", async (reason, code) => {
    const { effect, remarks } = await runCode({ kind: "failed", reason, message: "What is wrong." });
    expect(effect).toEqual({ kind: "failure", error: { code, message: "What is wrong." } });
    expect(remarks).toEqual(["The code failed: What is wrong."]);
  });

  it("gives the inputs by name, bound values in their own type, texts in the type chosen", async () => {
    const { calls } = await runCode(ok(1), {
      variableInputList: [
        { name: "list", preferredDataType: "string", value: richText("{{local.n1.payload.output.list}}") },
        { name: "greeting", value: richText("Dear ", "{{local.n1.payload.output.name}}") },
        { name: "count", preferredDataType: "number", value: richText("5") },
        { name: "word", preferredDataType: "number", value: richText("five") },
        { name: "flag", preferredDataType: "boolean", value: "true" },
        { name: "policy", preferredDataType: "object", value: richText('{"min": 8}') },
        { name: "absent", preferredDataType: "number", value: richText("{{local.n2.payload.output.x}}") },
        { name: "__proto__", value: "x" },
        { value: "nameless" },
      ],
    });
    expect(calls).toEqual([
      [
        "module.exports = async () => {}",
        {
          list: [1],
          greeting: "Dear Ann",
          count: 5,
          word: "five",
          flag: true,
          policy: { min: 8 },
          absent: undefined,
        },
        "module.exports = async () => {}",
      ],
    ]);
  });

  it("ends the run when bindings make the code too long", async () => {
    const code = "{{local.n1.payload.output.name}}".repeat(400_000);
    await expect(runCode(ok(1), { code })).rejects.toThrow("1000000");
  });

  it("writes bindings in the code as text, and warns of them", async () => {
    const code = "return '{{local.n1.payload.output.name}}' + {{local.n9.x}}'' + `{{other}}`";
    const { calls, remarks } = await runCode(ok(1), { code });
    expect(calls[0]?.[0]).toBe("return 'Ann' + '' + `{{other}}`");
    // Failures quote only this, without the values.
    expect(calls[0]?.[2]).toBe(code);
    expect(remarks).toEqual([expect.stringContaining("become part of the program")]);
  });
});

describe("Custom Function in the sandbox", () => {
  const sandbox = createSandbox();
  afterAll(() => sandbox.close());

  it.each([
    ["module.exports = a = async ({ params }) => ({ sum: params.n + 1 });", "success", { sum: 6 }],
    [
      "module.exports = async ({ params }) => { if (!params.n) return false; return \n }",
      "success",
      undefined,
    ],
    ["module.exports = async ({ params }) => params.n > 9", "false", false],
    ["module.exports = async () => { throw new Error('x'); }", "failure", undefined],
    ["module.exports = async () => {", "failure", undefined],
  ])("%s", async (code, kind, output) => {
    const { effect } = await runNode(functionsConnector, "customFunction", {
      properties: wrap({ code, variableInputList: [{ name: "n", preferredDataType: "number", value: "5" }] }),
      services: { sandbox },
    });
    expect(effect).toMatchObject({ kind, ...(output !== undefined && { output }) });
    if (output === undefined) expect(effect).not.toHaveProperty("output");
  });
});

describe("Create a Hash", () => {
  // The example of Ping's documentation.
  it("makes the documented hash", async () => {
    const { effect } = await run("digestMessage", {
      message: "mysecretpassword",
      digestAlgorithm: "sha256",
      saltMode: "useCustomSaltValue",
      customSaltValue: "mySaltu7v8w9x0",
      outputEncodingFormat: "base64",
    });
    expect(effect).toEqual({
      kind: "success",
      output: {
        hash: "NJM86MstFd2CZO4M5nMR4HvJdUafOwpeSL5aFgS+r9A=",
        salt: "mySaltu7v8w9x0",
        length: 44,
      },
    });
  });

  it("makes SHA-256 in hexadecimal digits unless told otherwise, and refuses what it does not know", async () => {
    const { effect } = await run("digestMessage", { message: "a", outputEncodingFormat: "constructor" });
    expect(effect).toMatchObject({ output: { hash: expect.stringMatching(/^ca978112ca1b/), length: 64 } });
    const other = await run("digestMessage", { message: "a", digestAlgorithm: "constructor" });
    expect(other.effect).toMatchObject({ kind: "failure", error: { code: "invalidInput" } });
  });

  it("makes a salt of its own on demand", async () => {
    const salted = async () => (await run("digestMessage", { message: "a", saltMode: "generate" })).effect;
    const [one, other] = [await salted(), await salted()];
    expect(one).toMatchObject({ output: { salt: expect.stringMatching(/^\w{32}$/) } });
    expect(one).not.toEqual(other);
  });
});
