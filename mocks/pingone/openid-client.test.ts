/** A certified client library (openid-client 6) through everything that it knows of PingOne's endpoints. */
import * as oidc from "openid-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TestBrowser } from "../kit/testing/browser.ts";
import { ALL_SCOPES, REDIRECT_URI, WORKER_ORIGIN } from "./testing/client.ts";
import { startTenant, type Tenant } from "./testing/tenant.ts";
import type { TokenFault } from "./tokens/defects.ts";

let tenant: Tenant;
let config: oidc.Configuration;
let browser: TestBrowser;
let fault: TokenFault | undefined;

beforeEach(async () => {
  fault = undefined;
  tenant = await startTenant({ takeTokenFault: () => fault });
  config = await discover(oidc.ClientSecretBasic(tenant.emulator.client.secret));
  browser = tenant.openBrowser();
});
afterEach(() => tenant[Symbol.asyncDispose]());

async function discover(authentication: oidc.ClientAuth): Promise<oidc.Configuration> {
  const discovered = await oidc.discovery(
    new URL(tenant.issuer),
    tenant.emulator.client.id,
    undefined,
    authentication,
    { execute: [oidc.allowInsecureRequests] },
  );
  // Verifies the signatures of ID tokens from the token endpoint, too.
  oidc.enableNonRepudiationChecks(discovered);
  return discovered;
}

interface Prepared {
  readonly parameters: Record<string, string>;
  readonly checks: oidc.AuthorizationCodeGrantChecks;
}

async function prepare(changes: Record<string, string> = {}): Promise<Prepared> {
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

  it("reads the error that the flow's author sends", async () => {
    tenant.emulator.admin.chooseFlow("dies-before-any-screen");
    await expect(signIn()).rejects.toMatchObject({ error: "login_required" });
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
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toThrow();
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

  it("meets a rolled key, with the old one kept or dropped", async () => {
    await signIn();
    for (const options of [{}, { drop: true }]) {
      await tenant.emulator.admin.rotateKeys(options);
      // Its own copy of the keys is young, and it does not look again for a minute: a new process does.
      config = await discover(oidc.ClientSecretBasic(tenant.emulator.client.secret));
      expect((await signIn()).claims()?.sub).toBe(tenant.userId("alice"));
    }
  });

  it("gets its own token by client_credentials", async () => {
    const worker = await oidc.discovery(
      new URL(tenant.issuer),
      "consent-worker",
      undefined,
      oidc.ClientSecretBasic("TEST-ONLY-consent-worker-secret"),
      { execute: [oidc.allowInsecureRequests] },
    );
    expect((await oidc.clientCredentialsGrant(worker)).expires_in).toBe(3600);
  });

  it("is refused with the wrong secret and the wrong method", async () => {
    for (const authentication of [
      oidc.ClientSecretBasic("wrong"),
      oidc.ClientSecretPost(tenant.emulator.client.secret),
      oidc.None(),
    ]) {
      config = await discover(authentication);
      await expect(signIn()).rejects.toMatchObject({ status: 401 });
    }
  });

  it("signs in as well under what PingOne changes on 2027-03-02", async () => {
    tenant.emulator.admin.setSwitches({ platformDate: "2027-03-02" });
    const tokens = await signIn();
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(fresh.claims()?.sub).toBe(tenant.userId("alice"));
  });

  it.each<TokenFault>([
    "wrong_signature",
    "unknown_kid",
    "wrong_audience",
    "wrong_nonce",
    "wrong_issuer",
    "expired",
    "missing_id_token",
  ])("notices the fault %s", async (name) => {
    fault = name;
    await expect(signIn()).rejects.toThrow();
    fault = undefined;
    await signIn();
  });

  it("notices at UserInfo that the ID token is another user's", async () => {
    fault = "other_subject";
    const tokens = await signIn();
    const subject = tokens.claims()?.sub ?? "";
    await expect(oidc.fetchUserInfo(config, tokens.access_token, subject)).rejects.toMatchObject({
      code: "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED",
    });
  });
});
