import { AuthorizationError, type AuthRequest } from "@cloudflare/workers-oauth-provider";
import { describe, expect, it } from "vitest";
import type { UpstreamFailure } from "./ping-types.ts";
import {
  mapPingFailure,
  mapPingOneError,
  normalizeAuthorizationRequest,
  redirectWithPingOneError,
  requireReadableAuthorizationRequest,
  todoScopesOf,
} from "./workers-oauth-utils.ts";

const BOTH = ["todo_api:read", "todo_api:write"];
const PLAIN_URL = new URL("https://mcp.example.com/authorize?client_id=c&scope=x&state=s");

function requestFor(changes: Partial<AuthRequest> = {}): AuthRequest {
  return {
    responseType: "code",
    clientId: "c",
    redirectUri: "http://localhost:7777/callback",
    scope: BOTH,
    state: "the-state",
    codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    codeChallengeMethod: "S256",
    issuer: "https://mcp.example.com",
    ...changes,
  };
}

function catchRefusal(work: () => unknown): AuthorizationError {
  try {
    work();
  } catch (error) {
    if (error instanceof AuthorizationError) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

describe("requireReadableAuthorizationRequest", () => {
  it("passes a request of ordinary size", () => {
    expect(() => requireReadableAuthorizationRequest(PLAIN_URL)).not.toThrow();
  });

  it.each([
    ["a query of more than eight KiB", `?state=${"x".repeat(8 * 1024)}`, /too long/],
    ["client_id sent twice", "?client_id=a&client_id=a", /"client_id" must be sent once/],
    ["redirect_uri sent twice", "?redirect_uri=a&redirect_uri=b", /"redirect_uri" must be sent once/],
  ])(
    "[SEC-11] refuses %s on a page, because nobody can be trusted with a redirect",
    (_what, query, description) => {
      const url = new URL(`https://mcp.example.com/authorize${query}`);
      const refusal = catchRefusal(() => requireReadableAuthorizationRequest(url));
      expect(refusal.description).toMatch(description);
      expect(refusal.redirectTo).toBeUndefined();
    },
  );
});

describe("normalizeAuthorizationRequest", () => {
  it.each<[asked: string[], meant: string[]]>([
    [[], BOTH],
    [["offline_access"], BOTH],
    [["todo_api:read"], ["todo_api:read"]],
    [["todo_api:write", "todo_api:read"], BOTH],
    [["todo_api:write", "offline_access", "unknown"], ["todo_api:write"]],
    [["todo_api:read", "todo_api:read"], ["todo_api:read"]],
    [["", "todo_api:read"], ["todo_api:read"]],
  ])("takes the scopes %j to mean %j", (scope, meant) => {
    expect(normalizeAuthorizationRequest(requestFor({ scope }), PLAIN_URL).scope).toEqual(meant);
  });

  it.each([[["unknown"]], [["todo_api:readonly"]], [["openid", "offline_access"]], [["TODO_API:READ"]]])(
    "refuses %j with invalid_scope",
    (scope) => {
      const refusal = catchRefusal(() => normalizeAuthorizationRequest(requestFor({ scope }), PLAIN_URL));
      expect(refusal.code).toBe("invalid_scope");
    },
  );

  it.each<[what: string, changes: Partial<AuthRequest>]>([
    ["no challenge", { codeChallenge: "", codeChallengeMethod: "S256" }],
    ["the plain method", { codeChallengeMethod: "plain" }],
    ["a challenge that is too short", { codeChallenge: "x".repeat(42) }],
    ["a challenge that is too long", { codeChallenge: "x".repeat(44) }],
    ["a challenge with padding", { codeChallenge: `${"x".repeat(42)}=` }],
  ])("refuses %s with a redirect that carries state and iss", (_what, changes) => {
    const refusal = catchRefusal(() => normalizeAuthorizationRequest(requestFor(changes), PLAIN_URL));
    expect(refusal.code).toBe("invalid_request");
    const redirect = new URL(refusal.redirectTo ?? "about:blank");
    expect(redirect.origin + redirect.pathname).toBe("http://localhost:7777/callback");
    expect(Object.fromEntries(redirect.searchParams)).toMatchObject({
      error: "invalid_request",
      state: "the-state",
      iss: "https://mcp.example.com",
    });
  });

  it("[SEC-08] refuses a request without code_challenge_method", () => {
    const { codeChallengeMethod: _left, ...request } = requestFor();
    expect(catchRefusal(() => normalizeAuthorizationRequest(request as AuthRequest, PLAIN_URL)).code).toBe(
      "invalid_request",
    );
  });

  it.each(["scope", "state", "code_challenge", "response_type", "prompt", "anything"])(
    "refuses %s sent twice (RFC 6749 §3.1)",
    (name) => {
      const url = new URL(`https://mcp.example.com/authorize?${name}=a&${name}=a`);
      expect(catchRefusal(() => normalizeAuthorizationRequest(requestFor(), url)).code).toBe(
        "invalid_request",
      );
    },
  );

  it("lets resource repeat (RFC 8707 §2)", () => {
    const url = new URL("https://mcp.example.com/authorize?resource=a&resource=b");
    expect(() => normalizeAuthorizationRequest(requestFor(), url)).not.toThrow();
  });

  it("leaves everything but the scopes as it was", () => {
    const request = requestFor({ scope: ["todo_api:read", "offline_access"] });
    expect(normalizeAuthorizationRequest(request, PLAIN_URL)).toEqual({
      ...request,
      scope: ["todo_api:read"],
    });
  });
});

describe("todoScopesOf", () => {
  it("finds the Todo scopes of a request in the order of the table", () => {
    expect(todoScopesOf(requestFor({ scope: ["other", "todo_api:write", "todo_api:read"] }))).toEqual(BOTH);
    expect(todoScopesOf(requestFor({ scope: ["other"] }))).toEqual([]);
  });
});

describe("mapPingOneError", () => {
  it.each([
    // What an OpenID Provider says itself keeps its meaning.
    ["invalid_scope", "invalid_scope"],
    ["server_error", "server_error"],
    ["temporarily_unavailable", "temporarily_unavailable"],
    ["access_denied", "access_denied"],
    // What a DaVinci author can choose, and what PingOne says of a flow that died, mean that the person got no access.
    ["invalid_request", "access_denied"],
    ["unauthorized_client", "access_denied"],
    ["unsupported_response_type", "access_denied"],
    ["login_required", "access_denied"],
    ["interaction_required", "access_denied"],
    ["consent_required", "access_denied"],
    ["my-own-code", "access_denied"],
    ["<script>", "access_denied"],
    ["", "access_denied"],
    ["__proto__", "access_denied"],
  ])("tells the client %j as %s", (error, mapped) => {
    expect(mapPingOneError(error)).toBe(mapped);
  });
});

describe("mapPingFailure", () => {
  it.each<[UpstreamFailure, string]>([
    ["unavailable", "temporarily_unavailable"],
    ["invalid_grant", "server_error"],
    ["invalid_client", "server_error"],
    ["rejected", "server_error"],
    ["untrusted", "server_error"],
    ["wrong_audience", "server_error"],
    ["wrong_policy", "access_denied"],
  ])("tells the client %s as %s", (failure, mapped) => {
    expect(mapPingFailure({ kind: "failed", failure, detail: "detail" })).toBe(mapped);
  });
});

describe("redirectWithPingOneError", () => {
  it.each(["access_denied", "invalid_scope", "server_error", "temporarily_unavailable"] as const)(
    "[SEC-10] brings the client back with %s, a sentence, its state and iss (RFC 9207)",
    (code) => {
      const url = new URL(redirectWithPingOneError(requestFor(), code));
      expect(Object.fromEntries(url.searchParams)).toEqual({
        error: code,
        error_description: expect.stringMatching(/^[A-Z][^<>"\\]+\.$/),
        state: "the-state",
        iss: "https://mcp.example.com",
      });
    },
  );
});
