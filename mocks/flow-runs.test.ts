/** The log of flows over the control API, on its pages, and the ways that lead a developer there. */
import { parse } from "node-html-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createControlClient } from "./control.ts";
import { type PingOne, startPingOne } from "./index.ts";
import { flowEventsOutput, flowRunsOutput } from "./pingone/flow-runs.ts";
import { REDIRECT_URI, TestClient } from "./pingone/testing/client.ts";
import { signOn } from "./sign-on/http.ts";

/** TEST ONLY. */
const PASSWORD = "2FederateM0re!";

let pingone: PingOne;
let client: TestClient;
beforeAll(async () => {
  pingone = await startPingOne({ redirectUris: [REDIRECT_URI] });
  client = new TestClient(pingone);
});
afterAll(() => pingone.close());

const lastRun = async () => (await pingone.flows.runs()).at(-1);
const readPage = async (path: string) => {
  const response = await fetch(new URL(path, pingone.origin));
  return { status: response.status, text: await response.text() };
};

async function dieOnce() {
  await pingone.flows.choose("dies-before-any-screen");
  const response = await client.authorize();
  await pingone.flows.choose("sign-on-with-consent");
  return response;
}

describe("the verbs of the log", () => {
  it("give runs and events, the same in process and over HTTP, as the OpenAPI document says", async () => {
    await client.signIn();
    const runs = await pingone.flows.runs();
    const [run] = runs.slice(-1);
    expect(run).toMatchObject({ result: { kind: "success" }, flow: { name: "sign-on-with-consent" } });
    expect(flowRunsOutput.parse(runs)).toEqual(runs);
    const events = await pingone.flows.events(run?.id ?? "");
    expect(flowEventsOutput.parse(events)).toEqual(events);
    expect(new Set(events.map(({ kind }) => kind)).size).toBe(6);

    const remote = createControlClient(pingone.origin);
    expect(await remote.flows.runs()).toEqual(runs);
    expect(await remote.flows.events(run?.id ?? "")).toEqual(events);
    expect(JSON.stringify([runs, events])).not.toContain(PASSWORD);
  });

  it("refuse a run that is not there with the names of the last ones", async () => {
    await client.open();
    const { id } = (await lastRun()) ?? {};
    await expect(pingone.flows.events("nothing")).rejects.toThrow(`${id} (sign-on-with-consent)`);
  });
});

describe("a developer whose flow ended in login_required", () => {
  it("is led to the page by the header of the answer and by the journal", async () => {
    const response = await dieOnce();
    const run = await lastRun();
    const url = `${pingone.origin}/__mocks/page/runs/${run?.id}`;
    const note = response.headers.get("x-emulator-note");
    expect(note).toContain("shows an error before any screen");
    expect(note).toContain(`See ${url}`);
    const [entry] = (await pingone.journal.list()).slice(-1);
    expect(entry?.note).toContain(url);
    const control = parse((await readPage("/__mocks")).text);
    expect(control.querySelector(`#request-${entry?.number} a`)?.getAttribute("href")).toBe(
      new URL(url).pathname,
    );
    expect(response.headers.get("location")).not.toContain("before");
  });

  it("reads result, reason, node and what to do at the top of it", async () => {
    await dieOnce();
    const run = await lastRun();
    const { status, text } = await readPage(`/__mocks/page/runs/${run?.id}`);
    expect(status).toBe(200);
    const page = parse(text);
    expect(page.querySelector("h1")?.text).toBe("Run of dies-before-any-screen");
    const top = page.querySelector("section")?.text ?? "";
    expect(top).toContain("Why it ended in login_required");
    expect(top).toContain(`at the node "connectorFails" (${run?.node?.id})`);
    expect(top).toContain("it shows an error before any screen");
    expect(top).toMatch(/What to do.*show a screen with the message/s);
    expect(page.querySelector(".graph .dead")?.text).toContain("connectorFails");
    expect(page.querySelector("#step-1")?.hasAttribute("open")).toBe(true);
    expect(text).not.toContain("http-equiv");
  });

  it("finds it in the list of the control page too", async () => {
    await dieOnce();
    const run = await lastRun();
    for (const path of ["/__mocks", "/__mocks/page/runs"]) {
      const page = parse((await readPage(path)).text);
      const row = page.querySelector(`a[href="/__mocks/page/runs/${run?.id}"]`)?.closest("tr");
      expect(row?.text).toMatch(
        /dies-before-any-screen.*Remote MCP Server.*ended in login_required at connectorFails/s,
      );
    }
  });
});

describe("a person in front of a flow", () => {
  it("has a link to the page of the run beside the screen", async () => {
    const page = await client.open();
    const run = await lastRun();
    const link = page.root.querySelector(`a[href="/__mocks/page/runs/${run?.id}"]`);
    expect(link?.text).toBe("Why am I here?");
    const shown = await readPage(link?.getAttribute("href") ?? "");
    expect(shown.text).toContain("the screen &quot;Sign On&quot; is on show");
    expect(shown.text).toContain('http-equiv="refresh"');
  });

  it("who is driven by a test gets the address of the run with the error", async () => {
    const start = `${client.issuer}/authorize?${client.authorizeParameters()}`;
    const failed = signOn(start, "disabled", { pingone });
    await expect(failed).rejects.toThrow(
      /the run of the flow is at http:\/\/127\.0\.0\.1:\d+\/__mocks\/page\/runs\/[\w-]{36}/,
    );
    const run = await lastRun();
    await expect(failed).rejects.toThrow(run?.id);
  });
});

it("the page of a run shows every step, the path in each graph, and no secret", async () => {
  await client.signIn();
  const run = await lastRun();
  const { text } = await readPage(`/__mocks/page/runs/${run?.id}`);
  const page = parse(text);
  expect(page.querySelector("section")?.text).toContain("The person was signed on");
  expect(page.querySelector("section")?.text).toContain("alice");
  const steps = (await pingone.flows.events(run?.id ?? "")).filter(({ kind }) => kind === "node");
  expect(page.querySelectorAll(".steps details[id^=step]")).toHaveLength(steps.length);
  expect(page.querySelectorAll(".graph").length).toBeGreaterThan(1);
  expect(page.querySelectorAll(".graph .line.taken").length).toBeGreaterThan(4);
  for (const link of page.querySelectorAll('a[href^="#"]')) {
    expect(page.querySelector(link.getAttribute("href") ?? ""), link.text).not.toBeNull();
  }
  const ids = page.querySelectorAll("[id]").map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(text).not.toContain(PASSWORD);
  expect(text).not.toMatch(/<script>|\son\w+=|\sstyle=/);
});

it("a run is gone after a reset, and the page says so", async () => {
  await client.open();
  const run = await lastRun();
  await pingone.reset();
  expect(await pingone.flows.runs()).toEqual([]);
  const { status, text } = await readPage(`/__mocks/page/runs/${run?.id}`);
  expect(status).toBe(404);
  expect(text).toContain("until a reset");
  expect((await readPage("/__mocks/page/runs")).text).toContain("0 runs");
});
