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

function renderConsent(changes: Partial<ConsentDetails> = {}, handle = "h"): Response {
  return renderConsentPage({
    details: consentDetails(changes),
    scopes: ["todo_api:read", "todo_api:write"],
    handle,
    headers: new Headers(),
  });
}

const ERROR = { status: 418, title: "T", text: "x", nextStep: "y" };

const parsePage = async (page: Response) => parse(await page.text());

const PAGES: readonly [name: string, render: () => Response, status: number][] = [
  ["consent", () => renderConsent(), 200],
  ["error", () => renderErrorPage(ERROR), 418],
  ["settings", () => renderSettingsPage([{ name: "A", problem: "is missing", remedy: "do" }]), 503],
  ["landing", () => renderLandingPage({ resource: "https://mcp.example.com/mcp", tools: TOOLS }), 200],
];

describe.each(PAGES)("the %s page", (_name, render, status) => {
  it("[SEC-07] carries its status and the headers that protect it", async () => {
    const response = render();
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
    const response = render();
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
    const text = await render().text();
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
    const { text } = await parsePage(renderConsent());
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

  it.each<[title: string, details: Partial<ConsentDetails>, said: string[], unsaid: string[]]>([
    ["says that a name which registered itself is not verified", {}, ["Nobody has verified it"], []],
    [
      "names the domain that publishes the client's metadata document",
      { clientDomain: "publisher.example" },
      ["publisher.example"],
      ["Nobody has verified it"],
    ],
    ["warns of an app on the person's own computer", { redirectIsLoopback: true }, ["own computer"], []],
    ["does not warn of an app elsewhere", {}, [], ["own computer"]],
  ])("[SEC-05] %s", async (_title, details, said, unsaid) => {
    const text = await renderConsent(details).text();
    for (const part of said) expect(text).toContain(part);
    for (const part of unsaid) expect(text).not.toContain(part);
  });

  it.each<[redirectUri: string, shown: string]>([
    ["http://localhost:49152/callback", "localhost:49152"],
    ["http://[::1]:8080/callback", "[::1]:8080"],
    ["https://app.example/callback", "app.example"],
    ["com.example.app:/callback", "com.example.app:/callback"],
  ])("says that %s is at %s", async (redirectUri, shown) => {
    const redirectHost = new URL(redirectUri).hostname || redirectUri;
    const root = await parsePage(renderConsent({ redirectUri, redirectHost }));
    expect(root.querySelectorAll("dd").map(({ text }) => text)).toContain(shown);
  });

  it("[SEC-05] shows a name without what hides or reorders the text around it, and not more of it than fits", async () => {
    const root = await parsePage(renderConsent({ clientName: `Go\u202e\u200bod${"x".repeat(500)}` }));
    const name = `Good${"x".repeat(95)}…`;
    expect(root.querySelector("h1")?.text).toBe(`Allow ${name} to use your todos?`);
    expect(root.querySelector("title")?.text).toBe(`Allow ${name}? Todo`);
    expect(root.querySelector("dd")?.text).toBe(name);
    expect(root.toString()).not.toMatch(/[\u202e\u200b]|x{100}/);
  });

  it("escapes a hostile handle inside its attribute", async () => {
    const root = await parsePage(renderConsent({}, HOSTILE));
    expect(root.querySelectorAll("script, img")).toEqual([]);
    expect(root.querySelector("input")?.getAttribute("value")).toBe(HOSTILE);
  });
});

it.each<[text: string, render: (hostile: string) => Response]>([
  ["client name", (clientName) => renderConsent({ clientName })],
  // An address that is no URL is shown as the provider names it.
  ["redirect host", (redirectHost) => renderConsent({ redirectUri: HOSTILE, redirectHost })],
  ["client domain", (clientDomain) => renderConsent({ clientDomain })],
  ["title", (title) => renderErrorPage({ ...ERROR, title })],
  ["text", (text) => renderErrorPage({ ...ERROR, text })],
  ["next step", (nextStep) => renderErrorPage({ ...ERROR, nextStep })],
  ["reference", (reference) => renderErrorPage({ ...ERROR, reference })],
])("[SEC-06] a hostile %s is escaped", async (_text, render) => {
  const root = await parsePage(render(HOSTILE));
  expect(root.querySelectorAll("script, img")).toEqual([]);
  expect(root.querySelector("main")?.text).toContain(HOSTILE);
});

describe("renderErrorPage", () => {
  it.each([
    ["Not started here", "Not started here."],
    ["Stop!", "Stop!"],
  ])("ends %j as a sentence, whoever wrote it", async (text, shown) => {
    expect(await renderErrorPage({ ...ERROR, text }).text()).toContain(`${shown}<`);
  });

  it("leads to a place where there is one to go to", async () => {
    expect((await parsePage(renderErrorPage(ERROR))).querySelector("a")).toBeNull();
    const root = await parsePage(renderErrorPage({ ...ERROR, link: { href: "/there", text: "There" } }));
    expect(root.querySelector("a")?.toString()).toBe('<a href="/there">There</a>');
  });

  it("shows a reference only where there is one", async () => {
    expect(await renderErrorPage(ERROR).text()).not.toContain("Reference");
  });
});

it("the landing page says where to connect and which tools there are", async () => {
  const { text } = await parsePage(
    renderLandingPage({ resource: "https://mcp.example.com/mcp", tools: TOOLS }),
  );
  expect(text).toContain("https://mcp.example.com/mcp");
  for (const { name, title } of TOOLS) expect(text).toContain(`${name}: ${title}`);
});
