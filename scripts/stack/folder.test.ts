import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOfflineFolder } from "./folder.ts";

let parent: string;
let path: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "folder-"));
  path = join(parent, ".offline");
});

afterEach(() => rm(parent, { recursive: true, force: true }));

const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

describe("the offline folder", () => {
  it("is its owner's alone", async () => {
    const folder = await openOfflineFolder(path);
    expect(await modeOf(path)).toBe(0o700);
    expect(await modeOf(join(path, "secrets.json"))).toBe(0o600);
    for (const each of [folder.emulators, folder.worker, folder.inspectorHome, folder.logs]) {
      expect(await modeOf(each)).toBe(0o700);
    }
  });

  it("keeps its secrets from one start to the next", async () => {
    const first = await openOfflineFolder(path);
    expect((await openOfflineFolder(path)).secrets).toEqual(first.secrets);
  });

  it("has secrets that no other folder has, long enough for the Worker", async () => {
    const [one, other] = [await openOfflineFolder(path), await openOfflineFolder(join(parent, "other"))];
    expect(one.secrets.cookieEncryptionKey).not.toBe(other.secrets.cookieEncryptionKey);
    expect(one.secrets.inspectorToken).not.toBe(other.secrets.inspectorToken);
    expect(one.secrets.cookieEncryptionKey.length).toBeGreaterThanOrEqual(32);
  });

  it("makes new secrets when the old ones cannot be read", async () => {
    await openOfflineFolder(path);
    await writeFile(join(path, "secrets.json"), '{"cookieEncryptionKey":');
    const { secrets } = await openOfflineFolder(path);
    expect(JSON.parse(await readFile(join(path, "secrets.json"), "utf8"))).toEqual(secrets);
  });
});
