import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answerScreens, signOn, TestBrowser } from "../browser.ts";
import { type PingOne, startPingOne } from "../index.ts";
import { type Fields, TestClient } from "../pingone/testing/client.ts";
import { buildFlow } from "../pingone/testing/graph-builder.ts";
import { MFA_FLOW } from "../pingone/testing/mfa-flow.ts";

let pingone: PingOne;
beforeAll(async () => {
  pingone = await startPingOne({ interactive: true });
});
afterAll(() => pingone.close());
beforeEach(() => pingone.reset());

const link = (changes: Fields = {}) =>
  `${pingone.issuer}/authorize?${new TestClient(pingone).authorizeParameters(changes)}`;
const flowNames = async () => (await pingone.state.summary()).pingone.flows.map(({ name }) => name);

describe("signOn", () => {
  it.each(["alice", "mustchange", "expired", "unverified", "mfa"])(
    "passes the screens of %s",
    async (username) => {
      const { url, parameters } = await signOn(link({ state: "s" }), username, { pingone });
      expect(url.href).toMatch(/^http:\/\/localhost:8787\/callback\?/);
      expect(Object.fromEntries(parameters)).toEqual({ code: expect.stringMatching(/./), state: "s" });
    },
  );

  it("ends every shipped flow: at the application, or where the flow strands the person", async () => {
    const failed: string[] = [];
    for (const flow of await flowNames()) {
      await pingone.reset();
      await pingone.flows.choose(flow);
      const { parameters } = await signOn(link(), "mfa", { pingone });
      if (!parameters.has("code")) failed.push(`${flow}: ${parameters.get("error")}`);
    }
    expect(failed).toEqual(["dies-before-any-screen: login_required", "ends-as-sub-flow: login_required"]);
  });

  it("enters a password that is given, and the new one that is wanted", async () => {
    await signOn(link(), "mustchange", { pingone, newPassword: "Test-ONLY-9" });
    const again = await signOn(link(), { username: "mustchange", password: "Test-ONLY-9" }, { pingone });
    expect(again.parameters.has("code")).toBe(true);
  });

  it("declines when it is told to", async () => {
    const { parameters } = await signOn(link(), "decliner", { pingone, consent: "decline" });
    expect(parameters.get("error")).toBe("invalid_request");
  });

  it("enters the code of its own sign-on when one user signs on twice at a time", async () => {
    const both = [1, 2, 3].map(() => signOn(link(), "mfa", { pingone }));
    for (const { parameters } of await Promise.all(both)) expect(parameters.has("code")).toBe(true);
  });

  it("enters what an authenticator app shows", async () => {
    await pingone.seed.user({ username: "carol", email: "carol@example.com", devices: [{ type: "TOTP" }] });
    await pingone.flows.add({ flow: buildFlow(MFA_FLOW), choose: true });
    const { parameters, screens } = await signOn(link(), "carol", { pingone });
    expect(screens.map(({ heading }) => heading)).toEqual(["Who are you?", "Enter the code"]);
    expect(parameters.has("code")).toBe(true);
  });

  it("goes on with PingOne's session in the same browser", async () => {
    const { browser } = await signOn(link(), "alice", { pingone });
    const { parameters } = await signOn(link({ prompt: "none" }), "alice", { pingone, browser });
    expect(parameters.has("code")).toBe(true);
  });

  it.each(["query", "fragment", "form_post"])(
    "starts at the application, and brings it the answer by response_mode=%s",
    async (response_mode) => {
      const received: string[] = [];
      const server = createServer(async (request, response) => {
        const body = (await request.toArray()).join("");
        if (request.url === "/login") {
          response.writeHead(302, { location: link({ response_mode, redirect_uri: callback }) }).end();
        } else if (request.url === "/") response.end("<h1>Welcome</h1>");
        else {
          received.push(`${request.method} ${request.url} ${body}`);
          response.writeHead(302, { location: "/" }).end();
        }
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const callback = `${origin}/callback`;
      await using pingoneOfApp = await startPingOne({ redirectUris: [callback] });
      const shared = pingone;
      pingone = pingoneOfApp;
      try {
        const signedOn = await signOn(`${origin}/login`, "alice", { pingone });
        expect(received).toEqual([]);
        expect(signedOn.parameters.get("code")).toMatch(/./);
        expect((await signedOn.deliver()).heading).toBe("Welcome");
        const code = response_mode === "fragment" ? "" : `code=${signedOn.parameters.get("code")}`;
        expect(received).toEqual([expect.stringContaining(code)]);
        expect(received[0]).toMatch(response_mode === "form_post" ? /^POST/ : /^GET/);
      } finally {
        pingone = shared;
        server.close();
      }
    },
  );

  it.each([
    [
      "alice",
      { username: "alice", password: "wrong" },
      /alice: "Sign On" refuses: Invalid username and\/or password/,
    ],
    [
      "a disabled user",
      "disabled",
      /Invalid username.* this user: is disabled by an administrator\. While the emulator runs, the run of the flow is at http.*\/page\/runs\/[\w-]+$/,
    ],
    [
      "a locked one",
      "locked",
      /"Account Locked" has no button that leads on\. It says: .*unlock.* Buttons: Back to sign on\./,
    ],
    ["an unknown one", "alicia", /has no user alicia\. It has: alice, bob.*\{ username, password \}/],
  ])("fails for %s with what the page says", async (_, user, message) => {
    await expect(signOn(link(), user, { pingone })).rejects.toThrow(message);
  });

  it.each([
    ["a request that PingOne refuses", () => link({ redirect_uri: "http://else.test/" }), /redirect_uri/i],
    ["a page of no flow", () => `${pingone.issuer}/jwks`, /a page without a heading has no button.*keys/],
  ])("fails at %s", async (_, start, message) => {
    await expect(signOn(start(), "alice", { pingone })).rejects.toThrow(message);
  });

  it("does on each screen what it is told, once for each time it is shown", async () => {
    const answers = {
      "Sign On": [{ fields: { Password: "wrong" } }, { press: "Having trouble signing on?" }],
      "Recover Your Account": { press: "Back" },
    };
    const { parameters, screens } = await signOn(link(), "alice", { pingone, answers });
    expect(parameters.has("code")).toBe(true);
    expect(screens.map(({ heading }) => heading)).toEqual([
      "Sign On",
      "Sign On",
      "Recover Your Account",
      "Sign On",
      "Application Consent",
    ]);
    expect(screens[1]).toMatchObject({
      alert: "Invalid username and/or password",
      fields: ["Username", "Password"],
      buttons: expect.arrayContaining(["Sign On", "Having trouble signing on?"]),
    });
  });

  it.each([
    ["screen", { username: "alice", password: "wrong" }, {}],
    ["call", "alice", { "Sign On": { press: "Fly" } }],
    ["call", "nobody", {}],
  ] as const)(
    "tells whether the %s is at fault, and the screens up to there",
    async (fault, user, answers) => {
      const failed = signOn(link(), user, { pingone, answers });
      const screens =
        user === "nobody" ? [] : expect.arrayContaining([expect.objectContaining({ heading: "Sign On" })]);
      await expect(failed).rejects.toMatchObject({ fault, screens });
    },
  );

  it.each([
    [{ "Sign On": { press: "Fly" } }, /"Sign On" has no button "Fly"\. It has: Sign On, /],
    [
      { "Sign On": { fields: { Wings: "2" } } },
      /"Sign On" has no field "Wings"\. It has: Username, Password\./,
    ],
    [
      { Lobby: {} },
      /no screen asked for the answers for "Lobby"\. Screens shown: "Sign On", "Application Consent"/,
    ],
  ])("fails for an answer that the flow has no use for: %j", async (answers, message) => {
    await expect(signOn(link(), "alice", { pingone, answers })).rejects.toThrow(message);
  });

  it("fails when the outbox has no code", async () => {
    const empty = { issuer: pingone.issuer, users: pingone.users, outbox: { messages: async () => [] } };
    await expect(signOn(link(), "mfa", { pingone: empty })).rejects.toThrow(
      /"Enter Your Passcode" asks for a code/,
    );
  });

  it("never says a password", async () => {
    const user = { username: "alice", password: "TEST-ONLY-hidden" };
    await expect(signOn(link(), user, { pingone })).rejects.toThrow(/^((?!TEST-ONLY-hidden).)*$/);
  });
});

describe("a screen of a flow of one's own", () => {
  const html = (form: string) => `<h1>Who are you?</h1><form method="post" action="/again">${form}</form>`;
  const asks = (form: string) =>
    new TestBrowser({
      fetch: async () => new Response(html(form)),
    });

  it("that asks for what is not known is named, with a way on", async () => {
    const browser = asks('<label>Badge<input name="b" required></label><button>Go</button>');
    const page = await browser.open(`${pingone.issuer}/x`);
    await expect(answerScreens(page, "alice", { pingone })).rejects.toThrow(
      '"Who are you?" asks for what the driver does not know: Badge. Buttons: Go. Give the values as an option, {"fields":{"Badge":"..."}}',
    );
  });

  it("that comes back again and again ends with its name", async () => {
    const page = await asks("<button>Go</button>").open(`${pingone.issuer}/x`);
    await expect(answerScreens(page, "alice", { pingone })).rejects.toThrow(
      /"Who are you\?" still asks after 20/,
    );
    expect(page.browser.visited).toHaveLength(21);
  });
});

it("a browser gives up on a server that does not answer", async () => {
  const browser = new TestBrowser({
    timeoutMilliseconds: 20,
    fetch: (_, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
      ),
  });
  await expect(browser.open("http://silent.test/x")).rejects.toThrow(
    "No answer from http://silent.test/x within 0.02 seconds",
  );
});
