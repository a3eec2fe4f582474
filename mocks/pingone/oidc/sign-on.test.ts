import { describe, expect, it } from "vitest";
import type { TestPage } from "../../kit/browser.ts";
import { claimsOf, REDIRECT_URI } from "../testing/client.ts";
import { PASSWORD } from "../testing/sign-on.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

withTenant();

const open: typeof tenant.open = (changes, browser) => tenant.open(changes, browser);
const credentials = { Username: "alice", Password: PASSWORD };
const sessionsOf = (username: string) =>
  tenant.emulator.admin.describe().users.find((user) => user.username === username)?.sessions;

/** The fields of the form that posts itself to the client. */
function readFormPost({ root }: TestPage): URLSearchParams {
  expect(root.querySelector("form")?.getAttribute("action")).toBe(REDIRECT_URI);
  const inputs = root.querySelectorAll("form input");
  return new URLSearchParams(
    inputs.map((input) => [input.getAttribute("name") ?? "", input.getAttribute("value") ?? ""]),
  );
}

describe("signing on", () => {
  it("[PING-022] returns a code that is a UUID, with the state and without iss", async () => {
    const login = await tenant.signIn({ parameters: { state: "s t&a=te" } });
    expect(login.code).toMatch(UUID);
    expect([...login.callback.searchParams.keys()].sort()).toEqual(["code", "state"]);
    expect(login.callback.searchParams.get("state")).toBe("s t&a=te");
  });

  it.each([
    ["query", ({ url }: TestPage) => (url.hash === "" ? url.searchParams : undefined)],
    [
      "fragment",
      ({ url }: TestPage) => (url.search === "" ? new URLSearchParams(url.hash.slice(1)) : undefined),
    ],
    ["form_post", readFormPost],
  ])("[PING-021] returns code and state by response_mode=%s", async (response_mode, read) => {
    const parameters = tenant.authorizeParameters({ response_mode, state: "s t&a=te" });
    const answer = read(await tenant.visit(tenant.openBrowser(), parameters));
    expect(Object.fromEntries(answer ?? [])).toEqual({
      code: expect.stringMatching(UUID),
      state: "s t&a=te",
    });
  });

  it("returns no state when none was sent", async () => {
    const login = await tenant.signIn({ parameters: { state: undefined } });
    expect(login.callback.searchParams.has("state")).toBe(false);
  });

  it("[PING-071] sets ST and ST-NO-SS to one value, HttpOnly, for the environment only, without Secure on http", async () => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    const cookies = (await browser.cookies.getCookies(tenant.issuer)).filter(({ key }) =>
      key.startsWith("ST"),
    );
    expect(cookies.map(({ key }) => key).sort()).toEqual(["ST", "ST-NO-SS"]);
    expect(new Set(cookies.map(({ value }) => value)).size).toBe(1);
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ httpOnly: true, secure: false, path: `/${tenant.environmentId}` });
      expect(cookie.toString()).not.toMatch(/samesite/i);
    }
  });

  it("lets a double click on the last button answer the same code twice", async () => {
    const consent = await (await open()).submit("Sign On", credentials);
    const [first, second] = [await consent.submit("Approve"), await consent.submit("Approve")];
    expect(first.url.searchParams.get("code")).toMatch(UUID);
    expect(second.url.href).toBe(first.url.href);
    expect(sessionsOf("alice")).toBe(1);
  });

  it("[PING-072] keeps two tabs of one browser apart", async () => {
    const browser = tenant.openBrowser();
    const one = await open({ state: "one" }, browser);
    const two = await open({ state: "two" }, browser);
    const finish = async (page: typeof one) => (await page.submit("Sign On", credentials)).submit("Approve");
    expect((await finish(one)).url.searchParams.get("state")).toBe("one");
    const second = await two.submit("Sign On", credentials);
    expect(second.url.searchParams.get("state")).toBe("two");
  });

  it("[PING-072] is bound to the browser that began it", async () => {
    const page = await open();
    const path = page.root.querySelector("form")?.getAttribute("action") ?? "";
    const fields = { username: "alice", password: PASSWORD, buttonValue: "SIGNON" };
    const stranger = await (await open()).post(path, fields);
    expect(stranger.response?.status).toBe(400);
    expect(stranger.heading).toBe("This sign-on has ended");
    expect(sessionsOf("alice")).toBe(0);
  });

  it("is bound to its own token, not only to the id in the address", async () => {
    const browser = tenant.openBrowser();
    const page = await open({}, browser);
    const path = page.root.querySelector("form")?.getAttribute("action") ?? "";
    await browser.cookies.setCookie(`interactionToken=guessed; Path=${path}`, tenant.issuer + path);
    const forged = await page.submit("Sign On", credentials);
    expect(forged.response?.status).toBe(400);
  });

  it("ends after half an hour without an answer", async () => {
    const page = await open();
    tenant.advanceSeconds(30 * 60);
    expect((await page.submit("Sign On", credentials)).heading).toBe("This sign-on has ended");
  });

  it("shows a way back for an unknown interaction, and for its address in the browser", async () => {
    const path = `/${tenant.environmentId}/davinci/interactions/00000000-0000-4000-8000-000000000000`;
    const page = await open();
    expect((await page.post(path, {})).response?.status).toBe(400);
    const looked = await tenant.openBrowser().open(tenant.emulator.origin + path);
    expect(looked.response?.status).toBe(405);
    expect(looked.heading).toBe("This sign-on has ended");
  });

  it("shows the screen that waits to the browser that began it when its address is opened again", async () => {
    const browser = tenant.openBrowser();
    const page = await (await open({}, browser)).submit("Sign On", { ...credentials, Password: "wrong" });
    const again = await browser.open(page.url);
    expect([again.response?.status, again.heading]).toEqual([200, "Sign On"]);
    expect(again.root.querySelector('[role="alert"]')?.text).toContain("Invalid username");
    expect((await again.submit("Sign On", credentials)).heading).toBe("Application Consent");

    const stranger = await tenant.openBrowser().open(page.url);
    expect([stranger.response?.status, stranger.heading]).toEqual([405, "This sign-on has ended"]);
  });

  it("has ended for its address in the browser once the application has its answer", async () => {
    const browser = tenant.openBrowser();
    const page = await (await open({}, browser)).submit("Sign On", credentials);
    await page.submit("Decline");
    expect((await browser.open(page.url)).heading).toBe("This sign-on has ended");
  });
});

