import { beforeEach, describe, expect, it } from "vitest";
import type { TestBrowser } from "../../kit/browser.ts";
import { basic, claimsOf, form, WORKER_ORIGIN } from "../testing/client.ts";
import { addApplications, startTenant } from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const HOME = `${WORKER_ORIGIN}/`;

let browser: TestBrowser;
withTenant({
  edit: addApplications(
    { id: "second-client", postLogoutRedirectUris: [] },
    { id: "query-client", postLogoutRedirectUris: [`${HOME}?a=1`] },
  ),
});
beforeEach(() => {
  browser = tenant.openBrowser();
});

const signOff = (fields: Record<string, string>) => browser.open(`${tenant.issuer}/signoff?${form(fields)}`);
const isSignedOn = async () => {
  const page = await tenant.open({ prompt: "none" }, browser);
  return page.url.searchParams.has("code");
};

describe("sign-off", () => {
  it("[PING-069] ends the session, its refresh and access tokens, and goes back with the state", async () => {
    const tokens = await tenant.obtainTokens({ browser });
    const fields = { id_token_hint: tokens.id_token, post_logout_redirect_uri: HOME, state: "s&t" };
    const page = await signOff(fields);
    expect(page.url.href).toBe(`${HOME}?state=s%26t`);
    expect(await isSignedOn()).toBe(false);
    expect(await tenant.refresh(tokens.refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await tenant.isActive(tokens.access_token)).toBe(false);
    const cookies = await browser.cookies.getCookies(tenant.issuer);
    expect(cookies.filter(({ key }) => key.startsWith("ST"))).toEqual([]);
  });

  it("[PING-069] ends every application's tokens of the session", async () => {
    const asSecond = basic({ id: "second-client", secret: tenant.emulator.client.secret });
    const one = await tenant.obtainTokens({ browser });
    const login = await tenant.signIn({ browser, parameters: { client_id: "second-client" } });
    const other = await tenant.redeem(login, {}, asSecond);
    expect(claimsOf(other.id_token)).toMatchObject({
      aud: "second-client",
      sid: claimsOf(one.id_token).sid,
    });
    await signOff({ id_token_hint: one.id_token });
    expect((await tenant.refresh(one.refresh_token)).error).toBe("invalid_grant");
    expect((await tenant.refresh(other.refresh_token, {}, asSecond)).error).toBe("invalid_grant");
    const introspected = await tenant.ask("introspect", { token: other.access_token }, asSecond);
    expect(introspected.active).toBe(false);
  });

  it("[PING-069] takes an expired ID token for a hint", async () => {
    tenant.advanceSeconds(-2 * 3600);
    const { id_token } = await tenant.obtainTokens({ browser });
    tenant.advanceSeconds(2 * 3600);
    const page = await signOff({ id_token_hint: id_token, post_logout_redirect_uri: HOME });
    expect(page.url.href).toBe(HOME);
  });

  it("ends the session that the hint names without the browser's cookies", async () => {
    const { id_token, refresh_token } = await tenant.obtainTokens({ browser });
    const response = await fetch(`${tenant.issuer}/signoff?${form({ id_token_hint: id_token })}`);
    expect(response.status).toBe(200);
    expect((await tenant.refresh(refresh_token)).error).toBe("invalid_grant");
  });

  it("[PING-070] ends the browser's session with client_id alone, and shows a page without a way back", async () => {
    const { refresh_token } = await tenant.obtainTokens({ browser });
    expect((await signOff({ client_id: "mcp-server" })).heading).toBe("Signed off");
    expect(await isSignedOn()).toBe(false);
    expect((await tenant.refresh(refresh_token)).error).toBe("invalid_grant");
  });

  it("goes back with client_id and no hint", async () => {
    await tenant.signIn({ browser });
    const page = await signOff({ client_id: "mcp-server", post_logout_redirect_uri: HOME });
    expect(page.url.href).toBe(HOME);
  });

  it("adds the state to a query of the address, and lets nobody cache the way back", async () => {
    const fields = { client_id: "query-client", post_logout_redirect_uri: `${HOME}?a=1`, state: "s" };
    const response = await fetch(`${tenant.issuer}/signoff?${form(fields)}`, { redirect: "manual" });
    expect(response.headers.get("location")).toBe(`${HOME}?a=1&state=s`);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("may come as a form post", async () => {
    const { id_token } = await tenant.obtainTokens({ browser });
    const page = await browser.request(new URL(`${tenant.issuer}/signoff`), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form({ id_token_hint: id_token, post_logout_redirect_uri: HOME }).toString(),
    });
    expect(page.url.href).toBe(HOME);
    expect(await isSignedOn()).toBe(false);
  });

  it("says signed off to a browser that was not signed on", async () => {
    expect((await signOff({})).heading).toBe("Signed off");
  });

  it.each<[string, Record<string, string>]>([
    ["to a longer address", { client_id: "mcp-server", post_logout_redirect_uri: `${HOME}x` }],
    ["to another application's address", { client_id: "second-client", post_logout_redirect_uri: HOME }],
    ["to an address of nobody knows which application", { post_logout_redirect_uri: HOME }],
    ["with an unknown client", { client_id: "nobody" }],
    ["with a hint that is no token", { id_token_hint: "x" }],
  ])("[PING-069] [PING-105] is refused on a page %s, and ends nothing", async (_, fields) => {
    await tenant.signIn({ browser });
    const page = await signOff(fields);
    expect(page.response?.status).toBe(400);
    expect(page.heading).toBe("This request cannot be completed");
    expect(await isSignedOn()).toBe(true);
  });

  it("is refused with an access token, or another client's ID token, for a hint", async () => {
    const { access_token, id_token } = await tenant.obtainTokens({ browser });
    for (const [target, fields] of [
      ["id_token_hint", { id_token_hint: access_token }],
      ["client_id", { id_token_hint: id_token, client_id: "second-client" }],
      ["id_token_hint", { id_token_hint: `${id_token.slice(0, -6)}AAAAAA` }],
    ] as const) {
      const page = await signOff(fields);
      expect(page.response?.status).toBe(400);
      expect(page.root.querySelector("dt")?.text).toBe(target);
    }
    expect(await isSignedOn()).toBe(true);
  });

  it("is refused with a hint of another issuer that has the same key", async () => {
    await using own = await startTenant({ takeTokenFault: () => "wrong_issuer" });
    const { id_token } = await own.obtainTokens();
    const response = await fetch(`${own.issuer}/signoff?${form({ id_token_hint: id_token })}`);
    expect(response.status).toBe(400);
  });

  it("is refused with a repeated parameter", async () => {
    const response = await fetch(`${tenant.issuer}/signoff?state=a&state=b`);
    expect(response.status).toBe(400);
  });
});
