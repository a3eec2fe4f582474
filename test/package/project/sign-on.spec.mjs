/** A sign-on in a browser by the Playwright fixture, at an application that is nothing but a redirect. */
import { createServer } from "node:http";
import { test as base, expect } from "pingone-emulator/playwright";

const test = base.extend({
  /** An application that sends everybody to PingOne and shows the code that comes back. */
  application: async ({ pingone }, use) => {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url, "http://localhost");
      if (searchParams.has("code")) return response.end("Signed in");
      const query = new URLSearchParams({
        client_id: "somebody-elses-app",
        redirect_uri: url,
        response_type: "code",
        scope: "openid",
      });
      response.writeHead(302, { location: `${pingone.issuer}/authorize?${query}` }).end();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://localhost:${server.address().port}/`;
    await pingone.seed.application({ id: "somebody-elses-app", redirectUris: [url] });
    await use(url);
    server.close();
  },
});

test("signs on with a one-time code", async ({ page, application, signOn }) => {
  await page.goto(application);
  await signOn(page, "mfa");
  await expect(page.getByText("Signed in")).toBeVisible();
});