describe("the answer of a flow", () => {
  it("[PING-082] is the author's own error code and text when the person declines", async () => {
    const page = await (await open({ state: "s" })).submit("Sign On", credentials);
    const { searchParams } = (await page.submit("Decline")).url;
    expect(Object.fromEntries(searchParams)).toEqual({
      error: "invalid_request",
      error_description: "The user declined the request.",
      state: "s",
    });
  });

  it("[PING-086] is login_required when the flow died", async () => {
    tenant.emulator.admin.chooseFlow("dies-before-any-screen");
    const answer = await tenant.authorizeError({});
    expect(answer.error).toBe("login_required");
  });

  describe("with Reduced Scopes", () => {
    /** Approves with these of the scopes that the consent page offers. */
    async function approve(scope: string, picked: string) {
      tenant.emulator.admin.chooseFlow("consent-reduced-scopes");
      const page = await (await open({ scope })).submit("Sign On", credentials);
      const form = page.root.querySelector("form");
      const hidden = page.root
        .querySelectorAll("input[type=hidden]")
        .map((input) => [input.getAttribute("name") ?? "", input.getAttribute("value") ?? ""]);
      const box = page.root.querySelector("input[type=checkbox]")?.getAttribute("name") ?? "";
      const button = page.root.querySelectorAll("button").find(({ text }) => text.trim() === "Approve");
      const answer = await page.post(form?.getAttribute("action") ?? "", {
        ...Object.fromEntries(hidden),
        ...(picked !== "" && { [box]: picked }),
        [button?.getAttribute("name") ?? ""]: button?.getAttribute("value") ?? "",
      });
      return answer.url.searchParams;
    }
    const grantedScopes = () =>
      (tenant.emulator.snapshot() as { state: { grants: { scopes: string[] }[] } }).state.grants.map(
        ({ scopes }) => scopes,
      );

    it("[PING-085] is a code for the scopes that the person left", async () => {
      const answer = await approve("openid todo_api:read todo_api:write", "todo_api:read");
      expect(answer.get("code")).toMatch(UUID);
      expect(grantedScopes()).toEqual([["openid", "todo_api:read"]]);
    });

    it("is invalid_scope when the person left none", async () => {
      const answer = await approve("todo_api:read todo_api:write", "");
      expect(answer.get("error")).toBe("invalid_scope");
      expect(grantedScopes()).toEqual([]);
    });
  });
});

