import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { basic, claimsOf, form } from "../../testing/client.ts";
import { addApplications, startTenant, type Tenant } from "../../testing/tenant.ts";

const SERVICE = { id: "service", grantTypes: ["CLIENT_CREDENTIALS"], responseTypes: [], type: "SERVICE" };

let tenant: Tenant;
beforeEach(async () => {
  tenant = await startTenant({ edit: addApplications(SERVICE) });
});
afterEach(() => tenant[Symbol.asyncDispose]());

const asService = () => basic({ id: "service", secret: tenant.emulator.client.secret });

describe("a scope that the application is not granted", () => {
  const ungranted = [
    ["an unknown one", "nonsense"],
    ["one of PingOne's API", "p1:read:user"],
    ["offline_access without a grant for it", "offline_access"],
    ["a granted one in other letters", "TODO_API:READ"],
    ["the beginning of a granted one", "todo_api"],
  ] as const;

  it.each(ungranted)("[PING-025] [PING-092] is left out of the answer: %s", async (_, scope) => {
    const tokens = await tenant.obtainTokens({ parameters: { scope: `${scope} openid todo_api:read` } });
    expect(tokens.scope).toBe("todo_api:read openid");
    expect(claimsOf(tokens.access_token).scope).toBe("todo_api:read openid");
  });

  it.each(ungranted)("[PING-025] is invalid_scope where no other is left: %s", async (_, scope) => {
    const answer = await tenant.authorizeError({ scope });
    expect(answer.error).toBe("invalid_scope");
    expect(answer.error_description).toContain("At least one scope must be granted");
  });

  it.each(ungranted)("[PING-025] is invalid_scope where the switch refuses it: %s", async (_, scope) => {
    tenant.emulator.admin.setSwitches({ ungrantedScopes: "refuse" });
    const answer = await tenant.authorizeError({ scope: `${scope} openid todo_api:read` });
    expect(answer.error).toBe("invalid_scope");
    expect(answer.error_description).toContain("is not granted to the application");
    expect((await tenant.authorize({ scope: "openid todo_api:read" })).status).toBe(200);
  });

  it("[PING-025] is left out before the remaining ones are judged, so that it does not count as a resource", async () => {
    const tokens = await tenant.obtainTokens({ parameters: { scope: "p1:read:user todo_api:read" } });
    expect(claimsOf(tokens.access_token)).toMatchObject({
      scope: "todo_api:read",
      aud: ["https://todo.api.com"],
    });
  });

  it("[PING-025] is left out of a pushed request, and of client_credentials", async () => {
    const { request_uri } = await tenant.ask(
      "par",
      tenant.authorizeParameters({ scope: "openid nonsense todo_api:read" }),
    );
    const parameters = form({ client_id: "mcp-server", request_uri: String(request_uri) });
    const page = await tenant.visit(tenant.openBrowser(), parameters);
    expect(page.url.searchParams.has("code")).toBe(true);
    const request = { grant_type: "client_credentials", scope: "nonsense todo_api:read" };
    expect(await tenant.token(request, asService())).toMatchObject({ status: 200, scope: "todo_api:read" });
  });
});
