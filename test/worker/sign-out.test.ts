import type { TestBrowser, TestPage } from "pingone-emulator/browser";
import { describe, expect } from "vitest";
import { answerForeignPages, signInAtForeignProvider } from "../support/foreign-stack.ts";
import { createBrowser, registerClient, requestRefresh, startAuthorization } from "../support/mcp-client.ts";
import { sendInEra } from "../support/raw-mcp.ts";
import { testWithForeignStack } from "../support/test.ts";

const { it, worker, provider } = testWithForeignStack();

/** Opens the sign-out page and signs in at the provider when it asks. */
async function openSignOut(browser: TestBrowser, login?: string): Promise<TestPage> {
  return answerForeignPages(await browser.open(`${worker.origin}/signout`), login);
}

function callMcp(token: string): Promise<Response> {
  return sendInEra(worker, "legacy", { call: "initialize", token });
}

describe("the sign-out page", () => {
  it("shows which clients act for the person and ends one of them", async () => {
    const first = await signInAtForeignProvider(worker);
    const second = await signInAtForeignProvider(worker, { client_name: "Second <b>client</b>" });
    const sessionsBefore = worker.listObjectIds("PingSession");

    const page = await openSignOut(createBrowser(worker, first.client));
    expect(page.heading).toBe("Apps that act for you");
    const names = page.root.querySelectorAll("section h2").map((item) => item.text);
    expect(names).toEqual(expect.arrayContaining(["Test client", "Second <b>client</b>"]));
    expect(page.text).not.toContain("<b>");
    expect(page.text).toContain("localhost:7777");
    expect(page.text).toContain("See your todos");

    const section = page.root.querySelectorAll("section").find((item) => item.text.includes("Second"));
    const grant = section?.querySelector('input[name="grant"]')?.getAttribute("value") ?? "";
    const ended = await page.post("/signout", { form_token: formToken(page), grant, action: "end" });
    expect(ended.root.querySelector('[role="status"]')?.text).toBe("The access has ended.");
    // The user may have other clients of the same name.
    const left = ended.root.querySelectorAll("section h2").map((item) => item.text);
    expect([...left, "Second <b>client</b>"].sort()).toEqual(names.sort());

    expect((await callMcp(second.tokens.access_token)).status).toBe(401);
    expect((await callMcp(first.tokens.access_token)).status).toBe(200);
    expect(worker.listObjectIds("PingSession")).toHaveLength(sessionsBefore.length - 1);
  });

  it("[SEC-20] ends everything, revokes at PingOne and signs the person off there", async () => {
    const { client, tokens } = await signInAtForeignProvider(worker);
    const page = await openSignOut(createBrowser(worker, client));
    const revocations = provider.countRequests("/token/revocation");
    const left = await page.submit("End everything and sign out");
    expect(left.url.origin).toBe(provider.issuer);
    expect(left.url.pathname).toBe("/session/end");
    expect(left.url.searchParams.get("post_logout_redirect_uri")).toBe(`${worker.origin}/`);
    expect(provider.countRequests("/token/revocation")).toBeGreaterThan(revocations);
    expect((await callMcp(tokens.access_token)).status).toBe(401);
    expect(worker.listObjectIds("PingSession")).toEqual([]);
    const refreshed = await requestRefresh(worker, client, tokens);
    expect(await refreshed.json()).toMatchObject({ error: "invalid_grant" });
  });

  it("asks in other browsers too, before a client whose access has ended comes back", async () => {
    const { client } = await signInAtForeignProvider(worker);
    const elsewhere = createBrowser(worker, client);
    const allowAndSignIn = async () => {
      const attempt = await startAuthorization(worker, client);
      return elsewhere.open(attempt.url);
    };
    let page = await answerForeignPages(await (await allowAndSignIn()).submit("Allow"));
    expect(page.url.searchParams.get("code")).not.toBeNull();

    await (await openSignOut(createBrowser(worker, client))).submit("End everything and sign out");

    // The revocation deleted the provider's own record of consent, so its consent page appears first.
    page = await (await allowAndSignIn()).submit("Continue");
    expect(page.heading).toMatch(/^Allow/);
    expect((await page.submit("Allow")).url.searchParams.get("code")).not.toBeNull();
    // The new approval is stored.
    expect((await allowAndSignIn()).url.searchParams.get("code")).not.toBeNull();
  });

  it("signs in in two tabs at once", async () => {
    const browser = createBrowser(worker, await registerClient(worker));
    const first = await browser.open(`${worker.origin}/signout`);
    const second = await browser.open(`${worker.origin}/signout`);
    for (const tab of [first, second]) {
      expect((await answerForeignPages(tab)).heading).toBe("Apps that act for you");
    }
  });

  it("says nothing of an end when there was nothing to end, and forgets no approval", async () => {
    const { client } = await signInAtForeignProvider(worker);
    const page = await openSignOut(createBrowser(worker, client));
    const answer = await page.post("/signout", { form_token: formToken(page), grant: "nope", action: "end" });
    expect(answer.root.querySelector('[role="status"]')).toBeNull();
    expect(answer.heading).toBe("Apps that act for you");
  });

  it("[SEC-21] refuses a form that another site sends", async () => {
    const { client, tokens } = await signInAtForeignProvider(worker);
    const page = await openSignOut(createBrowser(worker, client));
    const forged = await page.post("/signout", { form_token: "guessed", action: "end_all" });
    expect(forged.response?.status).toBe(400);
    expect((await callMcp(tokens.access_token)).status).toBe(200);
  });

  it("[SEC-21] does not let a person end what is another person's", async () => {
    const { client, tokens } = await signInAtForeignProvider(worker);
    const page = await openSignOut(createBrowser(worker, client), "erik");
    expect(page.text).toContain("No app has access to your todos.");
    const [grant] = (await (await worker.getEnv()).OAUTH_KV.list({ prefix: "grant:dana:" })).keys;
    const grantId = grant?.name.split(":")[2] ?? "";
    await page.post("/signout", { form_token: formToken(page), grant: grantId, action: "end" });
    expect((await callMcp(tokens.access_token)).status).toBe(200);
  });

  it.each(["", "end_some"])("says what is wrong with a form whose action is %j", async (action) => {
    const page = await openSignOut(createBrowser(worker, await registerClient(worker)));
    const answer = await page.post("/signout", { form_token: formToken(page), action });
    expect(answer.response?.status).toBe(400);
    expect(answer.text).toContain("The form does not say what to end.");
  });

  it("sends a form without a session to sign in again and ends nothing", async () => {
    const { client, tokens } = await signInAtForeignProvider(worker);
    const page = await openSignOut(createBrowser(worker, client));
    const stranger = createBrowser(worker, client);
    const answer = await stranger.request(new URL("/signout", worker.origin), {
      method: "POST",
      body: new URLSearchParams({ form_token: formToken(page), action: "end_all" }),
    });
    expect(answer.url.origin).toBe(provider.issuer);
    expect((await callMcp(tokens.access_token)).status).toBe(200);
  });

  it("[SEC-09] refuses the return from PingOne in a browser that did not begin it", async () => {
    const client = await registerClient(worker);
    const browser = createBrowser(worker, client);
    const login = await browser.open(`${worker.origin}/signout`);
    const state = browser.visited
      .find((url) => url.origin === provider.issuer && url.searchParams.has("state"))
      ?.searchParams.get("state");
    expect(login.root.querySelector('input[name="login"]')).not.toBeNull();
    const stranger = createBrowser(worker, client);
    const page = await stranger.open(`${worker.origin}/callback?code=stolen&state=${state}`);
    expect(page.response?.status).toBe(400);
    expect(page.text).toContain("began in another browser");
    expect(await stranger.cookies.getCookies(worker.origin)).toEqual([]);
  });
});

function formToken(page: TestPage): string {
  return page.root.querySelector('input[name="form_token"]')?.getAttribute("value") ?? "";
}
