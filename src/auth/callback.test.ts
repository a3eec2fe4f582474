/** A browser that goes away, and objects that cannot be reached: the local simulator has neither. */
import { describe, expect } from "vitest";
import type { Env } from "../config.ts";
import { networkTest as it } from "../testing/network.ts";
import { testSettings } from "../testing/settings.ts";
import { createCallbackHandler } from "./callback.ts";
import {
  CRAFTED_REQUEST,
  CRAFTED_SETTINGS,
  type CraftedIssuer,
  createCraftedIssuer,
} from "./testing/crafted-issuer.ts";

const ADDRESS = "https://mcp.example.com/callback";

const settings = testSettings(CRAFTED_SETTINGS);

const form = new URLSearchParams({ handle: "h", decision: "approve" });
const NOTHING_KEPT = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;

it.each<[what: string, request: () => Request]>([
  ["PingOne's code", () => new Request(`${ADDRESS}?state=s&code=c`)],
  ["the answer to the page", () => new Request(ADDRESS, { method: "POST", body: form })],
])(
  "a callback with %s whose browser has gone away is carried out to its end all the same",
  async (_what, request) => {
    const upstream = Promise.withResolvers<never>();
    const kept: Promise<unknown>[] = [];
    const env = { OAUTH_PROVIDER: { finishUpstream: () => upstream.promise } } as unknown as Env;
    const waitUntil = (work: Promise<unknown>) => void kept.push(work);
    const app = createCallbackHandler(settings);
    app.onError(() => new Response(null, { status: 500 }));
    const answer = app.fetch(request(), env, { ...NOTHING_KEPT, waitUntil });
    expect(kept).toHaveLength(1);
    upstream.reject(new Error("KV GET failed"));
    // A failure is the answer's, and nobody else's.
    await expect(kept[0]).resolves.toBeUndefined();
    expect((await answer).status).toBe(500);
  },
);

describe("a sign-in whose PingSession cannot be opened", () => {
  let issuer: CraftedIssuer;

  it.beforeAll(async ({ network }) => {
    issuer = await createCraftedIssuer();
    network.use(...issuer.handlers);
  });

  it.beforeEach(() => {
    issuer.revoked.length = 0;
  });

  const unreachable = async () => {
    throw new Error("The object cannot be reached.");
  };

  /** @param discard what an object does that is to revoke a token */
  async function signIn(discard: (token: string) => Promise<void>): Promise<URL> {
    const nonce = crypto.randomUUID();
    issuer.answerWith({ nonce });
    const request = CRAFTED_REQUEST;
    const data = { kind: "sign_in", codeVerifier: "v".repeat(43), nonce };
    const env = {
      OAUTH_PROVIDER: {
        finishUpstream: async () => ({ request, data, headers: new Headers() }),
        lookupClient: async () => ({ clientName: "Test client" }),
      },
      PING_SESSION: { getByName: () => ({ open: unreachable, discard }) },
      PERSON: { getByName: () => ({ admit: unreachable }) },
    } as unknown as Env;
    const back = new Request(`${ADDRESS}?state=s&code=c`);
    const response = await createCallbackHandler(settings).fetch(back, env, NOTHING_KEPT);
    return new URL(response.headers.get("Location") ?? "");
  }

  it("ends at the client, and another object revokes what PingOne has issued", async () => {
    const discarded: string[] = [];
    const back = await signIn(async (token) => void discarded.push(token));
    expect(back.searchParams.get("error")).toBe("server_error");
    expect(discarded).toEqual(["TEST-ONLY-refresh-token"]);
    expect(issuer.revoked).toEqual([]);
  });

  it("has it revoked from here where no object can be reached", async () => {
    const back = await signIn(unreachable);
    expect(back.searchParams.get("error")).toBe("server_error");
    expect(issuer.revoked).toEqual(["TEST-ONLY-refresh-token"]);
  });
});
