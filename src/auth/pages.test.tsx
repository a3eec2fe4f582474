import { parse } from "node-html-parser";
import { describe, expect, it } from "vitest";
import { TOOLS } from "../tools.ts";
import { renderConsentPage, renderErrorPage, renderLandingPage, renderSettingsPage } from "./pages.tsx";

const HOSTILE = `"><img src=x onerror=alert(1)><script>alert('x')</script>&amp;`;

type ConsentDetails = Parameters<typeof renderConsentPage>[0]["details"];

function consentDetails(changes: Partial<ConsentDetails> = {}): ConsentDetails {
  return {
    clientId: "c",
    clientName: "Test client",
    redirectUri: "https://app.example/callback",
    redirectHost: "app.example",
    redirectIsLoopback: false,
    ...changes,
  } as ConsentDetails;
}

function renderConsent(changes: Partial<ConsentDetails> = {}, handle = "the-handle"): Promise<Response> {
  return renderConsentPage({
    details: consentDetails(changes),
    scopes: ["todo_api:read", "todo_api:write"],
    handle,
    headers: new Headers({ "Set-Cookie": "__Host-one=1" }),
  });
}

const PAGES: readonly [name: string, render: () => Promise<Response>, status: number][] = [
  ["consent", () => renderConsent(), 200],
  [
    "error",
    () => renderErrorPage({ status: 418, title: "T", text: "x", nextStep: "y", reference: "ref-1" }),
    418,
  ],
  ["settings", () => renderSettingsPage([{ name: "A", problem: "is missing", remedy: "do" }]), 503],
  ["landing", () => renderLandingPage({ resource: "https://mcp.example.com/mcp", tools: TOOLS }), 200],
];

describe.each(PAGES)("the %s page", (_name, render, status) => {
  it("[SEC-07] carries its status and the headers that protect it", async () => {
    const response = await render();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });

  it("[SEC-06] lets only its own style sheet through its Content-Security-Policy", async () => {
    const response = await render();
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    const root = parse(await response.text(), { blockTextElements: { style: true } });
    const style = root.querySelector("style")?.rawText ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${Buffer.from(digest).toString("base64")}'`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it("is a page without script, in English, with one heading and a title", async () => {
    const text = await (await render()).text();
    const root = parse(text);
    expect(text.startsWith("<!doctype html>")).toBe(true);
    expect(root.querySelector("html")?.getAttribute("lang")).toBe("en");
    expect(root.querySelectorAll("h1")).toHaveLength(1);
    expect(root.querySelector("title")?.text).not.toBe("");
    expect(root.querySelectorAll("script")).toEqual([]);
    expect(text).not.toMatch(/\son\w+=/);
  });
});