describe("an SSO session", () => {
  it("[PING-075] signs the person on silently through a flow with Check Session", async () => {
    const browser = tenant.openBrowser();
    const first = await tenant.obtainTokens({ browser });
    const page = await open({}, browser);
    expect(page.url.searchParams.get("code")).toMatch(UUID);
    const again = await tenant.obtainTokens({ browser });
    expect(claimsOf(again.id_token).sid).toBe(claimsOf(first.id_token).sid);
  });

  it.each(["consent", "select_account"])("[PING-018] is enough for prompt=%s", async (prompt) => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    expect((await open({ prompt }, browser)).url.searchParams.get("code")).toMatch(UUID);
  });

  it("[PING-075] does not stop a flow without Check Session from asking", async () => {
    tenant.emulator.admin.chooseFlow("sign-on-every-time");
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    expect((await open({}, browser)).heading).toBe("Sign On");
  });

  it("[PING-017] [PING-094] answers prompt=none with a code while it lives, and without it with login_required", async () => {
    const browser = tenant.openBrowser();
    const silent = { prompt: "none" };
    expect((await open(silent, browser)).url.searchParams.get("error")).toBe("login_required");
    await tenant.signIn({ browser });
    expect((await open(silent, browser)).url.searchParams.get("code")).toMatch(UUID);
  });

  it("answers prompt=none with login_required where a screen would be needed", async () => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    tenant.emulator.admin.chooseFlow("consent-always");
    const page = await open({ prompt: "none" }, browser);
    expect(page.url.searchParams.get("error")).toBe("login_required");
  });

  it("[PING-017] is not enough for prompt=login, which keeps the session and dates it anew", async () => {
    const browser = tenant.openBrowser();
    const first = await tenant.obtainTokens({ browser });
    tenant.advanceSeconds(100);
    expect((await open({ prompt: "login" }, browser)).heading).toBe("Sign On");
    const second = await tenant.obtainTokens({ browser, parameters: { prompt: "login" } });
    const [before, after] = [claimsOf(first.id_token), claimsOf(second.id_token)];
    expect(after.sid).toBe(before.sid);
    expect(Number(after.auth_time) - Number(before.auth_time)).toBeGreaterThanOrEqual(100);
  });

  it.each([
    ["0", "Sign On"],
    ["60", "Sign On"],
    ["3600", ""],
  ])("[PING-019] of ten minutes ago under max_age=%s leads to the heading %j", async (maxAge, heading) => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    tenant.advanceSeconds(600);
    expect((await open({ max_age: maxAge }, browser)).heading).toBe(heading);
  });

  it("[PING-130] counts for Check Session from the last authentication: passing through does not renew it", async () => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    tenant.advanceSeconds(6 * 3600);
    expect((await open({}, browser)).url.searchParams.get("code")).toMatch(UUID);
    tenant.advanceSeconds(2 * 3600 + 60);
    expect((await open({}, browser)).heading).toBe("Sign On");
    expect((await open({ prompt: "none" }, browser)).url.searchParams.get("error")).toBe("login_required");
  });

  it("[PING-074] of a person who passes through is not idle", async () => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    tenant.advanceSeconds(6 * 3600);
    await open({}, browser);
    tenant.advanceSeconds(43_200 * 60 - 3600);
    expect(sessionsOf("alice")).toBe(1);
  });

  it("[PING-061] of a person who only passed through keeps its auth_time", async () => {
    const browser = tenant.openBrowser();
    const first = await tenant.obtainTokens({ browser });
    tenant.advanceSeconds(600);
    const second = await tenant.obtainTokens({ browser });
    expect(claimsOf(second.id_token).auth_time).toBe(claimsOf(first.id_token).auth_time);
  });

  it("gets a new cookie at each sign-on, so that a planted one is worth nothing", async () => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser });
    const planted = await browser.cookies.getCookieString(tenant.issuer);
    await tenant.signIn({ browser, parameters: { prompt: "login" } });
    const silent = tenant.authorizeParameters({ prompt: "none" });
    const response = await tenant.authorize(silent, { headers: { cookie: planted } });
    expect(response.headers.get("location")).toContain("error=login_required");
  });

  it("is another one when another person signs on in the same browser", async () => {
    const browser = tenant.openBrowser();
    const alice = await tenant.obtainTokens({ browser });
    const bob = await tenant.obtainTokens({ browser, username: "bob", parameters: { prompt: "login" } });
    expect(claimsOf(bob.id_token).sub).toBe(tenant.userId("bob"));
    expect(claimsOf(bob.id_token).sid).not.toBe(claimsOf(alice.id_token).sid);
    expect((await tenant.refresh(alice.refresh_token)).status).toBe(200);
  });

  it("[PING-073] is one of ten at most for each person: the oldest is purged, with its refresh tokens", async () => {
    const first = await tenant.obtainTokens();
    for (let more = 0; more < 9; more += 1) await tenant.signIn();
    expect(sessionsOf("alice")).toBe(10);
    tenant.advanceSeconds(1);
    await tenant.signIn();
    expect(sessionsOf("alice")).toBe(10);
    expect(await tenant.refresh(first.refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  it("[PING-074] ends when it was idle for the time that the flow gave it", async () => {
    const browser = tenant.openBrowser();
    const { refresh_token } = await tenant.obtainTokens({ browser });
    tenant.advanceSeconds(43_200 * 60);
    expect((await open({}, browser)).heading).toBe("Sign On");
    expect(await tenant.refresh(refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  it("that ended while its consent screen was open signs nobody on", async () => {
    const browser = tenant.openBrowser();
    await tenant.signIn({ browser, parameters: { scope: "openid" } });
    const consent = await open({ scope: "openid todo_api:read" }, browser);
    expect(consent.heading).toBe("Application Consent");
    tenant.emulator.admin.endSession("alice");
    const { url } = await consent.submit("Approve");
    expect(url.searchParams.get("error")).toBe("login_required");
    expect(url.searchParams.has("code")).toBe(false);
  });

  it("[PING-076] that the control API ends takes its refresh and access tokens with it", async () => {
    const browser = tenant.openBrowser();
    const { access_token, refresh_token } = await tenant.obtainTokens({ browser });
    expect(tenant.emulator.admin.endSession("alice")).toBe(1);
    expect((await open({}, browser)).heading).toBe("Sign On");
    expect(await tenant.isActive(access_token)).toBe(false);
    expect((await tenant.refresh(refresh_token)).error).toBe("invalid_grant");
    expect((await tenant.userInfo(access_token)).status).toBe(401);
  });
});
