import { spawnSync } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
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
    expect(stdout).toMatch(/--fresh.*--inspect.*WORKER_PORT.*PINGONE_PORT.*TODO_PORT.*INSPECTOR_PORT/s);
  });

  it.each([[["--frehs"]], [["fresh"]], [["--fresh=yes"]]])(
    "refuses %j, and names the way to the options",
    (args) => {
      const { status, stdout, stderr } = start(args);
      expect(status).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^\n[^\n]*'(--frehs|fresh|--fresh)'[^\n]*\nOptions: npm start -- --help\n$/);
    },
  );

  it.each([
    [["--inspect=http"], {}, "--inspect=http is not a port. Give a whole number from 1 to 65535, or none.\n"],
    [
      [],
      { TODO_PORT: "http" },
      "TODO_PORT=http is not a port. Set it to a whole number from 1 to 65535, or unset it.\n",
    ],
  ])("refuses a port that is none: %j %j", (args, env, sentence) => {
    const { status, stderr } = start(args, env);
    expect(status).toBe(1);
    expect(stderr).toContain(sentence);
  });

  it("names the port in use, its variable and what needs it, and starts nothing", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const port = String((server.address() as AddressInfo).port);
    const { status, stdout, stderr } = start([], { TODO_PORT: port });
    server.close();
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(
      `Port ${port} is in use by another program, but the Todo API emulator needs it. Set TODO_PORT to a free port.`,
    );
  });
});
