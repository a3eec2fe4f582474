import { once } from "node:events";
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTestEmulator, TEST_EMULATORS, type TestEmulator } from "../testing/emulator.ts";
import { createClient } from "./client.ts";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await createTestEmulator();
});
afterEach(() => emulator[Symbol.asyncDispose]());

const at = (path: string) => `${emulator.origin}${path}`;
const postToken = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(at("/env/as/token"), { method: "POST", body: new URLSearchParams(fields), headers });
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(at(path), {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

describe("the journal in front of an emulator", () => {
  it("has a request with its endpoint, login, status and hidden secrets; the emulator can read the body", async () => {
    emulator.logins.set("SECRET-CODE", { username: "alice", state: "SECRET-STATE" });
    const response = await postToken(
      { grant_type: "authorization_code", code: "SECRET-CODE", code_verifier: "SECRET-VERIFIER" },
      { authorization: `Basic ${btoa("mcp-server:SECRET-SECRET")}`, cookie: "ST=SECRET-COOKIE" },
    );
    expect(await response.json()).toMatchObject({ fields: ["grant_type", "code", "code_verifier"] });
    const [entry] = await emulator.control.journal.find();
    expect(entry).toMatchObject({
      number: 1,
      emulator: "accounts",
      endpoint: "token",
      method: "POST",
      path: "/env/as/token",
      form: { grant_type: ["authorization_code"], code: [expect.stringMatching(/^#/)] },
      headers: {
        authorization: expect.stringMatching(/^Basic mcp-server:#/),
        cookie: expect.stringMatching(/^ST=#/),
      },
      login: { username: "alice", state: expect.stringMatching(/^#/) },
      status: 200,
      faults: [],
    });
    expect(JSON.stringify(entry)).not.toContain("SECRET");
  });

  it("has the target of a redirect, without its code", async () => {
    await fetch(at("/env/as/authorize?state=SECRET&login_hint=alice"), { redirect: "manual" });
    const [entry] = await emulator.control.journal.find();
    expect(entry?.location).toMatch(/^https:\/\/client\.example\/callback\?code=#\w+&state=#\w+$/);
    expect(entry?.login).toMatchObject({ loginHint: "alice" });
    expect(JSON.stringify(entry)).not.toContain("SECRET");
  });

  it("has the login of an interaction, whose id is hidden", async () => {
    emulator.logins.set("SECRET-INTERACTION", { username: "alice" });
    await fetch(at("/env/interactions/SECRET-INTERACTION"), { method: "POST" });
    const [entry] = await emulator.control.journal.find();
    expect(entry).toMatchObject({ endpoint: "interaction", login: { username: "alice" } });
    expect(JSON.stringify(entry)).not.toContain("SECRET");
  });

  it("has the error of a handler that threw", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    await fetch(at("/env/as/broken"));
    said.mockRestore();
    expect(await emulator.control.journal.find()).toMatchObject([
      { status: 500, note: expect.stringMatching(/^wires crossed: #\w{8}$/) },
    ]);
  });

  it("shows the emulators' time once their clock was moved", async () => {
    await emulator.control.clock.advance(7200);
    await fetch(at("/env/as/userinfo"));
    const [entry] = await emulator.control.journal.find();
    expect(Date.parse(entry?.atEmulator ?? "") - Date.parse(entry?.at ?? "")).toBeGreaterThan(7_100_000);
  });

  it("reads the start of a long body; the emulator can read all of it", async () => {
    const response = await postToken({ grant_type: "x", filler: "y".repeat(200_000), last: "z" });
    expect(await response.json()).toMatchObject({ fields: ["grant_type", "filler", "last"] });
    const [entry] = await emulator.control.journal.find();
    expect(Object.keys(entry?.form ?? {})).not.toContain("last");
  });

  it("has no requests to the control API", async () => {
    await fetch(at("/__mocks/health"));
    expect(await emulator.control.journal.find()).toEqual([]);
  });
});

describe("the control API", () => {
  it("lists its routes in a 404", async () => {
    const response = await fetch(at("/__mocks/restart"), { method: "POST" });
    expect(response.status).toBe(404);
    const { message } = (await response.json()) as { message: string };
    for (const { route } of Object.values(TEST_EMULATORS.verbs)) {
      expect(message).toContain(route.replace(" /", " /__mocks/"));
    }
  });

  it.each<[string, unknown, RegExp]>([
    ["/__mocks/tokens/expire", {}, /user/],
    ["/__mocks/tokens/expire", { user: "carol" }, /no user carol\. Users: alice, bob/],
    ["/__mocks/tokens/expire", { user: "alice", all: true }, /Valid names: user/],
    ["/__mocks/clock", { advanceSeconds: "soon" }, /advanceSeconds/],
    ["/__mocks/clock", { advanceSeconds: 1e300 }, /advanceSeconds/],
    ["/__mocks/faults", { endpoint: "token", fault: "explode" }, /Valid names: delay/],
    ["/__mocks/requests/find", { endpoints: "token" }, /Valid names: endpoint, emulator/],
    ["/__mocks/requests/find", { endpoint: "login" }, /"jwks"\|"authorize"/],
    ["/__mocks/requests/expect", { pattern: { verb: "GET" } }, /Valid names: endpoint, emulator/],
    ["/__mocks/requests/expect", { pattern: {}, times: -1 }, /times/],
    ["/__mocks/keys/rotate", [], /object/],
  ])("answers 400 to %s with %j", async (path, body, message) => {
    const response = await post(path, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: "invalid_request",
      message: expect.stringMatching(message),
    });
  });

  it("answers 500 when the emulator itself fails", async () => {
    const response = await post("/__mocks/break", {});
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: "emulator_failure",
      message: "The control API itself failed: wires crossed",
    });
  });

  it("says where a body is no JSON, and takes no millions of values", async () => {
    const send = (body: string) =>
      fetch(at("/__mocks/clock"), { method: "POST", body, headers: { "content-type": "application/json" } });
    expect(await (await send('{\n"a" 1}')).json()).toMatchObject({
      message: "The body is not JSON: line 2, column 5: colon expected.",
    });
    expect(await (await send(`[${"0,".repeat(2_000_000)}0]`)).json()).toMatchObject({
      message: "The body has more than 2000000 values. Send less at once.",
    });
  });

  it.each([
    ["malformed JSON", "{", "application/json"],
    ["a form", "user=alice", "application/x-www-form-urlencoded"],
    ["text, which a page may send without a preflight", '{"user":"alice"}', "text/plain"],
  ])("answers 400 to %s", async (_, body, contentType) => {
    const headers = { "content-type": contentType };
    expect((await fetch(at("/__mocks/tokens/expire"), { method: "POST", body, headers })).status).toBe(400);
    expect(emulator.calls).toEqual([]);
  });

  it.each(["/__mocks/switches", "/__mocks/page/switches.set"])(
    "answers 413 to 17 MB, also in chunks: %s",
    async (path) => {
      const text = JSON.stringify({ filler: "x".repeat(17_000_000) });
      for (const body of [text, new Blob([text]).stream()]) {
        const init = {
          method: "POST",
          body,
          duplex: "half",
          headers: { "content-type": "application/json" },
        };
        const response = await fetch(at(path), init as RequestInit);
        expect(response.status).toBe(413);
        expect(await response.json()).toMatchObject({ error: "too_large" });
      }
    },
  );

  it("takes 38 MB, and not 43, for a verb that is given a file", async () => {
    const send = (length: number) =>
      fetch(at("/__mocks/plan/file"), {
        method: "POST",
        body: JSON.stringify({ file: "x".repeat(length) }),
        headers: { "content-type": "application/json" },
      });
    expect(await (await send(38_000_000)).json()).toBe(38_000_000);
    expect((await send(43_000_000)).status).toBe(413);
  });

  it.each(["/__mocks/reset", "/__mocks/page/reset"])(
    "answers 403 to a form of another site for %s",
    async (path) => {
      const response = await post(path, {}, { origin: "https://evil.example" });
      expect(response.status).toBe(403);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(emulator.calls).toEqual([]);
    },
  );

  it("answers 403 to a host that is not loopback", async () => {
    const options = { method: "POST", headers: { host: "evil.example" } };
    // `fetch` does not let a caller set `Host`.
    const sent = request(`${emulator.origin}/__mocks/reset`, options).end();
    const [response] = await once(sent, "response");
    expect(response.resume().statusCode).toBe(403);
    expect(emulator.calls).toEqual([]);
  });

  it("answers 403 to a preflight, so that no other origin may send JSON", async () => {
    const response = await fetch(at("/__mocks/reset"), {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(response.status).toBe(403);
  });
});

describe("the control API with a token", () => {
  const TOKEN = "a-token-of-this-test";
  let guarded: TestEmulator;
  beforeEach(async () => {
    guarded = await createTestEmulator({ controlToken: TOKEN });
  });
  afterEach(() => guarded[Symbol.asyncDispose]());
  const reset = (headers: Record<string, string>) =>
    fetch(`${guarded.origin}/__mocks/reset`, { method: "POST", headers });

  it.each([
    ["none", {}],
    ["another", { authorization: "Bearer another" }],
    ["another as a cookie", { cookie: "control-token=another" }],
  ])("answers 401 with the way in when given %s, also to a health check", async (_, headers) => {
    const response = await reset(headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    const { message } = (await response.json()) as { message: string };
    expect(message).toContain("Authorization: Bearer TOKEN");
    expect(message).toContain("/__mocks?token=TOKEN");
    expect(message).not.toContain(TOKEN);
    expect((await fetch(`${guarded.origin}/__mocks/health`)).status).toBe(401);
    expect(guarded.calls).toEqual([]);
  });

  it("serves who sends it as a bearer token, whatever the Host", async () => {
    const options = { method: "POST", headers: { host: "phone.example", authorization: `Bearer ${TOKEN}` } };
    const [response] = await once(request(`${guarded.origin}/__mocks/reset`, options).end(), "response");
    expect(response.resume().statusCode).toBe(204);
    await createClient(TEST_EMULATORS.verbs, guarded.origin, TOKEN).health();
  });

  it("opens the page once by its URL, and then by a cookie that only the page can use", async () => {
    const opened = await fetch(`${guarded.origin}/__mocks?token=${TOKEN}`, { redirect: "manual" });
    expect(opened.status).toBe(303);
    expect(opened.headers.get("location")).toBe("/__mocks");
    const cookie = opened.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^control-token=[^;]+;.*HttpOnly; SameSite=Strict$/);
    const page = await fetch(`${guarded.origin}/__mocks`, {
      headers: { cookie: cookie.split(";")[0] ?? "" },
    });
    expect(page.status).toBe(200);
    expect(await page.text()).not.toContain(TOKEN);
    const { host } = new URL(guarded.origin);
    for (const [status, headers] of [
      [303, { origin: guarded.origin }],
      [303, { origin: "https://proxied.example", "sec-fetch-site": "same-origin" }],
      // The same site to a cookie.
      [401, { origin: "http://127.0.0.1:3000" }],
      [401, { origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" }],
      [401, { origin: "null" }],
    ] as const) {
      const options = { method: "POST", headers: { host, cookie: cookie.split(";")[0] ?? "", ...headers } };
      const sent = request(`${guarded.origin}/__mocks/page/reset`, options).end();
      const [response] = await once(sent, "response");
      expect(response.resume().statusCode).toBe(status);
    }
    const guessed = await fetch(`${guarded.origin}/__mocks?token=guessed`, { redirect: "manual" });
    expect(guessed.status).toBe(401);
  });
});
