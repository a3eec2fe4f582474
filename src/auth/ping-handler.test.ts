/** The answer to the consent page when the store fails, which no worker test can make it do. */
import { expect } from "vitest";
import { networkTest as it } from "../testing/network.ts";
import { testSettings } from "../testing/settings.ts";
import { createAuthorizeHandler } from "./ping-handler.ts";
import { CRAFTED_REQUEST, CRAFTED_SETTINGS, createCraftedIssuer } from "./testing/crafted-issuer.ts";

it("[FAIL-58] a write that fails after the person has allowed the client ends at the client, not on a page", async ({
  network,
}) => {
  network.use(...(await createCraftedIssuer()).handlers);
  const request = CRAFTED_REQUEST;
  const provider = {
    approveConsent: async () => ({ request, headers: new Headers({ "Set-Cookie": "consent=; Max-Age=0" }) }),
    beginUpstream: async () => {
      throw new Error("KV PUT failed: 500");
    },
  };
  const response = await createAuthorizeHandler(testSettings(CRAFTED_SETTINGS)).request(
    "https://mcp.example.com/authorize",
    {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ handle: "h", decision: "approve" }).toString(),
    },
    { OAUTH_PROVIDER: provider },
  );
  expect(response.status).toBe(302);
  const location = new URL(response.headers.get("Location") ?? "");
  expect(location.origin + location.pathname).toBe(request.redirectUri);
  expect(Object.fromEntries(location.searchParams)).toEqual({
    error: "server_error",
    error_description: "The sign-in failed in this server.",
    state: "the-state",
    iss: "https://mcp.example.com",
  });
});
