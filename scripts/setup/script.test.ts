import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { runToEnd } from "./script.mjs";

const MODULE = join(import.meta.dirname, "script.mjs");
/** Ends by itself at the signal, after saying which it was. */
const CHILD = `
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => { console.log("heard " + signal); setTimeout(() => process.exit(7), 300); });
}
setInterval(() => {}, 1000);
console.log("up");`;

let running: ChildProcess | undefined;

afterEach(() => {
  running?.kill("SIGKILL");
});

/** In a process of its own. */
function start(
  body = `process.exit(await runScript(process.execPath, ["-e", ${JSON.stringify(CHILD)}], { cwd: process.cwd(), env: process.env }));`,
) {
  const program = `const { runScript, runToEnd } = await import(${JSON.stringify(MODULE)}); ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running = child;
  const lines: string[] = [];
  const isUp = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (line === "up") resolve();
    });
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (code) => resolve(code));
  });
  return { child, lines, isUp, exited };
}

describe("runScript", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("passes %s on and waits for the end", async (signal) => {
    const { child, lines, isUp, exited } = start();
    await isUp;
    child.kill(signal);
    expect(await exited).toBe(7);
    expect(lines).toEqual(["up", `heard ${signal}`]);
  });

  it("passes one Ctrl-C on once, though npm and the terminal both tell of it", async () => {
    const { child, lines, isUp, exited } = start();
    await isUp;
    child.kill("SIGINT");
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    expect(await exited).toBe(7);
    expect(lines).toEqual(["up", "heard SIGINT"]);
  });
});

describe("runToEnd", () => {
  it("keeps what a program printed, and says how it ended", async () => {
    const print = "console.log(1); console.error(2);";
    expect(await runToEnd(process.execPath, ["-e", print])).toEqual({ ok: true, output: "1\n2\n" });
    expect(await runToEnd(process.execPath, ["-e", `${print} process.exit(3)`])).toEqual({
      ok: false,
      output: "1\n2\n",
    });
    const { ok, output } = await runToEnd("/no/such/program", []);
    expect([ok, output]).toEqual([false, expect.stringContaining("ENOENT")]);
  });

  it("ends together with a program that goes on after the first signal, as npm ci does", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stubborn-"));
    const pidFile = join(folder, "pid");
    const stubborn = `
      process.once("SIGTERM", () => {});
      require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
      process.kill(process.ppid, "SIGTERM");
      setInterval(() => {}, 1000);`;
    const { exited } = start(`await runToEnd(process.execPath, ["-e", ${JSON.stringify(stubborn)}]);`);
    expect(await exited).toBe(1);
    const pid = Number(await readFile(pidFile, "utf8"));
    await rm(folder, { recursive: true });
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
