import { Hono } from "hono";
import { afterEach, expect, it, vi } from "vitest";
import { askedPersonCookie, readAskedPerson } from "./sealed-cookies.ts";

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
