import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

function start(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, ["scripts/start.ts", ...args], {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
}

describe("npm start", () => {
  it("explains itself", () => {
    const { status, stdout } = start(["--help"]);
    expect(status).toBe(0);
    for (const name of [
      "--fresh",
      "--inspect",
      "WORKER_PORT",
      "PINGONE_PORT",
      "TODO_PORT",
      "INSPECTOR_PORT",
    ]) {
      expect(stdout).toContain(name);
    }
  });

  it.each([[["--frehs"]], [["fresh"]], [["--fresh=yes"]]])("refuses %j in one sentence", (args) => {
    const { status, stdout, stderr } = start(args);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("There are --fresh, --inspect and --help");
  });

  it("refuses a port for the debugger that is none", () => {
    const { status, stderr } = start(["--inspect=http"]);
    expect(status).toBe(1);
    expect(stderr.trim()).toBe("--inspect=http is not a port. Give a whole number from 1 to 65535, or none.");
  });

  it("refuses a port that is none, and names the variable", () => {
    const { status, stderr } = start([], { TODO_PORT: "http" });
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(
      "TODO_PORT=http is not a port. Set it to a whole number from 1 to 65535, or unset it.",
    );
  });

  it("says which port is taken, by which variable it moves and who needs it, and starts nothing", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    // The others must not matter: some other program may have them.
    const { status, stdout, stderr } = start([], { TODO_PORT: port });
    server.close();
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(
      `Port ${port} is in use by another program, but the Todo API emulator needs it: stop that program, or choose another with TODO_PORT, for example: TODO_PORT=9401 npm start`,
    );
  });
});
