import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStateFile, readState, removeState, requireWritable } from "./state-file.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "emulators-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("the state file", () => {
  it("returns what was saved, and undefined if nothing was", async () => {
    expect(await readState(dir)).toBeUndefined();
    await createStateFile(dir, () => ({ version: 1, accounts: { a: 1 }, notes: [2] })).close();
    expect(await readState(dir)).toEqual({ version: 1, accounts: { a: 1 }, notes: [2] });
  });

  it("creates its folder, is readable by its owner only and leaves no draft", async () => {
    const deep = join(dir, "a", "b");
    const file = createStateFile(deep, () => ({ version: 1, accounts: 1, notes: 1 }));
    await file.close();
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(deep)).toEqual(["emulators.json"]);
  });

  it("writes soon after a change, once for many", async () => {
    let taken = 0;
    const file = createStateFile(dir, () => {
      taken += 1;
      return { version: 1, accounts: taken };
    });
    for (let i = 0; i < 10; i += 1) file.changed();
    await vi.waitFor(async () => expect(await readState(dir)).toEqual({ version: 1, accounts: 1 }));
    await file.close();
    file.changed();
    expect(taken).toBe(2);
  });

  it("refuses a file that is cut off, and names --fresh", async () => {
    await writeFile(join(dir, "emulators.json"), '{"version":1,"accounts":{');
    await expect(readState(dir)).rejects.toThrow(
      /emulators\.json: The state cannot be used: it is not JSON\. Start with --fresh/,
    );
  });

  it("logs where it cannot write, and does not throw", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    const blocked = join(dir, "file");
    await writeFile(blocked, "");
    await createStateFile(join(blocked, "below"), () => ({ version: 1, accounts: 1, notes: 1 })).close();
    expect(said.mock.calls.flat().join(" ")).toContain(blocked);
    said.mockRestore();
  });

  it("refuses a place where there can be no file, and says what to do", async () => {
    const file = join(dir, "file");
    await writeFile(file, "");
    const refused = /^The state cannot be kept in .*file \((ENOTDIR|EEXIST)\)\. Name a folder/;
    await expect(readState(file)).rejects.toThrow(refused);
    await expect(removeState(file)).rejects.toThrow(refused);
    await expect(requireWritable(file)).rejects.toThrow(refused);
    await mkdir(join(dir, "emulators.json"));
    await expect(readState(dir)).rejects.toThrow(/\(EISDIR\)\. Name a folder/);
  });

  it("can be removed, also when there is none", async () => {
    const file = createStateFile(dir, () => ({ version: 1, accounts: 1, notes: 1 }));
    await file.close();
    await removeState(dir);
    await removeState(dir);
    await expect(readFile(file.path)).rejects.toThrow("ENOENT");
  });
});
