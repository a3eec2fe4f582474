/** The public door as other projects use it: `startPingOne` and `startTodoApi` by themselves. */
import { request } from "node:http";
import { allowInsecureRequests, discovery } from "openid-client";
import { expect, it } from "vitest";
import { type PingOne, startOffline, startPingOne, startTodoApi } from "./index.ts";
import { TestClient } from "./pingone/testing/client.ts";

const CALLBACK = "http://localhost:3000/signed-in";
/** The redirect URI of the shipped tenant. */
const WORKER_CALLBACK = "http://localhost:8787/callback";
const metadataOf = async ({ issuer }: PingOne) =>
  (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>;

it("starts PingOne alone on a free port, with the redirect URIs that it is given", async () => {
  const others = "http://localhost:3001/other";
  await using pingone = await startPingOne({ redirectUris: [CALLBACK, others] });
  const status = async (redirectUri: string) =>
    (await new TestClient(pingone).authorize({ redirect_uri: redirectUri })).status;
  expect(await Promise.all([CALLBACK, others, WORKER_CALLBACK].map(status))).toEqual([200, 200, 400]);
  expect(Object.keys(await pingone.state.summary())).not.toContain("todo");
});

it("runs the flow that it is given, also after a reset", async () => {
  await using pingone = await startPingOne({ flow: "sign-on-without-consent" });
  const bound = async () =>
    (await pingone.state.summary()).pingone.flows.filter((flow) => flow.bound).map(({ name }) => name);
  expect(await bound()).toEqual(["sign-on-without-consent"]);
  await pingone.flows.choose("consent-always");
  await pingone.reset();
  expect(await bound()).toEqual(["sign-on-without-consent"]);
});

it("shares nothing between two of one tenant in one process", async () => {
  await using one = await startPingOne();
  await using other = await startPingOne();
  await one.keys.rotate();
  await one.clock.advance(3600);
  await one.switches.set({ codeTtlSeconds: 5 });
  await new TestClient(one).obtainTokens();
  await one.faults.queue({ endpoint: "token", fault: "reset" });
  const state = await other.state.summary();
  const fresh = await startPingOne();
  const expected = await fresh.state.summary();
  await fresh.close();
  expect({ ...state.pingone, issuer: "" }).toEqual({ ...expected.pingone, issuer: "" });
  expect(state.clock.offsetSeconds).toBe(0);
  expect(await other.faults.pending()).toEqual([]);
  expect(await other.journal.find()).toEqual([]);
});

it.each([
  ["https://pingone.test", "https://pingone.test"],
  ["https://pingone.test:8443/", "https://pingone.test:8443"],
  ["http://[fd00::1]:9400", "http://[fd00::1]:9400"],
])("has the issuer at the public URL %s, and answers where it listens", async (publicUrl, origin) => {
  await using pingone = await startPingOne({ publicUrl });
  expect(new URL(pingone.issuer).origin).toBe(origin);
  const there = `${pingone.origin}${new URL(pingone.issuer).pathname}/.well-known/openid-configuration`;
  const metadata = (await (await fetch(there)).json()) as Record<string, string>;
  expect(metadata.issuer).toBe(pingone.issuer);
  expect(metadata.token_endpoint).toBe(`${pingone.issuer}/token`);
});

it.each(["pingone.test", "ftp://pingone.test", "https://pingone.test/path", "https://u:p@pingone.test", ""])(
  "refuses %j as a public URL, with an example",
  async (publicUrl) => {
    await expect(startPingOne({ publicUrl })).rejects.toThrow(
      /is no origin.*as in https:\/\/pingone\.test:8443/,
    );
  },
);

it("asks for a token at the control API when it listens on more than loopback", async () => {
  await using pingone = await startOffline({ host: "0.0.0.0" });
  expect(pingone.controlToken).toMatch(/^[-\da-f]{36}$/);
  for (const origin of [pingone.origin, pingone.todoOrigin]) {
    expect((await fetch(`${origin}/__mocks/state`)).status).toBe(401);
    const headers = { authorization: `Bearer ${pingone.controlToken}` };
    expect((await fetch(`${origin}/__mocks/state`, { headers })).status).toBe(200);
  }
  await new TestClient(pingone).obtainTokens();
});

it("asks for none on loopback, whatever its name, unless it is told to", async () => {
  for (const host of ["localhost", "::1"]) {
    await using pingone = await startPingOne({ host });
    expect(pingone.controlToken).toBeUndefined();
    expect((await fetch(`${pingone.origin}/__mocks/state`)).status).toBe(200);
  }
  await using guarded = await startPingOne({ controlToken: "mine" });
  expect((await fetch(`${guarded.origin}/__mocks/state`)).status).toBe(401);
});

it("serves a library that discovers it", async () => {
  await using pingone = await startPingOne();
  const configuration = await discovery(new URL(pingone.issuer), pingone.client.id, undefined, undefined, {
    execute: [allowInsecureRequests],
  });
  expect(configuration.serverMetadata().issuer).toBe((await metadataOf(pingone)).issuer);
});

it("starts the Todo API for the tokens of an issuer that runs elsewhere", async () => {
  await using pingone = await startPingOne();
  await using todo = await startTodoApi({ issuer: pingone.issuer });
  const { access_token } = await new TestClient(pingone).obtainTokens();
  const headers = { authorization: `Bearer ${access_token}` };
  const response = await fetch(`${todo.origin}/api/todos`, { headers });
  expect(await response.json()).toEqual({ todos: [] });
  expect((await fetch(`${todo.origin}/api/todos`)).status).toBe(401);
  await todo.journal.expect({ endpoint: "todos.list" }, { times: 2 });
});

it("closes connections that clients keep open", async () => {
  const pingone = await startPingOne();
  const idle = request(`${pingone.issuer}/jwks`, { headers: { connection: "keep-alive" } }).end();
  await new Promise((resolve) => idle.once("response", (response) => response.resume().once("end", resolve)));
  await pingone.close();
  await pingone.close();
  await expect(fetch(`${pingone.issuer}/jwks`)).rejects.toThrow();
});
