import { describe, expect } from "vitest";
import { testWithLonelyWorker } from "../support/test.ts";

/** The limits of `wrangler.jsonc`, divided by ten. */
const LIMITS = { register: 6, authorize: 30, token: 60 } as const;

const { it, worker } = testWithLonelyWorker({}, { rateLimitDivisor: 10 });

/** One client address. The test harness gives every other request its own address. */
const FROM_ONE_ADDRESS = { "CF-Connecting-IP": "192.0.2.7" };

/** Sends requests until one is refused. Sends up to twice the limit, because a period may end in between. */
async function exceed(
  limit: number,
  send: () => Promise<Response>,
): Promise<{ refused: Response; served: number }> {
  for (let served = 0; served <= 2 * limit; served += 1) {
    const response = await send();
    if (response.status === 429) return { refused: response, served };
    await response.body?.cancel();
  }
  throw new Error(`No 429 within ${2 * limit} requests`);
}

describe("rate limits", () => {
  it("[SEC-26] stop registrations that would fill KV, in a form that browser clients can read", async () => {
    const register = () =>
      worker.fetch(`${worker.origin}/register`, {
        method: "POST",
        headers: {
          ...FROM_ONE_ADDRESS,
          "Content-Type": "application/json",
          Origin: "https://inspector.example.com",
        },
        body: JSON.stringify({ redirect_uris: ["http://localhost:7777/callback"] }),
      });
    const { refused, served } = await exceed(LIMITS.register, register);
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect(refused.headers.get("Access-Control-Allow-Origin")).toBe("https://inspector.example.com");
    expect(await refused.json()).toMatchObject({ error: "temporarily_unavailable" });
    const { keys } = await (await worker.getEnv()).OAUTH_KV.list({ prefix: "client:" });
    expect(keys).toHaveLength(served);
  });

  it.each(["/authorize", "/callback?state=x"])("stop a flood of %s with a page", async (path) => {
    const { refused } = await exceed(LIMITS.authorize, () =>
      worker.fetch(worker.origin + path, { headers: FROM_ONE_ADDRESS }),
    );
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect(refused.headers.get("Content-Type")).toContain("text/html");
    expect(await refused.text()).toContain("Too many attempts");
  });

  it("stop a flood of token requests with OAuth JSON", async () => {
    const { refused } = await exceed(LIMITS.token, () =>
      worker.fetch(`${worker.origin}/token`, { method: "POST", headers: FROM_ONE_ADDRESS }),
    );
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect(await refused.json()).toMatchObject({ error: "temporarily_unavailable" });
  });

  it("leave the other endpoints alone", async () => {
    expect((await worker.fetch(`${worker.origin}/health`)).status).toBe(200);
    expect((await worker.fetch(`${worker.origin}/.well-known/oauth-authorization-server`)).status).toBe(200);
  });
});
