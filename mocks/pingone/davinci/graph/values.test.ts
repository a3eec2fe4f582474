import { describe, expect, test } from "vitest";
import { richText } from "../../testing/graph-builder.ts";
import { bindingsIn, RunLimitError, readPath, resolveValue, templateText, unwrap } from "./values.ts";

const SCOPE = {
  global: { parameters: { authorizationRequest: { login_hint: "alice" } }, variables: { n: 5, no: false } },
  local: {
    "0abc": { payload: { output: { list: [{ name: "first" }, { name: "second" }], user: { id: "u-1" } } } },
  },
};
const resolve = (raw: unknown) => resolveValue(raw, SCOPE);

describe("a value", () => {
  test("that is one binding keeps its type", () => {
    expect(resolve(richText("", "{{local.0abc.payload.output.user}}", ""))).toEqual({ id: "u-1" });
    expect(resolve(richText("{{global.variables.n}}"))).toBe(5);
    expect(resolve(richText("{{global.variables.no}}"))).toBe(false);
    expect(resolve("{{global.variables.n}}")).toBe(5);
  });

  test("that has text beside its bindings is text, in which what is not there is empty", () => {
    expect(resolve(richText("n=", "{{global.variables.n}}", "{{global.variables.absent}}"))).toBe("n=5");
    expect(resolve(richText("{{local.0abc.payload.output.user}}", "{{local.none.payload.output.x}}"))).toBe(
      '{"id":"u-1"}',
    );
  });

  test("that is bound to what is not there is undefined", () => {
    expect(resolve(richText("{{local.none.payload.output.x}}"))).toBeUndefined();
  });

  test("of several blocks has a line for each", () => {
    const text = JSON.stringify([{ children: [{ text: "one" }] }, { children: [{ text: "two" }] }]);
    expect(resolve(text)).toBe("one\ntwo");
  });

  test("that is no rich text stays as it is, a literal binding in plain text too", () => {
    expect(resolve("[1, 2]")).toBe("[1, 2]");
    expect(resolve("[not json")).toBe("[not json");
    expect(resolve(richText("Hello {{global.variables.n}}"))).toBe("Hello {{global.variables.n}}");
  });

  test("is resolved within lists and objects", () => {
    expect(resolve([{ name: "a", value: richText("{{global.variables.n}}") }])).toEqual([
      { name: "a", value: 5 },
    ]);
  });

  test("that becomes too long is refused", () => {
    const scope = { ...SCOPE, global: { long: "x".repeat(600_000) } };
    expect(() => resolveValue(richText("{{global.long}}", "{{global.long}}"), scope)).toThrow(RunLimitError);
  });
});

test("paths know lists, and nothing that an object inherits", () => {
  const read = (path: string) => readPath(path, SCOPE);
  expect(read("local.0abc.payload.output.list[1].name")).toBe("second");
  expect(read("local.0abc.payload.output.list.0.name")).toBe("first");
  expect(read("local.0abc.payload.output.list.length")).toBe(2);
  expect(read("local.0abc.constructor.name")).toBeUndefined();
  expect(read("local.__proto__")).toBeUndefined();
  expect(read("global.parameters.authorizationRequest.login_hint.length")).toBeUndefined();
});

test("a property is unwrapped once; an empty object stands for none", () => {
  expect(unwrap({ value: { label: "l", value: "v" } })).toEqual({ label: "l", value: "v" });
  expect(unwrap({})).toBeUndefined();
  expect(unwrap({ properties: {} })).toEqual({ properties: {} });
});

test("a template keeps its bindings", () => {
  expect(templateText({ value: richText("<p>", "{{global.variables.n}}", "</p>") })).toBe(
    "<p>{{global.variables.n}}</p>",
  );
  expect(templateText({ value: "<p>{{#if a}}b{{/if}}</p>" })).toBe("<p>{{#if a}}b{{/if}}</p>");
});

test("bindings are found at any depth, in templates too", () => {
  const raw = {
    a: { value: richText("{{local.0abc.payload.output.list[0].name}}") },
    b: "{{#if global.variables.n}}x{{/if}}",
  };
  expect(bindingsIn(raw)).toEqual(["local.0abc.payload.output.list[0].name", "global.variables.n"]);
});
