import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isScratch, watchFolders } from "./watch.ts";

let folder = "";
let stop: (() => void) | undefined;

afterEach(async () => {
  stop?.();
  await rm(folder, { recursive: true, force: true });
});

describe("watchFolders", () => {
  it("tells once of a burst of changes", async () => {
    folder = await mkdtemp(join(tmpdir(), "watch-"));
    const changes: string[] = [];
    const changed = new Promise<void>((resolve) => {
      stop = watchFolders([folder], (path) => {
        changes.push(path);
        resolve();
      });
    });
    await writeFile(join(folder, "users.json.tmp"), "{");
    await writeFile(join(folder, "users.json"), "{");
    await writeFile(join(folder, "users.json"), "{}");
    await changed;
    expect(changes).toEqual([join(folder, "users.json")]);
  });

  it.each([
    ["pingone/.users.json.swp", true],
    ["pingone/users.json~", true],
    ["control/journal.test.ts", true],
    ["pingone/users.json", false],
    ["control/journal.ts", false],
  ])("%s is scratch: %s", (name, scratch) => {
    expect(isScratch(name)).toBe(scratch);
  });
});
