/** Lifetimes of the Worker's own tokens when PingOne's have a refresh token, have none, or expire soon. */
import { describe, expect } from "vitest";
import type { CraftedAnswer } from "../../src/auth/testing/crafted-issuer.ts";
import { grantBehind } from "../support/grants.ts";
import {
  type RegisteredClient,
  registerClient,
  requestToken,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { countHoldings, expectOAuthError } from "../support/observe.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { comeBack, startSignIn } from "../support/sign-in.ts";
import { testWithCraftedIssuer } from "../support/test.ts";

const { it, worker, issuer } = testWithCraftedIssuer();
let client: RegisteredClient;

it.beforeAll(async () => {
  client = await registerClient(worker);
});

/** Signs in up to the code and returns the parameters that redeem it. */
async function obtainCode(response: CraftedAnswer["response"] = {}): Promise<Record<string, string>> {
  const signIn = await startSignIn(worker, { client });
  issuer.answerWith({ nonce: signIn.nonce, response });
  const back = await comeBack(worker, signIn, { code: "the-code" });
  return {
    grant_type: "authorization_code",
    code: back.url.searchParams.get("code") ?? "",
    redirect_uri: client.redirectUri,
    code_verifier: signIn.attempt.codeVerifier,
  };
}

async function signInWith(response: CraftedAnswer["response"]): Promise<TokenResponse> {
  const redeemed = await requestToken(worker, client, await obtainCode(response));
  expect(redeemed.status).toBe(200);
  return (await redeemed.json()) as TokenResponse;
}

describe("with a refresh token of PingOne", () => {
  it.each([120, 3600, undefined])(
    "the client's access token lives an hour although PingOne's lives %s",
    async (expires_in) => {
      const tokens = await signInWith({ expires_in });
      expect(tokens.expires_in).toBe(3600);
      expect(tokens.refresh_token).toBeDefined();
    },
  );
});

it("a refresh token that PingOne does not replace is used again (RFC 6749 §6)", async () => {
  const tokens = await signInWith({ expires_in: 1 });
  for (let count = 0; count < 2; count += 1) {
    issuer.answerWith({
      nonce: "",
      response: { refresh_token: undefined, id_token: undefined, expires_in: 1 },
    });
    const response = await sendInEra(worker, "modern", { call: "tools/list", token: tokens.access_token });
    expect(response.status).toBe(200);
  }
  const refreshes = issuer.tokenRequests.filter((form) => form.get("grant_type") === "refresh_token");
  expect(refreshes.map((form) => form.get("refresh_token"))).toEqual(
    Array(2).fill("TEST-ONLY-refresh-token"),
  );
});

describe("without a refresh token of PingOne", () => {
  it("the client's access ends with PingOne's, and it gets no refresh token that could not work", async () => {
    const tokens = await signInWith({ refresh_token: undefined, expires_in: 600 });
    expect(tokens.refresh_token).toBeUndefined();
    expect(tokens.expires_in).toBeGreaterThan(580);
    expect(tokens.expires_in).toBeLessThanOrEqual(600);
    expect(
      (await sendInEra(worker, "modern", { call: "tools/list", token: tokens.access_token })).status,
    ).toBe(200);
  });

  it("the client's access token lives a minute at least, which is the shortest that the store knows", async () => {
    const tokens = await signInWith({ refresh_token: undefined, expires_in: 20 });
    expect(tokens.expires_in).toBe(60);
    expect(tokens.refresh_token).toBeUndefined();
  });

  it("PingOne's token is taken to live an hour when PingOne does not say (RFC 6749 §5.1)", async () => {
    const tokens = await signInWith({ refresh_token: undefined, expires_in: undefined });
    expect(tokens.expires_in).toBeGreaterThan(3580);
    expect(tokens.expires_in).toBeLessThanOrEqual(3600);
  });
});

it("a code whose sign-in is over when it is redeemed is invalid_grant, and its grant is gone", async () => {
  const form = await obtainCode();
  const grant = await grantBehind(worker, form.code);
  await (await grant.pingSession()).end();
  const before = await countHoldings(worker);
  await expectOAuthError(await requestToken(worker, client, form), 400, "invalid_grant");
  expect(await countHoldings(worker)).toEqual({ ...before, grants: before.grants - 1 });
});
