import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";

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

/** runScript in a process of its own, around {@link CHILD}. */
function start(env: Record<string, string> = {}) {
  const program = `
    const { runScript } = await import(${JSON.stringify(MODULE)});
    process.exit(await runScript(process.execPath, ["-e", ${JSON.stringify(CHILD)}], { cwd: process.cwd(), env: process.env }));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, ...env },
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
