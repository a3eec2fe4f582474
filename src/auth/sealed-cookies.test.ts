import { Hono } from "hono";
import { afterEach, expect, it, vi } from "vitest";
import {
  askedPersonCookie,
  readAccount,
  readAskedPerson,
  rememberAccount,
  rememberPendingSignIn,
  takePendingSignIn,
} from "./sealed-cookies.ts";

const SECRET = "TEST ONLY cookie key, at least 32 characters long";
const MINUTE_MS = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

it("a cookie is over when its time is, whatever the browser makes of Max-Age", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const app = new Hono().get("/", async (c) => c.text((await readAskedPerson(c, SECRET)) ?? "nobody"));
  const [cookie = ""] = (await askedPersonCookie(SECRET, "alice")).split(";");
  const read = async () =>
    (await app.request("https://mcp.example.com/", { headers: { Cookie: cookie } })).text();
  expect(await read()).toBe("alice");
  vi.setSystemTime(Date.now() + 9.9 * MINUTE_MS);
  expect(await read()).toBe("alice");
  vi.setSystemTime(Date.now() + 0.2 * MINUTE_MS);
  expect(await read()).toBe("nobody");
});

it("a sign-in under way belongs to its whole state, and is taken once", async () => {
  const state = "signout.0123456789012345678901234567890123456789";
  const transaction = { codeVerifier: "verifier", nonce: "nonce" };
  const app = new Hono()
    .get("/begin", async (c) => {
      await rememberPendingSignIn(c, SECRET, { state, transaction });
      return c.text("");
    })
    .get("/take", async (c) =>
      c.json((await takePendingSignIn(c, SECRET, c.req.query("state") ?? "")) ?? null),
    );
  const begun = await app.request("https://mcp.example.com/begin");
  const [cookie = ""] = (begun.headers.get("Set-Cookie") ?? "").split(";");
  const take = (given: string) =>
    app.request(`https://mcp.example.com/take?state=${given}`, { headers: { Cookie: cookie } });
  // The name of the cookie has only the start of the state.
  expect(await (await take(`${state.slice(0, -1)}x`)).json()).toBeNull();
  const taken = await take(state);
  expect(await taken.json()).toEqual({ state, transaction });
  expect(taken.headers.get("Set-Cookie")).toMatch(/^__Host-ping-signout-pending-\w+=; Max-Age=0;/);
});

it.each([
  [2400, true],
  [2401, false],
])("an ID token of %i characters is kept only in a cookie that browsers keep", async (length, isKept) => {
  const idToken = "x".repeat(length);
  const account = { userId: "u".repeat(200), name: "n".repeat(200), formToken: "f".repeat(36) };
  const app = new Hono()
    .get("/remember", async (c) => {
      await rememberAccount(c, SECRET, { ...account, idToken });
      return c.text("");
    })
    .get("/read", async (c) => c.json((await readAccount(c, SECRET)) ?? null));
  const sent = (await app.request("https://mcp.example.com/remember")).headers.get("Set-Cookie") ?? "";
  expect(sent.length).toBeLessThan(4096);
  const [cookie = ""] = sent.split(";");
  const read = await app.request("https://mcp.example.com/read", { headers: { Cookie: cookie } });
  expect(await read.json()).toEqual({ ...account, ...(isKept && { idToken }) });
});
