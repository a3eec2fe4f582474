/** Tests of flows without a browser: what `runFlow` gives, and the example of docs/davinci-flows.md as it stands there. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportFlow } from "./export-flow.ts";
import { startPingOne } from "./index.ts";
import { runFlow, SignOnError } from "./vitest.ts";

const ROOT = join(import.meta.dirname, "..");

let directory: string;
let flow: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "run-flow-"));
  flow = join(directory, "davinci", "sign-on.json");
  await mkdir(join(directory, "davinci"));
  exportFlow({ names: ["sign-on-with-consent"], out: flow }, { out: () => {}, note: () => {} });
});
afterAll(() => rm(directory, { recursive: true }));

describe("runFlow", () => {
  it("gives result, screens, path and log of an exported flow", async () => {
    const { result, screens, path, log, stuck } = await runFlow(flow, { user: "alice" });
    expect(result).toMatchObject({ kind: "success", authenticationMethods: ["pwd"], reusedSession: false });
    expect(screens.map(({ heading }) => heading)).toEqual(["Sign On", "Application Consent"]);
    expect(path[0]).toBe("checkSession");
    expect(path.slice(-4)).toEqual([
      "consent",
      "consentStatus: consent.status",
      "howSignedOn: mfa.verified",
      "success",
    ]);
    expect(log.at(-1)).toMatchObject({ kind: "ended", result });
    expect(stuck).toBeUndefined();
    expect(JSON.stringify(log)).not.toContain("2FederateM0re!");
  });

  it("tells why a flow died", async () => {
    const { result, screens } = await runFlow("dies-before-any-screen", { user: "alice" });
    expect(result).toMatchObject({ kind: "died", reason: expect.stringContaining("before any screen") });
    expect(screens).toEqual([]);
  });

  it("stops at a screen that nobody can answer, and says why", async () => {
    const { result, screens, stuck } = await runFlow(flow, { user: "locked" });
    expect(result.kind).toBe("waiting");
    expect(screens.at(-1)?.heading).toBe("Account Locked");
    expect(stuck).toContain('"Account Locked" has no button that leads on');
    expect(stuck).not.toContain("answers for");
    const withAnswers = await runFlow(flow, { user: "locked", answers: { Lobby: {} } });
    expect(withAnswers.stuck).toContain('No screen has asked for the answers for "Lobby".');
  });

  it("runs in an emulator of the caller, with the session of an earlier run", async () => {
    await using pingone = await startPingOne({ flow });
    await pingone.seed.user({ username: "zoe", password: "TEST-ONLY-zoe", email: "zoe@example.com" });
    const { browser } = await runFlow(pingone, { user: "zoe" });
    const again = await runFlow(pingone, { user: "zoe", browser, parameters: { prompt: "none" } });
    expect(again.result).toMatchObject({ kind: "success", reusedSession: true });
    expect(again.screens).toEqual([]);
    const other = await runFlow(pingone, { user: "zoe", parameters: { prompt: "none" } });
    expect(other.result.kind).toBe("died");
  });

  it("fails for an answer that has no use, a user that there is not, and a request that PingOne refuses", async () => {
    const useless = runFlow(flow, { user: "alice", answers: { Lobby: {} } });
    await expect(useless).rejects.toThrow(/no screen asked for the answers for "Lobby"/);
    await expect(runFlow(flow, { user: "nobody" })).rejects.toThrow(SignOnError);
    const refused = runFlow(flow, { user: "alice", parameters: { code_challenge_method: "none" } });
    await expect(refused).rejects.toThrow(
      /No flow has run: PingOne answered invalid_request.*code challenge/,
    );
    await expect(runFlow("davinci/absent.json", { user: "alice" })).rejects.toThrow(/absent\.json/);
  });
});

it("the example of docs/davinci-flows.md runs as it stands there", { timeout: 60_000 }, async () => {
  const document = await readFile(join(ROOT, "docs/davinci-flows.md"), "utf8");
  const [, example = ""] = /```ts\n(import \{ runFlow \}[\s\S]*?)```/.exec(document) ?? [];
  const conditions = ["pingone-emulator-source", "module", "node", "development|production"];
  const configuration = { ssr: { resolve: { conditions, externalConditions: conditions } } };
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  await writeFile(join(directory, "vitest.config.js"), `export default ${JSON.stringify(configuration)};`);
  await writeFile(join(directory, "sign-on.test.ts"), example);
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const report = join(directory, "report.json");
  const options = ["run", "--root", directory, "--reporter=json", `--outputFile=${report}`];
  const { stderr } = spawnSync(process.execPath, [vitest, ...options], { cwd: directory, timeout: 50_000 });
  const { testResults } = JSON.parse(await readFile(report, "utf8").catch(() => String(stderr))) as {
    testResults: { message: string; assertionResults: { status: string; failureMessages: string[] }[] }[];
  };
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(results.flatMap(({ failureMessages }) => failureMessages)).toEqual([]);
  expect(results.map(({ status }) => status)).toEqual(["passed", "passed", "passed"]);
});
