import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { watchFolder } from "./watch.ts";

it("reports a burst of changes once, and no temporary file of an editor and no test", async () => {
  const folder = await mkdtemp(join(tmpdir(), "watch-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const changes: string[] = [];
  const changed = new Promise<void>((resolve) => {
    const stop = watchFolder(folder, (path) => {
      changes.push(path);
      resolve();
    });
    onTestFinished(stop);
  });
  const names = ["users.json", "users.json", ".users.json.swp", "users.json~", "users.json.tmp", "a.test.ts"];
  for (const name of names) await writeFile(join(folder, name), "{}");
  await changed;
  expect(changes).toEqual([join(folder, "users.json")]);
});
