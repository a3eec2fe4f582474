import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Part, PartError, startPart } from "./part.ts";
import { isAlive } from "./processes.test-support.ts";

let folder: string;
let parts: Part[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "part-"));
  parts = [];
});

afterEach(async () => {
  await Promise.all(parts.map((part) => part.stop()));
  await rm(folder, { recursive: true, force: true });
});

function start(program: string): Part {
  const part = startPart({
    name: "the program",
    args: ["-e", program],
    cwd: folder,
    env: process.env,
    logFile: join(folder, "program.log"),
  });
  parts.push(part);
  return part;
}

const pidOf = (line: string) => /^pid (\d+)$/.exec(line)?.[1];

describe("a part", () => {
  it("keeps what it prints in a log that only its owner reads", async () => {
    const part = start("console.log('out'); console.error('err'); setInterval(() => {}, 1000)");
    await part.waitForLine((line) => (line === "err" ? line : undefined), 10_000);
    await part.waitForLine((line) => (line === "out" ? line : undefined), 10_000);
    await part.stop();
    const log = join(folder, "program.log");
    expect(await readFile(log, "utf8")).toMatch(/^out$/m);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  it("ends with all that it started, also with what does not heed SIGTERM", { timeout: 30_000 }, async () => {
    const stubborn =
      "process.on('SIGTERM', () => {}); console.log('pid ' + process.pid); setInterval(() => {}, 1000)";
    const part = start(
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' }); setInterval(() => {}, 1000)`,
    );
    const grandchild = Number(await part.waitForLine(pidOf, 10_000));
    expect(isAlive(grandchild)).toBe(true);
    await part.stop();
    expect(isAlive(grandchild)).toBe(false);
    expect(isAlive(Number(part.pid))).toBe(false);
  });

  it("ends what it started even after it is gone itself", async () => {
    const child = "console.log('pid ' + process.pid); setInterval(() => {}, 1000)";
    const part = start(
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' }); setTimeout(() => process.exit(3), 300)`,
    );
    const grandchild = Number(await part.waitForLine(pidOf, 10_000));
    expect(await part.ended).toBe("the program ended with exit code 3.");
    expect(isAlive(grandchild)).toBe(true);
    await part.stop();
    expect(isAlive(grandchild)).toBe(false);
  });

  it("explains an early end with the last words", async () => {
    const part = start("console.error('no such fixture'); process.exit(1)");
    const waiting = part.waitForLine(() => undefined, 10_000);
    await expect(waiting).rejects.toThrow(PartError);
    await expect(waiting).rejects.toThrow("The program ended with exit code 1. It said:\n  no such fixture");
  });

  it("leaves the stack out of the last words", async () => {
    const part = start("throw new Error('two test users are called alice')");
    await expect(part.waitForLine(() => undefined, 10_000)).rejects.toThrow(
      /It said:\n(?: {2}\[eval\]:1\n| {2}throw new .*\n)* {2}Error: two test users are called alice$/,
    );
  });

  it("gives up after the time that it was given", async () => {
    const part = start("setInterval(() => {}, 1000)");
    await expect(part.waitForLine(() => undefined, 1_000)).rejects.toThrow(
      "The program did not answer within 1 s.",
    );
    await expect(part.waitForAnswer("http://127.0.0.1:9/", 1_000)).rejects.toThrow(
      "did not answer within 1 s.",
    );
  });

  it("refuses a line as its reader does", async () => {
    const part = start("setTimeout(() => console.log('[ERROR] broken'), 300); setInterval(() => {}, 1000)");
    const reader = (line: string) => {
      if (line.includes("[ERROR]")) throw new PartError(line);
      return undefined;
    };
    await expect(part.waitForLine(reader, 10_000)).rejects.toThrow("[ERROR] broken");
  });

  it("waits for an answer of the kind that is wanted", async () => {
    let status = 500;
    const server = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const part = start("setInterval(() => {}, 1000)");
    const timer = setTimeout(() => {
      status = 200;
    }, 300);
    await part.waitForAnswer(`http://127.0.0.1:${port}/`, 10_000);
    expect(status).toBe(200);
    clearTimeout(timer);
    server.close();
  });
});
