/**
 * Runs connections from sign-in to their end, with failures. Keeps every secret in memory and searches for it in
 * everything that is stored, logged or shown. Also checks every log line.
 */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Offline, startOffline } from "pingone-emulator";
import { describe, expect, vi } from "vitest";
import { networkTest as it } from "../../../src/testing/network.ts";
import { TOOLS } from "../../../src/tools.ts";
import { PASSWORD } from "../../support/sign-on.ts";
import { type TestStack, workerSettings } from "../../support/stack.ts";
import { startTestWorker, TEST_COOKIE_KEY, type TestWorker, WORKER_ORIGIN } from "../../support/worker.ts";
import { liveThrough, TODO_TEXT } from "./life.ts";
import { recordTraffic, type SeenAnswer, type Traffic } from "./traffic.ts";

let stateDir: string;
let emulators: Offline;
let worker: TestWorker;
let traffic: Traffic;
let journal = "";
let controlPages = "";
let stateFile = "";

it.beforeAll(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), "secrets-"));
  emulators = await startOffline({ workerOrigin: WORKER_ORIGIN, stateDir });
  const plain = await startTestWorker({ ...workerSettings(emulators), UPSTREAM_TIMEOUT_SECONDS: "2" });
  traffic = recordTraffic(plain.fetch, [emulators.origin, emulators.todoOrigin]);
  worker = { ...plain, fetch: traffic.fetch };
  traffic.know("COOKIE_ENCRYPTION_KEY", TEST_COOKIE_KEY);
  traffic.know("password", PASSWORD);
  traffic.know("client_secret", emulators.client.secret);
  await liveThrough({ worker, emulators } as TestStack);
  // Log lines can arrive late. When this one has arrived, all earlier ones have.
  await plain.fetch(`${plain.origin}/health`);
  await vi.waitFor(() => expect(plain.logs()).toContain('"route":"/health"'), 5000);
  journal = JSON.stringify(await emulators.journal.find());
  const address = `${emulators.origin}/__mocks`;
  const pages = [address, `${address}/state`, `${address}/requests`].map((page) => fetch(page));
  controlPages = (await Promise.all((await Promise.all(pages)).map((page) => page.text()))).join("\n");
  await emulators.close();
  stateFile = await readFile(path.join(stateDir, "emulators.json"), "utf8");
});

it.afterAll(async () => {
  await worker.close();
  await rm(stateDir, { recursive: true });
});

/** Secrets that a response may contain: those that it issues, and the values of a form's hidden fields. */
function allowedIn({ url, sent, body }: SeenAnswer): Set<string> {
  const allowed = new Set<string>();
  for (const [, value = ""] of body.matchAll(/<input[^>]+type="hidden"[^>]+value="([^"]+)"/g))
    allowed.add(value);
  const isOurs = url.origin === worker.origin;
  // PingOne's pages post to a URL with this id, and its cookie is bound to the id.
  if (!isOurs) allowed.add("cookie interactionId");
  if (isOurs && url.pathname === "/token") {
    for (const name of ["access_token", "refresh_token"]) allowed.add(name);
  }
  if (isOurs && url.pathname === "/register") allowed.add("client_secret");
  if (isOurs && url.pathname === "/mcp" && sent.includes('"whoAmI"')) allowed.add("access_token");
  return allowed;
}

describe("of every secret that was brought about", () => {
  it.each([
    ["access_token", 10],
    ["basic credentials", 1],
    ["client_secret", 2],
    ["code", 10],
    ["code_verifier", 10],
    ["cookie __Host-oauth-approvals", 2],
    ["cookie __Host-oauth-consent", 5],
    ["cookie __Host-oauth-upstream", 5],
    ["COOKIE_ENCRYPTION_KEY", 1],
    ["form_token", 1],
    ["handle", 5],
    ["id_token", 5],
    ["nonce", 5],
    ["password", 2],
    ["refresh_token", 5],
    ["state", 10],
  ])("%s is known, at least %i times", (name, count) => {
    const known = [...traffic.secrets.values()].filter((known) => known === name);
    expect(known.length).toBeGreaterThanOrEqual(count);
  });

  it("[SEC-30] none is in a log line", () => {
    expect(worker.logs().split("\n").length).toBeGreaterThan(50);
    expect(traffic.findIn(worker.logs())).toEqual([]);
  });

  it("none is in a page, an error or a tool's answer, but where it is handed out", () => {
    expect(traffic.answers.length).toBeGreaterThan(50);
    const shown = traffic.answers.flatMap((answer) =>
      traffic.findIn(answer.body, allowedIn(answer)).map((name) => `${answer.url.pathname}: ${name}`),
    );
    expect(shown).toEqual([]);
  });

  it("none is readable in the Worker's storage", () => {
    // The value of these two cookies is the key of the OAuth provider's record: a hash of the handle that gives
    // access to it.
    const names = new Set(["cookie __Host-oauth-consent", "cookie __Host-oauth-upstream"]);
    expect(traffic.findIn(worker.dumpStorage(), names)).toEqual([]);
  });

  it("none is in the journal or on a page of the emulators", () => {
    expect(journal).toContain('"endpoint":"token"');
    expect(traffic.findIn(journal)).toEqual([]);
    expect(controlPages).toContain("grant_type");
    // It names a run in DaVinci's log and is in the address of each form; `interactionToken` proves the browser.
    expect(traffic.findIn(controlPages, new Set(["cookie interactionId"]))).toEqual([]);
  });

  it("none is in the file of what the emulators remember", () => {
    expect(stateFile).toContain("refreshTokens");
    // These were valid for one sign-in in one browser, which has ended.
    expect(traffic.findIn(stateFile, new Set(["nonce", "state"]))).toEqual([]);
  });

  it("each would be found", () => {
    for (const [value, name] of traffic.secrets) expect(traffic.findIn(`a ${value} b`)).toContain(name);
  });
});

