/** The example of docs/emulator.md runs as it stands there, and prints what it is said to print. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Offline, startOffline } from "./index.ts";
import { TestBrowser } from "./kit/browser.ts";
import { SwitchBoard } from "./pingone/tenant/switches.ts";
import { PASSWORD } from "./pingone/testing/sign-on.ts";

const ROOT = join(import.meta.dirname, "..");
const document = await readFile(join(ROOT, "docs/emulator.md"), "utf8");
const [, example = "", printed = ""] =
  /```ts\n(import \{ createServer \}[\s\S]*?)```\n\nIt prints:\n\n```\n([\s\S]*?)```/.exec(document) ?? [];

let application: string;
let emulators: Offline;
let directory: string;
beforeAll(async () => {
  application = `http://localhost:${await freePort()}`;
  emulators = await startOffline({ workerOrigin: application });
  directory = await mkdtemp(join(tmpdir(), "worked-example-"));
  // Another project, which has installed openid-client.
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
});
afterAll(async () => {
  await emulators.close();
  await rm(directory, { recursive: true });
});

it("runs as docs/emulator.md shows it", async () => {
  const file = join(directory, "sign-in.ts");
  await writeFile(file, example);
  const child = spawn(process.execPath, [file], {
    env: {
      ...process.env,
      ISSUER: emulators.issuer,
      TODO_API: emulators.todoOrigin,
      APPLICATION: application,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.startsWith("Open ")) await signOn(line.slice("Open ".length));
  }
  expect(await exited).toEqual([0, null]);
  expect(lines.slice(1)).toEqual(printed.trim().split("\n").slice(1));
});

it("shows the addresses, the client and every switch with its default", () => {
  for (const value of [emulators.client.id, emulators.client.secret, emulators.apiIdentifier, PASSWORD]) {
    expect(document).toContain(`\`${value}\``);
  }
  expect(document).toContain(new URL(emulators.issuer).pathname);
  const rows = [...document.matchAll(/^\| `(\w+)` \| `([^`]*)`/gm)].map(([, name, value]) => [name, value]);
  const switches = Object.entries(new SwitchBoard().current).map(([name, value]) => [name, String(value)]);
  expect(rows.filter(([name]) => name !== undefined && name in new SwitchBoard().current).sort()).toEqual(
    switches.sort(),
  );
});

async function signOn(url: string): Promise<void> {
  const browser = new TestBrowser();
  const page = await browser.open(url);
  await (await page.submit("Sign On", { Username: "alice", Password: PASSWORD })).submit("Approve");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return address !== null && typeof address === "object" ? address.port : 0;
}
