import { beforeEach, describe, expect, it } from "vitest";
import { buildFlow, type NodeSpec, richText } from "../../testing/graph-builder.ts";
import { tenant, withTenant } from "../../testing/with-tenant.ts";
import { addFlowInput } from "../files/flow-uploads.ts";

withTenant({}, { once: true });
beforeEach(() => {
  tenant.emulator.flows.clear();
  return tenant.emulator.admin.reset();
});

const show = (markup: string): NodeSpec => ({
  is: "httpConnector.customHTMLTemplate",
  properties: { customHTML: `<h1>${markup}</h1>` },
});

/** Checks the cookie; where there is none, sets it. */
async function add({ id = "a".repeat(32), user = "", check = {}, set = {} } = {}) {
  const suffix = user === "" ? "WithoutUser" : "";
  const flow = buildFlow({
    id,
    nodes: {
      check: {
        is: `cookieConnector.checkSessionCookie${suffix}`,
        properties: { cookieName: "seen", ...check },
      },
      known: show(
        "Known: {{local.check.payload.output.claims.colour}} {{local.check.payload.output.claims.userId}}",
      ),
      find: {
        is: "pingOneSSOConnector.userLookup",
        properties: { matchAttributes: ["username"], userIdentifierForFindUser: user },
      },
      set: {
        is: `cookieConnector.setCookie${suffix}`,
        properties: {
          cookieName: "seen",
          cookieExpiresInSeconds: "60",
          claimsNameValuePairsSessionCookie: [{ name: "colour", value: richText("red") }],
          ...set,
        },
      },
      fresh: show("New"),
      failed: show("{{local.set.payload.error.code}}"),
    },
    ways: [
      ["check", "true", "known"],
      ["check", "false", "find"],
      ["find", "always", "set"],
      ["set", "true", "fresh"],
      ["set", "false", "failed"],
    ],
  });
  const { policyId } = await tenant.emulator.flows.add(addFlowInput.parse({ flow }));
  return `${tenant.issuer}/authorize?${tenant.authorizeParameters({ acr_values: policyId })}`;
}

describe("a cookie of a flow", () => {
  it("[PING-185] is known in the same browser until it expires, and in no other one", async () => {
    const url = await add();
    const browser = tenant.openBrowser();
    expect((await browser.open(url)).heading).toBe("New");
    expect((await browser.open(url)).heading).toBe("Known: red");
    expect((await tenant.openBrowser().open(url)).heading).toBe("New");
    tenant.advanceSeconds(60);
    expect((await browser.open(url)).heading).toBe("New");
  });

  it("is a user's, and survives a restart", async () => {
    const url = await add({ user: "alice" });
    const browser = tenant.openBrowser();
    expect((await browser.open(url)).heading).toBe("New");
    await tenant.emulator.restore(structuredClone(tenant.emulator.snapshot()));
    // A restart forgets flows that were uploaded.
    const again = await add({ user: "alice" });
    expect((await browser.open(again)).heading).toBe(`Known: red ${tenant.userId("alice")}`);
    await tenant.emulator.admin.reset();
    expect((await browser.open(await add({ user: "alice" }))).heading).toBe("New");
  });

  it("of a user needs one", async () => {
    expect((await tenant.openBrowser().open(await add({ user: "nobody" }))).heading).toBe("noUser");
  });

  it("can be for one flow only", async () => {
    const browser = tenant.openBrowser();
    await browser.open(await add());
    const other = { id: "b".repeat(32) };
    expect((await browser.open(await add(other))).heading).toBe("Known: red");
    const strict = await add({ ...other, check: { enforceFlowIdMatch: "true" } });
    expect((await browser.open(strict)).heading).toBe("New");
  });

  it("can be for one address only", async () => {
    const browser = tenant.openBrowser();
    const url = await add({ check: { enforceClientIP: true } });
    await browser.open(url);
    expect((await browser.open(url)).heading).toBe("Known: red");
  });

  it("has a name that a cookie can have", async () => {
    const url = await add({ set: { cookieName: "a;b=c" } });
    expect((await tenant.openBrowser().open(url)).heading).toBe("invalidInput");
  });
});
