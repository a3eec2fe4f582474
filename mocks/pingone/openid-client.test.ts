/** A certified client library (openid-client 6) through everything that it knows of PingOne's endpoints. */
import * as oidc from "openid-client";
import { beforeEach, describe, expect, it } from "vitest";
import type { TestBrowser } from "../kit/browser.ts";
import { ALL_SCOPES, REDIRECT_URI, WORKER_ORIGIN } from "./testing/client.ts";
import { tenant, withTenant } from "./testing/with-tenant.ts";

let config: oidc.Configuration;
let browser: TestBrowser;

withTenant();
beforeEach(async () => {
  const { issuer, client } = tenant.emulator;
  const authentication = oidc.ClientSecretBasic(client.secret);
  config = await oidc.discovery(new URL(issuer), client.id, undefined, authentication, {
    execute: [oidc.allowInsecureRequests],
  });
  // Verifies the signatures of ID tokens from the token endpoint, too.
  oidc.enableNonRepudiationChecks(config);
  browser = tenant.openBrowser();
});

async function prepare(changes: Record<string, string> = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  return {
    parameters: {
      redirect_uri: REDIRECT_URI,
      scope: ALL_SCOPES,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      ...changes,
    },
    checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
  };
}

async function signIn(changes: Record<string, string> = {}) {
  const { parameters, checks } = await prepare(changes);
  const url = oidc.buildAuthorizationUrl(config, parameters);
  const { url: callback } = await tenant.visit(browser, url.searchParams);
  return oidc.authorizationCodeGrant(config, callback, checks);
}

describe("openid-client", () => {
  it("signs in with PKCE, nonce and max_age, verifies the ID token and reads UserInfo", async () => {
    const { parameters, checks } = await prepare({ max_age: "3600" });
    const { url } = await tenant.visit(browser, oidc.buildAuthorizationUrl(config, parameters).searchParams);
    const tokens = await oidc.authorizationCodeGrant(config, url, { ...checks, maxAge: 3600 });
    const claims = tokens.claims();
    expect(claims?.sub).toBe(tenant.userId("alice"));
    const person = await oidc.fetchUserInfo(config, tokens.access_token, claims?.sub ?? "");
    expect(person.email).toBe("alice@example.com");
  });

  it("pushes its authorization request", async () => {
    const { parameters, checks } = await prepare();
    const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters);
    expect([...url.searchParams.keys()].sort()).toEqual(["client_id", "request_uri"]);
    const { url: callback } = await tenant.visit(browser, url.searchParams);
    const tokens = await oidc.authorizationCodeGrant(config, callback, checks);
    expect(tokens.claims()?.sub).toBe(tenant.userId("alice"));
  });

  it("takes an answer by form post", async () => {
    const { parameters, checks } = await prepare({ response_mode: "form_post" });
    const page = await tenant.visit(browser, oidc.buildAuthorizationUrl(config, parameters).searchParams);
    const fields = page.root
      .querySelectorAll("form input")
      .map((input) => [input.getAttribute("name") ?? "", input.getAttribute("value") ?? ""]);
    const request = new Request(page.root.querySelector("form")?.getAttribute("action") ?? "", {
      method: "POST",
      body: new URLSearchParams(fields),
    });
    const tokens = await oidc.authorizationCodeGrant(config, request, checks);
    expect(tokens.claims()?.sub).toBe(tenant.userId("alice"));
  });

  it("refreshes, meets rotation, and the end of the family after a replay", async () => {
    const first = await signIn();
    const second = await oidc.refreshTokenGrant(config, first.refresh_token ?? "");
    expect(second.claims()?.sub).toBe(first.claims()?.sub);
    for (const token of [first.refresh_token, second.refresh_token]) {
      await expect(oidc.refreshTokenGrant(config, token ?? "")).rejects.toMatchObject({
        error: "invalid_grant",
      });
    }
  });

  it("introspects and revokes", async () => {
    const tokens = await signIn();
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true });
    await oidc.tokenRevocation(config, tokens.refresh_token ?? "");
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
  });

  it("signs off, and the next sign-in asks again", async () => {
    const tokens = await signIn();
    const page = await browser.open(
      oidc.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token ?? "",
        post_logout_redirect_uri: `${WORKER_ORIGIN}/`,
        state: "s",
      }),
    );
    expect(page.url.href).toBe(`${WORKER_ORIGIN}/?state=s`);
    await expect(signIn({ prompt: "none" })).rejects.toMatchObject({ error: "login_required" });
  });
});