describe("renderConsentPage", () => {
  it("names the client, where access is sent and each scope in words", async () => {
    const text = parse(await (await renderConsent()).text()).text;
    for (const part of [
      "Test client",
      "app.example",
      "See your todos",
      "todo_api:read",
      "Add, change and delete your todos",
      "todo_api:write",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("names only the scopes that were asked for", async () => {
    const response = await renderConsentPage({
      details: consentDetails(),
      scopes: ["todo_api:read"],
      handle: "h",
      headers: new Headers(),
    });
    expect(await response.text()).not.toContain("todo_api:write");
  });

  it("posts the handle and a decision to /authorize", async () => {
    const form = parse(await (await renderConsent()).text()).querySelector("form");
    expect(form?.getAttribute("method")).toBe("post");
    expect(form?.getAttribute("action")).toBe("/authorize");
    expect(form?.querySelector("input")?.attributes).toMatchObject({ name: "handle", value: "the-handle" });
    expect(form?.querySelectorAll("button").map((button) => button.getAttribute("value"))).toEqual([
      "approve",
      "deny",
    ]);
  });

  it("keeps the cookie that binds it to the browser", async () => {
    expect((await renderConsent()).headers.getSetCookie()).toEqual(["__Host-one=1"]);
  });

  it("[SEC-05] says that a name which registered itself is not verified", async () => {
    expect(await (await renderConsent()).text()).toContain("Nobody has verified it");
  });

  it("names the domain that publishes the client's metadata document", async () => {
    const text = await (await renderConsent({ clientDomain: "publisher.example" })).text();
    expect(text).toContain("publisher.example");
    expect(text).not.toContain("Nobody has verified it");
  });

  it("[SEC-05] warns of an app on the person's own computer, and only of such", async () => {
    expect(await (await renderConsent({ redirectIsLoopback: true })).text()).toContain("own computer");
    expect(await (await renderConsent()).text()).not.toContain("own computer");
  });

  it.each<[redirectUri: string, shown: string]>([
    ["http://localhost:49152/callback", "localhost:49152"],
    ["http://127.0.0.1:8080/callback", "127.0.0.1:8080"],
    ["http://[::1]:8080/callback", "[::1]:8080"],
    ["https://app.example/callback", "app.example"],
    ["https://app.example:8443/callback", "app.example:8443"],
    ["com.example.app:/callback", "com.example.app:/callback"],
  ])("says that %s is at %s", async (redirectUri, shown) => {
    const redirectHost = new URL(redirectUri).hostname || redirectUri;
    const root = parse(await (await renderConsent({ redirectUri, redirectHost })).text());
    expect(root.querySelectorAll("dd").map(({ text }) => text)).toContain(shown);
  });

  it("[SEC-05] shows a name without what hides or reorders the text around it, and not more of it than fits", async () => {
    const root = parse(
      await (await renderConsent({ clientName: `Go\u202e\u200bod${"x".repeat(500)}` })).text(),
    );
    const name = `Good${"x".repeat(95)}…`;
    expect(root.querySelector("h1")?.text).toBe(`Allow ${name} to use your todos?`);
    expect(root.querySelector("title")?.text).toBe(`Allow ${name}? Todo`);
    expect(root.querySelector("dd")?.text).toBe(name);
    expect(root.toString()).not.toMatch(/[\u202e\u200b]|x{100}/);
  });

  it.each(["clientName", "redirectHost", "clientDomain"] as const)(
    "[SEC-06] escapes a hostile %s",
    async (field) => {
      // An address that is no URL is shown as the provider names it.
      const root = parse(await (await renderConsent({ redirectUri: HOSTILE, [field]: HOSTILE })).text());
      expect(root.querySelectorAll("script, img")).toEqual([]);
      expect(root.text).toContain(HOSTILE);
    },
  );

  it("escapes a hostile handle inside its attribute", async () => {
    const root = parse(await (await renderConsent({}, HOSTILE)).text());
    expect(root.querySelectorAll("script, img")).toEqual([]);
    expect(root.querySelector("input")?.getAttribute("value")).toBe(HOSTILE);
  });
});

describe("renderErrorPage", () => {
  it.each(["title", "text", "nextStep", "reference"] as const)(
    "[SEC-06] escapes a hostile %s",
    async (field) => {
      const page = { status: 400, title: "T", text: "x", nextStep: "y", [field]: HOSTILE };
      const root = parse(await (await renderErrorPage(page)).text());
      expect(root.querySelectorAll("script, img")).toEqual([]);
      expect(root.querySelector("main")?.text).toContain(HOSTILE);
    },
  );

  it("ends its text as a sentence, whoever wrote it", async () => {
    const page = { status: 400, title: "T", nextStep: "y" };
    expect(await (await renderErrorPage({ ...page, text: "Not started here" })).text()).toContain(
      "Not started here.<",
    );
    expect(await (await renderErrorPage({ ...page, text: "Stop!" })).text()).toContain("Stop!<");
  });

  it("leads to a place where there is one to go to", async () => {
    const page = { status: 400, title: "T", text: "x", nextStep: "y" };
    const read = async (response: Promise<Response>) =>
      parse(await (await response).text()).querySelector("a");
    expect(await read(renderErrorPage(page))).toBeNull();
    const link = await read(renderErrorPage({ ...page, link: { href: "/there", text: "There" } }));
    expect(link?.getAttribute("href")).toBe("/there");
    expect(link?.text).toBe("There");
  });

  it("shows a reference only where there is one", async () => {
    const page = { status: 400, title: "T", text: "x", nextStep: "y" };
    expect(await (await renderErrorPage(page)).text()).not.toContain("Reference");
    expect(await (await renderErrorPage({ ...page, reference: "ref-1" })).text()).toContain("ref-1");
  });
});

describe("renderSettingsPage", () => {
  it("lists every problem with its remedy", async () => {
    const text = parse(
      await (
        await renderSettingsPage([
          { name: "ONE", problem: "is missing", remedy: "npm run wrangler secret put ONE" },
          { name: "TWO", problem: "is empty", remedy: "npm run wrangler secret put TWO" },
        ])
      ).text(),
    ).text;
    for (const part of ["ONE is missing", "secret put ONE", "TWO is empty", "secret put TWO"]) {
      expect(text).toContain(part);
    }
  });
});

describe("renderLandingPage", () => {
  it("says where to connect and which tools there are", async () => {
    const text = parse(
      await (await renderLandingPage({ resource: "https://mcp.example.com/mcp", tools: TOOLS })).text(),
    ).text;
    expect(text).toContain("https://mcp.example.com/mcp");
    for (const { name, title } of TOOLS) expect(text).toContain(`${name}: ${title}`);
  });
});
