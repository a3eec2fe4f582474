/** What test/worker/authorize.test.ts and callback.test.ts do not reach through the whole Worker. */
import { AuthorizationError, type AuthRequest } from "@cloudflare/workers-oauth-provider";
import { describe, expect, it } from "vitest";
import { CRAFTED_REQUEST } from "./testing/crafted-issuer.ts";
import {
  normalizeAuthorizationRequest,
  redirectWithPingOneError,
  requireReadableAuthorizationRequest,
} from "./workers-oauth-utils.ts";

const URL_OF_REQUEST = new URL("https://mcp.example.com/authorize?client_id=c&scope=x&state=s");

const REQUEST: AuthRequest = {
  ...CRAFTED_REQUEST,
  scope: ["todo_api:read"],
  codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  codeChallengeMethod: "S256",
};

function catchRefusal(work: () => unknown): AuthorizationError {
  try {
    work();
  } catch (error) {
    if (error instanceof AuthorizationError) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

it.each([
  ["a query of more than eight KiB", `?state=${"x".repeat(8 * 1024)}`, /too long/],
  ["client_id sent twice", "?client_id=a&client_id=a", /"client_id" must be sent once/],
  ["redirect_uri sent twice", "?redirect_uri=a&redirect_uri=b", /"redirect_uri" must be sent once/],
])(
  "[SEC-11] requireReadableAuthorizationRequest refuses %s on a page, because nobody can be trusted with a redirect",
  (_what, query, description) => {
    const url = new URL(`https://mcp.example.com/authorize${query}`);
    const refusal = catchRefusal(() => requireReadableAuthorizationRequest(url));
    expect(refusal.description).toMatch(description);
    expect(refusal.redirectTo).toBeUndefined();
  },
);

describe("normalizeAuthorizationRequest", () => {
  const { codeChallengeMethod: _, ...withoutMethod } = REQUEST;

  it.each<[what: string, request: AuthRequest]>([
    ["no code_challenge_method", withoutMethod],
    ["a challenge that is too long", { ...REQUEST, codeChallenge: "x".repeat(44) }],
    ["a challenge with padding", { ...REQUEST, codeChallenge: `${"x".repeat(42)}=` }],
  ])("[SEC-08] refuses %s with a redirect that carries state and iss", (_what, request) => {
    const refusal = catchRefusal(() => normalizeAuthorizationRequest(request, URL_OF_REQUEST));
    expect(refusal.code).toBe("invalid_request");
    const redirect = new URL(refusal.redirectTo ?? "about:blank");
    expect(redirect.origin + redirect.pathname).toBe("http://localhost:7777/callback");
    expect(Object.fromEntries(redirect.searchParams)).toMatchObject({
      error: "invalid_request",
      state: "the-state",
      iss: "https://mcp.example.com",
    });
  });

  it("lets resource repeat (RFC 8707 §2), and leaves everything but the scopes as it was", () => {
    const url = new URL("https://mcp.example.com/authorize?resource=a&resource=b");
    const request = { ...REQUEST, scope: ["todo_api:read", "offline_access"] };
    expect(normalizeAuthorizationRequest(request, url)).toEqual(REQUEST);
  });
});

it.each(["access_denied", "invalid_scope", "server_error", "temporarily_unavailable"] as const)(
  "[SEC-10] the client comes back with %s, a sentence, its state and iss (RFC 9207)",
  (code) => {
    const url = new URL(redirectWithPingOneError(REQUEST, code));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      error: code,
      error_description: expect.stringMatching(/^[A-Z][^<>"\\]+\.$/),
      state: "the-state",
      iss: "https://mcp.example.com",
    });
  },
);
