/** `pingone-emulator/playwright` as a team uses it: its own application, no Worker. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test as base, expect } from "pingone-emulator/playwright";

interface AppFixtures {
  /** Address of its page with a link to PingOne. */
  readonly login: (parameters?: Record<string, string>) => string;
}

/** The application says which parameters came back. The emulator gets its redirect URI. */
const test = base.extend<AppFixtures, { readonly app: string }>({
  app: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from the pattern.
    async ({}, use) => {
      const server = createServer(async (request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
        response.setHeader("content-type", "text/html");
        if (pathname === "/login") {
          const start = (searchParams.get("start") ?? "").replaceAll("&", "&amp;");
          return response.end(`<h1>My app</h1><a href="${start}">Log in</a>`);
        }
        const answer = new URLSearchParams((await request.toArray()).join("") || searchParams);
        response.end(`<h1>Welcome</h1><p>${request.method} ${[...answer.keys()].join(" ")}</p>`);
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      server.closeAllConnections();
      server.close();
    },
    { scope: "worker" },
  ],

  pingoneOptions: [async ({ app }, use) => use({ redirectUris: [`${app}/callback`] }), { scope: "worker" }],

  login: async ({ app, pingone }, use) => {
    await use((parameters = {}) => {
      const query = new URLSearchParams({
        client_id: pingone.client.id,
        redirect_uri: `${app}/callback`,
        response_type: "code",
        scope: "openid",
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method: "S256",
        ...parameters,
      });
      return `${app}/login?${new URLSearchParams({ start: `${pingone.issuer}/authorize?${query}` })}`;
    });
  },
});

for (const user of ["alice", "mustchange", "unverified", "mfa"]) {
  test(`passes the screens of ${user}`, async ({ page, login, signOn }) => {
    await page.goto(login());
    await page.getByRole("link", { name: "Log in" }).click();
    await signOn(page, user);
    await expect(page.getByRole("heading", { name: "Welcome" })).toBeVisible();
    await expect(page.getByText("GET code")).toBeVisible();
  });
}

test("comes back by form_post, and after Decline", async ({ page, login, signOn }) => {
  await page.goto(login({ response_mode: "form_post" }));
  await page.getByRole("link", { name: "Log in" }).click();
  await signOn(page, "decliner", { consent: "decline" });
  await expect(page.getByText("POST error error_description")).toBeVisible();
});

test("does on each screen what it is told, and fails for what no screen asks", async ({
  page,
  login,
  signOn,
}) => {
  await page.goto(login());
  await page.getByRole("link", { name: "Log in" }).click();
  const answers = {
    "Sign On": [{ fields: { Password: "wrong" } }, { press: "Having trouble signing on?" }],
    "Recover Your Account": { press: "Back" },
  };
  await signOn(page, "alice", { answers });
  await expect(page.getByRole("heading", { name: "Welcome" })).toBeVisible();
  await page.goto(login({ prompt: "login" }));
  await page.getByRole("link", { name: "Log in" }).click();
  const useless = signOn(page, "alice", { answers: { Lobby: {} } });
  await expect(useless).rejects.toThrow(/no screen asked for the answers for "Lobby"/);
});

test("goes on from a screen that was answered by hand", async ({ page, login, signOn }) => {
  await page.goto(login());
  await page.getByRole("link", { name: "Log in" }).click();
  await page.getByLabel("Username").fill("alice");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign On" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await signOn(page, "alice");
  await expect(page.getByRole("heading", { name: "Welcome" })).toBeVisible();
});

test("fails with what the page says", async ({ page, login, signOn }) => {
  await page.goto(login());
  await page.getByRole("link", { name: "Log in" }).click();
  await expect(signOn(page, "disabled")).rejects.toThrow(/"Sign On" refuses: Invalid username/);
});

test("the emulator is reset before a test", async ({ pingone }) => {
  expect(await pingone.faults.pending()).toEqual([]);
  expect(await pingone.journal.find()).toEqual([]);
});

test("a fault that no request met fails its test", async ({ pingone }) => {
  test.fail();
  await pingone.faults.queue({ endpoint: "jwks", fault: "server_error" });
});
