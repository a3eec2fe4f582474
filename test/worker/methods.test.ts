/** Which methods each endpoint answers (RFC 9110 §9.1, §15.5.6), and what a HEAD request may and may not do. */
import { describe, expect } from "vitest";
import { ENDPOINTS } from "../../src/config.ts";
import { createBrowser, redeem } from "../support/mcp-client.ts";
import { watch } from "../support/observe.ts";
import { passPingOne, startSignIn } from "../support/sign-in.ts";
import { testWithStack } from "../support/test.ts";

const ALLOWED: Readonly<Record<keyof typeof ENDPOINTS, readonly string[]>> = {
  landing: ["GET", "HEAD"],
  health: ["GET", "HEAD"],
  mcp: ["POST", "GET", "DELETE", "OPTIONS"],
  authorize: ["GET", "POST"],
  callback: ["GET", "POST"],
  token: ["POST", "OPTIONS"],
  register: ["POST", "OPTIONS"],
  signOut: ["GET", "POST"],
  authorizationServerMetadata: ["GET", "HEAD", "OPTIONS"],
  protectedResourceMetadata: ["GET", "HEAD", "OPTIONS"],
  rootProtectedResourceMetadata: ["GET", "HEAD", "OPTIONS"],
};

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE"];

const CELLS = Object.entries(ALLOWED).flatMap(([name, allowed]) =>
  METHODS.map((method) => ({ method, path: ENDPOINTS[name as keyof typeof ENDPOINTS], allowed })),
);

const { it, stack, worker } = testWithStack();

describe("every endpoint answers", () => {
  it.each(CELLS.filter(({ method, allowed }) => allowed.includes(method)))(
    "$method $path",
    async ({ method, path }) => {
      const response = await worker.fetch(worker.origin + path, { method });
      expect([404, 405]).not.toContain(response.status);
      expect(response.status).toBeLessThan(500);
    },
  );

  it.each(CELLS.filter(({ method, allowed }) => !allowed.includes(method)))(
    "[FAIL-55] $method $path with 405 and the methods that it has",
    async ({ method, path, allowed }) => {
      const watched = await watch(stack);
      const response = await worker.fetch(worker.origin + path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("Allow")).toBe(allowed.join(", "));
      const text = await response.text();
      if (method === "HEAD") expect(text).toBe("");
      else expect(text).not.toBe("");
      await watched.expectNothingGained();
    },
  );
});

describe("a HEAD request", () => {
  it.each(CELLS.filter(({ method, allowed }) => method === "HEAD" && allowed.includes("HEAD")))(
    "to $path is answered like GET, without a body",
    async ({ path }) => {
      const get = await worker.fetch(worker.origin + path);
      const head = await worker.fetch(worker.origin + path, { method: "HEAD" });
      expect(head.status).toBe(get.status);
      for (const name of ["Content-Type", "Cache-Control", "Content-Security-Policy"]) {
        expect(head.headers.get(name), name).toBe(get.headers.get(name));
      }
      expect(await head.text()).toBe("");
    },
  );

  it("[FAIL-55] [SEC-28] to the address that a sign-in comes back to leaves the sign-in to its person", async () => {
    const signIn = await startSignIn(worker);
    const callback = await passPingOne(worker, signIn);
    const watched = await watch(stack);
    // Sent with the cookies of this browser, as a link preview of the browser would be.
    const scanned = await signIn.browser.request(callback, { method: "HEAD" });
    expect(scanned.response?.status).toBe(405);
    expect(await watched.upstreamCalls()).toEqual([]);
    const back = await signIn.browser.open(callback);
    await redeem(worker, signIn.client, signIn.attempt, back.url);
  });

  it.each([ENDPOINTS.authorize, ENDPOINTS.signOut])("to %s begins no sign-in", async (path) => {
    const browser = createBrowser(worker, { redirectUri: "http://localhost:7777/callback" });
    const watched = await watch(stack);
    const { response } = await browser.request(new URL(path, worker.origin), { method: "HEAD" });
    expect(response?.headers.getSetCookie()).toEqual([]);
    expect(await watched.upstreamCalls()).toEqual([]);
  });
});
