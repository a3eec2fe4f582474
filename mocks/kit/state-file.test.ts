import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStateFile, readState, removeState } from "./state-file.ts";

const NAMES = ["accounts", "notes"];
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "emulators-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("the state file", () => {
  it("returns what was saved, and undefined if nothing was", async () => {
    expect(await readState(dir, NAMES)).toBeUndefined();
    await createStateFile(dir, () => ({ accounts: { a: 1 }, notes: [2] })).close();
    expect(await readState(dir, NAMES)).toEqual({ accounts: { a: 1 }, notes: [2] });
  });

  it("creates its folder, is readable by its owner only and leaves no draft", async () => {
    const deep = join(dir, "a", "b");
    const file = createStateFile(deep, () => ({ accounts: 1, notes: 1 }));
    await file.close();
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(deep)).toEqual(["emulators.json"]);
  });

  it("writes soon after a change, once for many", async () => {
    let taken = 0;
    const file = createStateFile(dir, () => {
      taken += 1;
      return { accounts: taken, notes: 0 };
    });
    for (let i = 0; i < 10; i += 1) file.changed();
    await vi.waitFor(async () => expect(await readState(dir, NAMES)).toEqual({ accounts: 1, notes: 0 }));
    await file.close();
    file.changed();
    expect(taken).toBe(2);
  });

  it.each([
    ["cut off", '{"version":1,"accounts":{'],
    ["of another version", '{"version":2,"accounts":{},"notes":{}}'],
    ["of other emulators", '{"version":1,"accounts":{},"others":{}}'],
    ["something else", "[]"],
  ])("refuses a file that is %s, and names --fresh", async (_, content) => {
    await writeFile(join(dir, "emulators.json"), content);
    await expect(readState(dir, NAMES)).rejects.toThrow(/cannot be used.*--fresh/);
  });

  it("logs where it cannot write, and does not throw", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    const blocked = join(dir, "file");
    await writeFile(blocked, "");
    await createStateFile(join(blocked, "below"), () => ({ accounts: 1, notes: 1 })).close();
    expect(said.mock.calls.flat().join(" ")).toContain(blocked);
    said.mockRestore();
  });

  it("can be removed, also when there is none", async () => {
    const file = createStateFile(dir, () => ({ accounts: 1, notes: 1 }));
    await file.close();
    await removeState(dir);
    await removeState(dir);
    await expect(readFile(file.path)).rejects.toThrow("ENOENT");
  });
});