describe("each log line", () => {
  interface Line {
    readonly event: string;
    readonly request_id?: string;
    readonly [field: string]: unknown;
  }
  let lines: Line[];

  it.beforeAll(() => {
    lines = worker
      .logs()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
  });

  const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  it("is JSON with its event and the id of its request", () => {
    for (const { event, request_id: id } of lines) {
      expect(event).toMatch(/^[a-z_]+(\.[a-z_]+)?$/);
      expect(id, event).toMatch(UUID);
    }
  });

  it("of a request says what was asked, how it ended and how long it took", () => {
    const requests = lines.filter(({ event }) => event === "request");
    expect(new Set(requests.map(({ outcome }) => outcome))).toEqual(new Set(["ok", "refused", "failed"]));
    for (const {
      method,
      route,
      status,
      outcome,
      duration_ms: duration,
      request_id: _id,
      event: _event,
      tool,
      tool_ms: toolDuration,
      ...rest
    } of requests) {
      expect(method).toMatch(/^(GET|POST|DELETE)$/);
      expect(route).toMatch(/^(\/[a-z.-]*)+$/);
      expect(outcome).toBe(Number(status) < 400 ? "ok" : Number(status) < 500 ? "refused" : "failed");
      expect(duration).toBeGreaterThanOrEqual(0);
      if (tool !== undefined) {
        expect(tool).toBeOneOf(TOOLS.map(({ name }) => name));
        expect(toolDuration).toBeGreaterThanOrEqual(0);
      }
      expect(rest).toEqual({});
    }
  });

  /** Events that begin with a new id. */
  const CAUSES = new Set(["request", "alarm"]);

  it("of an object and of a tool has the id of the one request or alarm that caused it", () => {
    const requests = new Map(
      lines.filter(({ event }) => CAUSES.has(event)).map((line) => [line.request_id, line]),
    );
    const caused = lines.filter(({ event }) => /^(person|ping_session|tool|mcp)\./.test(event));
    expect(new Set(caused.map(({ event }) => event))).toEqual(
      new Set([
        "mcp.insufficient_scope",
        "mcp.pingone_unavailable",
        "mcp.sign_in_required",
        "person.grant_ended",
        "ping_session.refresh_failed",
        "ping_session.refreshed",
        "ping_session.revocation_failed",
        "ping_session.revoked",
        "tool.done",
        "tool.failed",
      ]),
    );
    for (const { event, request_id: id } of caused) expect([event, requests.has(id)]).toEqual([event, true]);
    expect(requests.size).toBe(lines.filter(({ event }) => CAUSES.has(event)).length);
  });

  it("that tells of work done says how long it took", () => {
    const work = /^(tool\.failed|ping_session\.(refreshed|refresh_failed)|request)$/;
    for (const { event, duration_ms: duration, tool_ms: toolDuration } of lines) {
      if (work.test(event)) expect(duration, event).toBeTypeOf("number");
      if (event === "tool.done") expect(toolDuration).toBeTypeOf("number");
    }
  });

  it("says nothing about who it was: no name, id, address, client or todo", async () => {
    const { OAUTH_KV } = await worker.getEnv();
    const { keys } = await OAUTH_KV.list();
    const ids = keys.flatMap(({ name }) => name.split(":").slice(1));
    const users = emulators.users.map(({ id }) => id).concat("alice", "bob", "decliner");
    const words = [
      ...users,
      ...ids,
      "Ames",
      "Burns",
      "@example.com",
      "Test client",
      TODO_TEXT,
      "7777",
      "10.0.",
    ];
    const log = worker.logs();
    expect(words.filter((word) => log.includes(word))).toEqual([]);
    expect(log).not.toContain("Words of PingOne");
  });
});
