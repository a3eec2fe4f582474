import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { FileFaults, InputFileError, readInputFile } from "./input-file.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const schema = z.strictObject({
  name: z.string(),
  list: z.array(z.object({ size: z.int() })).default([]),
  url: z.string({ error: () => "is needed by everybody" }),
});

function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "input-file-"));
  folders.push(folder);
  const faults = new FileFaults();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    readInputFile(join(folder, name), faults)?.parse(schema);
  }
  try {
    faults.throwIfAny();
  } catch (error) {
    if (!(error instanceof InputFileError)) throw error;
    return error.problems.map((problem) => problem.replace(`${folder}/`, ""));
  }
  return [];
}

describe("faults of files that people write", () => {
  it("are named all at once, in order, at the line and column of the value", () => {
    const problems = problemsOf({
      "b.json": '{\n  "name": 5,\n  "list": [{ "size": 1 },\n    { "size": "x" }],\n  "url": ""\n}',
      "a.json": '{ "name": "n",\n  "other": true }',
    });
    expect(problems).toEqual([
      "a.json:1:1: url: is needed by everybody",
      "a.json:2:12: other: is not known here; take it out.",
      "b.json:2:11: name: Invalid input: expected string, received number",
      "b.json:4:15: list[1].size: Invalid input: expected number, received string",
    ]);
  });

  it("say what is missing, at the nearest place that is there", () => {
    expect(problemsOf({ "a.json": '{ "name": "n", "url": "",\n "list": [{}] }' })).toEqual([
      "a.json:2:11: list[0].size: is missing; add it (number).",
    ]);
  });

  it.each([
    ["a comma too many", '{\n  "name": "n",\n}', "a.json:3:1: is not JSON: property name expected."],
    ["no comma", '{ "name": "n"\n  "url": "" }', "a.json:2:3: is not JSON: comma expected."],
    ["an end too early", '{ "name": ', "a.json:1:11: is not JSON: value expected."],
    ["nothing", "", "a.json:1:1: is not JSON: value expected."],
    ["lists in lists", "[".repeat(300), "a.json: is not JSON that can be read: it is nested too deeply."],
    [
      "a million values",
      `[${"0,".repeat(600_000)}0]`,
      "a.json: is too large: it has more than 500000 values.",
    ],
    [
      "26 MB",
      " ".repeat(26_000_000),
      "a.json: is too long: it has 26000000 bytes, and 25000000 are allowed.",
    ],
    [
      "a comment",
      '{ "name": "n", // secret\n "url": "" }',
      "a.json:1:16: is not JSON: invalid comment token.",
    ],
    ["something after the end", '{ "name": "n", "url": "" } x', "a.json:1:28: is not JSON: "],
  ])("give the place of %s", (_, text, problem) => {
    expect(problemsOf({ "a.json": text })).toEqual([expect.stringContaining(problem)]);
  });

  it("name a file whose nesting the parser cannot follow", () => {
    expect(problemsOf({ "a.json": "[".repeat(200_000) })).toEqual([
      "a.json: is not JSON that can be read: it is nested too deeply.",
    ]);
  });

  it("do not repeat what the file says, which may be a secret", () => {
    const problems = problemsOf({ "a.json": '{ "name": TOPSECRET }', "b.json": '{ "name": 1, "url": 2 }' });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain("TOPSECRET");
  });

  it("name a file that is not there, and a folder in the place of a file", () => {
    const faults = new FileFaults();
    readInputFile("/nowhere/a.json", faults);
    readInputFile(tmpdir(), faults);
    expect(() => faults.throwIfAny()).toThrow("/nowhere/a.json: cannot be read: there is no such file.");
    expect(() => faults.throwIfAny()).toThrow(`${tmpdir()}: cannot be read: it is a folder`);
  });

  it("leave out the byte order mark that some editors write", () => {
    expect(problemsOf({ "a.json": '\uFEFF{ "name": "n", "url": "" }' })).toEqual([]);
  });

  it("are told of what is no file, which is never waited for", () => {
    const faults = new FileFaults();
    expect(readInputFile("/dev/zero", faults)).toBeUndefined();
    expect(() => faults.throwIfAny()).toThrow("/dev/zero: cannot be read: it is no regular file.");
  });
});
