/** The fixtures for Vitest: in this file as a user has them, and in a run of its own what makes a test fail. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TestClient } from "./pingone/testing/client.ts";
import { createTest, test } from "./vitest.ts";

const ROOT = join(import.meta.dirname, "..");
const CALLBACK = "http://localhost:3000/signed-in";

const testWithOptions = createTest({ redirectUris: [CALLBACK] });

describe("the fixtures", () => {
  test("sign a user on", async ({ pingone, signOn }) => {
    const start = `${pingone.issuer}/authorize?${new TestClient(pingone).authorizeParameters()}`;
    const { parameters } = await signOn(start, "mfa");
    expect(parameters.has("code")).toBe(true);
    await pingone.clock.advance(3600);
  });

  test("reset the emulator before each test", async ({ pingone, pingoneEmulator }) => {
    const state = await pingone.state.summary();
    expect(state.clock.offsetSeconds).toBe(0);
    expect(state.pingone.users.filter(({ sessions }) => sessions > 0)).toEqual([]);
    expect(pingone).toBe(pingoneEmulator);
  });

  testWithOptions("take options", async ({ pingone, signOn }) => {
    const parameters = new TestClient(pingone).authorizeParameters({ redirect_uri: CALLBACK });
    const { url } = await signOn(`${pingone.issuer}/authorize?${parameters}`, "alice", {
      consent: "decline",
    });
    expect(url.href).toContain(`${CALLBACK}?error=invalid_request`);
  });
});

/** Without an installed package, the TypeScript of this repository. */
const CONFIGURATION = `
const conditions = ["pingone-emulator-source", "module", "node", "development|production"];
export default { ssr: { resolve: { conditions, externalConditions: conditions } } };
`;
const PROJECT = `
import { expect } from "vitest";
import { test } from "pingone-emulator/vitest";
const reset = { endpoint: "jwks", fault: "server_error" };
test("met", async ({ pingone }) => {
  await pingone.faults.queue(reset);
  expect((await fetch(pingone.issuer + "/jwks")).status).toBe(503);
});
test("unmet", async ({ pingone }) => {
  await pingone.faults.queue(reset);
});
test("fails by itself", async ({ pingone }) => {
  await pingone.faults.queue(reset);
  expect(1).toBe(2);
});
`;

it("an unmet fault fails its test, and only a test that had passed", { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), "vitest-fixtures-"));
  try {
    await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
    await writeFile(join(directory, "package.json"), '{ "type": "module" }');
    await writeFile(join(directory, "vitest.config.js"), CONFIGURATION);
    await writeFile(join(directory, "faults.test.ts"), PROJECT);
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const report = join(directory, "report.json");
    const options = ["run", "--root", directory, "--reporter=json", `--outputFile=${report}`];
    spawnSync(process.execPath, [vitest, ...options], { cwd: directory, timeout: 50_000 });
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
      testResults: { assertionResults: { title: string; failureMessages: string[] }[] }[];
    };
    const failures = testResults[0]?.assertionResults.map(({ title, failureMessages }) => [
      title,
      failureMessages.map((message) => message.split("\n")[1]?.trim() ?? message),
    ]);
    expect(failures).toEqual([
      ["met", []],
      ["unmet", ["server_error on jwks, 1 time"]],
      ["fails by itself", [expect.any(String)]],
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
