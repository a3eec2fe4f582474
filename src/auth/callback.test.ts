/** What Cloudflare does when a browser goes away, which the local simulator does not do. */
import "../../test/support/workers-runtime.ts";
import { describe, expect, it } from "vitest";
import { CRAFTED_SETTINGS } from "../../test/support/crafted-issuer.ts";
import { type Env, parseSettings } from "../config.ts";
import { createCallbackHandler } from "./callback.ts";

const ADDRESS = "https://mcp.example.com/callback";

const settings = parseSettings({
  ...CRAFTED_SETTINGS,
  API_URL: "https://todo.example.com",
  COOKIE_ENCRYPTION_KEY: "TEST ONLY cookie key, at least 32 characters long",
  MCP_RESOURCE: "https://mcp.example.com/mcp",
});

describe("a callback whose browser has gone away", () => {
  it.each<[what: string, request: () => Request]>([
    ["with PingOne's code", () => new Request(`${ADDRESS}?state=s&code=c`)],
    [
      "with the answer to the page",
      () =>
        new Request(ADDRESS, {
          method: "POST",
          body: new URLSearchParams({ handle: "h", decision: "approve" }),
        }),
    ],
  ])("%s is carried out to its end all the same", async (_what, request) => {
    const upstream = Promise.withResolvers<never>();
    const kept: Promise<unknown>[] = [];
    const env = { OAUTH_PROVIDER: { finishUpstream: () => upstream.promise } } as unknown as Env;
    const ctx = {
      waitUntil: (work: Promise<unknown>) => void kept.push(work),
      passThroughOnException: () => {},
    } as unknown as ExecutionContext;
    const app = createCallbackHandler(settings);
    app.onError(() => new Response(null, { status: 500 }));
    const answer = app.fetch(request(), env, ctx);
    expect(kept).toHaveLength(1);
    upstream.reject(new Error("KV GET failed"));
    // A failure is the answer's, and nobody else's.
    await expect(kept[0]).resolves.toBeUndefined();
    expect((await answer).status).toBe(500);
  });
});
