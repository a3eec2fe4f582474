import { describe, expect, it } from "vitest";
import { findJsonFault, measureJson } from "./json-text.ts";

describe("the first fault of a JSON text", () => {
  it.each([
    ["a colon too few", '{\n  "a" 1 }', { line: 2, column: 7, reason: "colon expected", isAtEnd: false }],
    ["a comma too many", "[1,\n2,,3]", { line: 2, column: 3, reason: "value expected", isAtEnd: false }],
    ["a comment", "// x\n{}", { line: 1, column: 1, reason: "invalid comment token", isAtEnd: false }],
    ["more after it", "{} {}", { line: 1, column: 4, reason: "end of file expected", isAtEnd: false }],
    ["an end too early", '{"a": 1', { line: 1, column: 8, reason: "close brace expected", isAtEnd: true }],
    [
      "an end inside a text",
      '{"a": "b',
      { line: 1, column: 7, reason: "unexpected end of string", isAtEnd: true },
    ],
    ["an end after an inner object", '{"a": {}', { isAtEnd: true }],
    ["no text", " ", { reason: "value expected", isAtEnd: true }],
  ])("is told with its place: %s", (_, text, fault) => {
    expect(findJsonFault(text)).toMatchObject(fault);
  });

  it("is none in JSON", () => {
    expect(findJsonFault('{"a": ["//", null]}')).toBeUndefined();
  });

  it("is told of text that is nested too deeply to be parsed", () => {
    expect(findJsonFault("[".repeat(1_000_000))).toMatchObject({ reason: "nested too deeply" });
  });
});

describe("the measure of a JSON text", () => {
  it.each([
    ["5", { depth: 0, values: 1 }],
    ['{"a": [1, 2], "b": {}}', { depth: 2, values: 6 }],
    ['{"[[[": "{,\\"[", "\\\\": "]"}', { depth: 1, values: 3 }],
    ['"no end [[', { depth: 0, values: 1 }],
  ])("leaves texts aside: %s", (text, measure) => {
    expect(measureJson(text)).toEqual(measure);
  });
});
