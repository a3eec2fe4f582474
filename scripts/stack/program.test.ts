import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFreePorts } from "./ports.ts";
import { processesOf } from "./processes.test-support.ts";
import { StartError, startProgram } from "./program.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "program-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const serveOn = (port: number) =>
  `require('node:http').createServer((_, response) => response.end()).listen(${port}, '127.0.0.1');`;

async function optionsOf(program: string, timeoutMs = 10_000) {
  const { WORKER_PORT: port } = await findFreePorts();
  return {
    name: "The program",
    // processesOf finds it by the folder's name.
    args: ["-e", program.replace("SERVE", serveOn(port)), folder],
    cwd: folder,
    env: process.env,
    logFile: join(folder, "program.log"),
    url: `http://127.0.0.1:${port}/`,
    timeoutMs,
  };
}

const start = async (...of: Parameters<typeof optionsOf>) => startProgram(await optionsOf(...of));

describe("a program", () => {
  it("keeps what it prints in a log that only its owner reads", async () => {
    const program = await start("console.log('out'); console.error('err'); SERVE");
    await program.stop();
    const log = join(folder, "program.log");
    expect((await readFile(log, "utf8")).split("\n").sort()).toEqual(["", "err", "out"]);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  it("is killed when it ignores SIGTERM", { timeout: 30_000 }, async () => {
    const program = await start("process.on('SIGTERM', () => {}); SERVE");
    expect(processesOf(folder)).toHaveLength(1);
    await program.stop();
    expect(processesOf(folder)).toEqual([]);
  });

  it("ends with the process that started it, even if that one crashes", async () => {
    const body = `const { startProgram } = await import(${JSON.stringify(join(import.meta.dirname, "program.ts"))});
      await startProgram(${JSON.stringify(await optionsOf("SERVE"))});
      console.log("started");
      throw new Error("a crash");`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", body], {
      encoding: "utf8",
    });
    expect(stdout, stderr).toBe("started\n");
    await expect.poll(() => processesOf(folder)).toEqual([]);
  });

  it("reports that it ended by itself, with its last lines", async () => {
    const program = await start(
      "SERVE setTimeout(() => { console.error('out of memory'); process.exit(3) }, 500)",
    );
    expect(await program.failed).toBe("The program ended with exit code 3. It said:\n  out of memory");
    await program.stop();
  });

  it("explains a failed start with the last lines, without the stack", async () => {
    const starting = start("throw new Error('two test users are called alice')");
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow(
      /^The program ended with exit code 1\. It said:\n(?: {2}\[eval\]:1\n)? {2}Error: two test users are called alice$/,
    );
  });

  it("gives up after the time that it was given, and ends the program", async () => {
    await expect(start("setInterval(() => {}, 1000)", 1_000)).rejects.toThrow(
      "The program did not answer within 1 s.",
    );
    expect(processesOf(folder)).toEqual([]);
  });
});
