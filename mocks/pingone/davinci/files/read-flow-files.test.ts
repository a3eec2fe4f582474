import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildFlow } from "../../testing/graph-builder.ts";
import { readFlowFiles } from "./read-flow-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const content = buildFlow({ name: "Hello", nodes: { a: { is: "t.ok" } } });
const text = JSON.stringify(content);
const write = (name: string, given: string | Uint8Array) => {
  writeFileSync(join(folder, name), given);
  return join(folder, name);
};
const namesOf = (path: string) =>
  readFlowFiles([path]).map((file) => (file.kind === "flows" ? file.main.name : file.reason));

describe("a file", () => {
  it.each([
    ["as the console writes it", text],
    ["with a byte order mark", `\uFEFF${text}`],
    ["of 20 MB", JSON.stringify({ ...content, padding: "x".repeat(20_000_000) })],
  ])("%s is read", (_, given) => {
    expect(namesOf(write("flow.json", given))).toEqual(["Hello"]);
  });

  it.each([
    ["of 26 MB", JSON.stringify({ ...content, padding: "x".repeat(26_000_000) }), /25000000 are allowed/],
    ["of a ZIP archive", Buffer.from("504b0304140000000800", "hex"), /ZIP archive; unpack it/],
    ["in UTF-16", Buffer.from(`\uFEFF${text}`, "utf16le"), /UTF-16; save it as UTF-8/],
    ["of something else", "<html></html>", /not JSON/],
  ])("%s is refused with a reason", (_, given, reason) => {
    expect(namesOf(write("flow.json", given))).toEqual([expect.stringMatching(reason)]);
  });

  it("that is not there is refused", () => {
    expect(namesOf(join(folder, "gone.json"))).toEqual(["there is no such file or folder"]);
  });
});

describe("what is no file", () => {
  it("is refused, and never waited for", () => {
    const pipe = join(folder, "a.json");
    execFileSync("mkfifo", [pipe]);
    symlinkSync("/dev/zero", join(folder, "b.json"));
    symlinkSync(join(folder, "c.json"), join(folder, "c.json"));
    mkdirSync(join(folder, "below"));
    symlinkSync(join(folder, "below"), join(folder, "d.json"));
    expect(namesOf(folder)).toEqual([
      "it is no regular file; give the file of an export",
      "it is no regular file; give the file of an export",
      "it cannot be read (ELOOP)",
      "it is a folder, where a file is expected",
    ]);
    expect(namesOf(pipe)).toEqual(["it is no regular file; give the file of an export"]);
  });
});

describe("a folder", () => {
  it("of more than can be kept is read up to there", () => {
    for (const name of ["a.json", "b.json", "c.json"]) write(name, text);
    const read = readFlowFiles([folder], text.length * 2);
    expect(read.map(({ kind }) => kind)).toEqual(["flows", "flows", "refused"]);
    expect(read.at(-1)).toMatchObject({ reason: expect.stringContaining("bytes together; give fewer") });
  });

  it("gives its JSON files in the order of their names, without what lies beside flows or below", () => {
    write("b.json", text);
    write("a.json", "{");
    for (const name of ["variables.json", "b.stubs.json", "notes.txt"]) write(name, "{");
    mkdirSync(join(folder, "c.json"));
    mkdirSync(join(folder, "below"));
    write("below/d.json", text);
    expect(readFlowFiles([folder]).map(({ path, kind }) => [path.slice(folder.length + 1), kind])).toEqual([
      ["a.json", "refused"],
      ["b.json", "flows"],
    ]);
  });

  it("names an archive that nobody has unpacked", () => {
    write("export.zip", "PK\u0003\u0004");
    expect(namesOf(folder)).toEqual([expect.stringMatching(/ZIP archive/)]);
  });

  it("without any is refused", () => {
    write("variables.json", "{}");
    expect(namesOf(folder)).toEqual([expect.stringMatching(/holds no \*\.json file/)]);
  });
});
