/** Whatever arrives, the answer is an error of the endpoint's own kind: never a 500, never a hang. */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { ROUTES } from "../routes.ts";
import { basic } from "../testing/client.ts";
import { PASSWORD } from "../testing/sign-on.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

withTenant({}, { once: true });

const below = "/as/";
const takingForms = ROUTES.filter(({ path, methods }) => path.startsWith(below) && methods.some(isPost));
const ALL = takingForms.map(({ path }) => path.slice(below.length));
const BACK_CHANNEL = takingForms
  .filter(({ methods }) => methods.every(isPost))
  .map(({ path }) => path.slice(below.length));

function isPost(method: string): boolean {
  return method === "POST";
}

const FORM = "application/x-www-form-urlencoded";
const bodies: [string, string, BodyInit][] = [
  ["nothing", "", ""],
  ["an empty form", FORM, ""],
  ["broken percent encoding", FORM, "token=%E0%A4%A&grant_type=%&client_id=%ff"],
  ["no names", FORM, "&&=x&=&"],
  ["names of an object's own members", FORM, "__proto__=1&constructor=2&toString=3"],
  ["control characters", FORM, "token%00=%0d%0a&grant_type=%00&state=%0d%0aX:1"],
  ["a thousand parameters", FORM, "a=1&".repeat(1000)],
  ["half a megabyte", FORM, `token=${"x".repeat(500_000)}`],
  ["three megabytes", FORM, `token=${"x".repeat(3_000_000)}`],
  ["JSON", "application/json", '{"grant_type":"refresh_token"}'],
  ["XML", "text/xml", "<a/>"],
  ["bytes", "application/octet-stream", new Uint8Array([0, 255, 254])],
  ["a type that is no type", ";;;", "x"],
];

describe.each(bodies)("a body of %s", (_, type, body) => {
  it.each(ALL)("to /%s gets an error of the client's, in a readable form", async (endpoint) => {
    for (const authorization of ["", basic(tenant.emulator.client)]) {
      const response = await fetch(`${tenant.issuer}/${endpoint}`, {
        method: "POST",
        redirect: "manual",
        headers: {
          ...(type !== "" && { "content-type": type }),
          ...(authorization !== "" && { authorization }),
        },
        body,
      });
      const text = await response.text();
      if (endpoint === "signoff" && response.status === 200) continue;
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      const answer = JSON.parse(text) as Record<string, unknown>;
      if (BACK_CHANNEL.includes(endpoint)) expect(answer).toHaveProperty("error");
      else expect(answer).toHaveProperty("code");
    }
  });
});

describe("a form that is right but for", () => {
  const padding = Array.from({ length: 9000 }, (_, number) => `pad${number}=x`).join("&");

  it.each<[string, number, string, string, (body: string) => BodyInit]>([
    ["its size", 413, FORM, padding, (body) => body],
    ["its size, and comes in chunks", 413, FORM, padding, (body) => new Blob([body]).stream()],
    ["its content type", 400, "text/plain", "", (body) => body],
  ])("%s is refused", async (_, status, type, pad, send) => {
    const { access_token: token } = await tenant.obtainTokens();
    const introspect = async (contentType: string, rest: string) => {
      const headers = { authorization: basic(tenant.emulator.client), "content-type": contentType };
      const init = { method: "POST", headers, body: send(`token=${token}&${rest}`), duplex: "half" };
      const response = await fetch(`${tenant.issuer}/introspect`, init);
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect(await introspect(FORM, "")).toMatchObject({ active: true });
    expect(await introspect(type, pad)).toMatchObject({ status, error: "invalid_request" });
  });
});

describe("a form of three megabytes", () => {
  it.each(ALL)("to /%s gets 413 in a readable form", async (endpoint) => {
    const body = new URLSearchParams({ token: "x".repeat(3_000_000) });
    const response = await fetch(`${tenant.issuer}/${endpoint}`, { method: "POST", body });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject(
      BACK_CHANNEL.includes(endpoint) ? { error: "invalid_request" } : { code: expect.any(String) },
    );
  });

  it("of a sign-on gets 413 and a page", async () => {
    const path = "../davinci/interactions/x";
    const body = new URLSearchParams({ step: "x".repeat(3_000_000) });
    const page = await tenant
      .openBrowser()
      .request(new URL(`${tenant.issuer}/${path}`), { method: "POST", body });
    expect(page.response?.status).toBe(413);
    expect(page.heading).not.toBe("");
  });
});

describe("a form of a sign-on", () => {
  it.each(bodies)("with a body of %s gets a readable page, and goes on afterwards", async (_, type, body) => {
    const browser = tenant.openBrowser();
    const page = await tenant.open({}, browser);
    const path = page.root.querySelector("form")?.getAttribute("action") ?? "";
    const answer = await browser.request(new URL(path, tenant.emulator.origin), {
      method: "POST",
      ...(type !== "" && { headers: { "content-type": type } }),
      body,
    });
    expect(answer.response?.status).toBeLessThan(500);
    expect(answer.heading).not.toBe("");
    const consent = await page.submit("Sign On", { Username: "bob", Password: PASSWORD });
    expect(consent.heading).toBe("Application Consent");
  });
});

describe("other methods", () => {
  it.each([
    ...["authorize", "userinfo", "signoff"].map((endpoint) => [endpoint, "PUT", "GET, POST"]),
    ...BACK_CHANNEL.flatMap((endpoint) => ["GET", "DELETE"].map((method) => [endpoint, method, "POST"])),
    ...["jwks", ".well-known/openid-configuration"].map((endpoint) => [endpoint, "POST", "GET"]),
    ...["PUT", "GET", "HEAD"].map((method) => ["../davinci/interactions/x", method, "POST"]),
  ])("on /%s: %s gets 405 with the methods that are allowed", async (endpoint, method, allowed) => {
    const response = await fetch(`${tenant.issuer}/${endpoint}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allowed);
  });
});

describe("paths that are not there", () => {
  it.each(["/", "/nothing", "//", "/%", "/%00", "/../..", "/as/token", "/__proto__"])(
    "get 404: %s",
    async (path) => {
      const response = await rawGet(path);
      expect(response).toMatch(/^HTTP\/1\.1 404 /);
    },
  );

  it("[PING-107] include the handlers of the signing library, which validate nothing", async () => {
    const body = new URLSearchParams({ grant_type: "client_credentials", scope: "dummy" });
    for (const path of ["token", "authorize", "userinfo", "revoke", "introspect", "endsession", "jwks"]) {
      const url = new URL(path, tenant.emulator.origin);
      expect((await fetch(url, { redirect: "manual" })).status).toBe(404);
      expect((await fetch(url, { method: "POST", body })).status).toBe(404);
    }
  });
});

describe("a query of", () => {
  it.each([
    ["broken percent encoding", "client_id=%E0%A4%A&redirect_uri=%"],
    ["no names", "=&=&&"],
    ["an endless value", `client_id=${"x".repeat(12_000)}`],
    ["names of an object's own members", "__proto__=x&constructor=x"],
  ])("%s to /authorize and /signoff is answered", async (_, query) => {
    for (const endpoint of ["authorize", "signoff"]) {
      const response = await fetch(`${tenant.issuer}/${endpoint}?${query}`, { redirect: "manual" });
      expect(response.status).toBeLessThan(500);
    }
  });

  it("more than an HTTP server takes is answered by the server itself", async () => {
    expect(await rawGet(`/x?${"y".repeat(20_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe("headers", () => {
  it.each([
    ["cookie", "ST=; ST-NO-SS=; =; ;;ST=%E0%A4%A"],
    ["authorization", "Bearer"],
    ["authorization", "Bearer  "],
    ["authorization", `Bearer ${"x".repeat(9000)}`],
    ["authorization", "\u00ff\u00fe"],
    ["accept", "text/html;q=x"],
  ])("%s: %j break nothing", async (name, value) => {
    for (const endpoint of ALL) {
      const response = await fetch(`${tenant.issuer}/${endpoint}`, {
        headers: { [name]: value },
        redirect: "manual",
      });
      expect(response.status).toBeLessThan(500);
    }
  });

  it("do not let a redirect carry another header", async () => {
    const answer = await tenant.authorize({ state: "x\r\nSet-Cookie: a=b", scope: undefined });
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("location")).toContain("state=x%0D%0ASet-Cookie");
  });
});

/** `fetch` would tidy the path up before it is sent. */
function rawGet(path: string): Promise<string> {
  const { hostname, port } = new URL(tenant.emulator.origin);
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(port), hostname, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`),
    );
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("close", () => resolve(received));
    socket.on("error", reject);
  });
}
