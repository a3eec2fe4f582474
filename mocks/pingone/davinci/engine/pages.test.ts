import { createHash } from "node:crypto";
import { html } from "hono/html";
import { parse } from "node-html-parser";
import { describe, expect, it } from "vitest";
import { PAGE_CONTENT_SECURITY_POLICY, renderPage } from "../../html/layout.ts";
import { createTestEngine, type Person, userFixture } from "../../testing/flow-driver.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

/** Renders each kind of screen for one user. */
async function openEveryScreen(): Promise<Map<string, Person>> {
  const { open } = createTestEngine();
  const at = (flow = "sign-on-with-consent") => open(flow);
  const signedOn = async (user: string, flow?: string) => (await at(flow)).signOn(user);
  return new Map([
    ["sign on", await at()],
    ["wrong password", await (await at()).signOn("alice", "wrong")],
    ["create profile", await (await at()).press("REGISTER")],
    ["verification code", await signedOn("unverified")],
    ["enter username", await (await at()).press("TROUBLE")],
    ["forgot password", await (await (await at()).press("TROUBLE")).press("CONTINUE", { username: "alice" })],
    ["change password", await signedOn("mustchange")],
    ["account locked", await signedOn("locked")],
    ["one-time code", await signedOn("mfa")],
    ["consent", await signedOn("alice")],
    ["choice of scopes", await signedOn("alice", "consent-reduced-scopes")],
    ["stranded", await (await signedOn("alice", "consent-strands-the-person")).press("DECLINED")],
  ]);
}

describe("every screen", () => {
  it("is one complete page without script, with one heading and labels tied to inputs", async () => {
    for (const [name, { html: page }] of await openEveryScreen()) {
      expect(page, name).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(page, name).toMatch(/<title>[^<]+ · offline emulator for PingOne<\/title>/);
      expect(page.match(/<h1[ >]/g), name).toHaveLength(1);
      expect(page, name).toContain("Offline emulator, not PingOne.");
      expect(page, name).not.toMatch(/<script|javascript:|\son\w+=|\sstyle=|https?:\/\//i);
      const root = parse(page);
      const labelled = root.querySelectorAll("label").map((label) => label.getAttribute("for"));
      for (const { id } of root.querySelectorAll("main input:not([type=hidden])")) {
        expect(labelled, name).toContain(id);
      }
      const ids = root.querySelectorAll("[id]").map(({ id }) => id);
      expect(new Set(ids).size, name).toBe(ids.length);
    }
  });

  it("lets a person take another way without filling in its fields", async () => {
    for (const [name, { html: page }] of await openEveryScreen()) {
      for (const link of parse(page).querySelectorAll("form.screen .btn-link")) {
        expect(link.hasAttribute("formnovalidate"), name).toBe(true);
      }
    }
  });

  it("posts to where the front said", async () => {
    for (const [name, { html: page, interactionId }] of await openEveryScreen()) {
      if (name === "stranded") continue;
      expect(page, name).toContain(
        `<form class="screen" method="post" action="/as/interaction/${interactionId}">`,
      );
    }
  });
});

describe("an error", () => {
  it("is announced, tied to the fields and named in the title", async () => {
    const person = await (await createTestEngine().open("sign-on-with-consent")).signOn("alice", "wrong");
    const root = parse(person.html);
    const { id, text } = root.querySelector('[role="alert"]') ?? {};
    expect(text).toBe("Invalid username and/or password");
    expect(root.querySelector("#username")?.getAttribute("aria-describedby")).toBe(id);
    expect(person.html).toContain("<title>Error: Sign On");
  });
});

describe("hostile text", () => {
  it("in the application, the user, a scope, the host, a parameter and the form action is shown as text", async () => {
    const { open } = createTestEngine({ users: [userFixture("eve", { username: HOSTILE })] });
    const person = await open("consent-reduced-scopes", {
      application: { id: "app", name: HOSTILE },
      scopes: ["openid", HOSTILE],
      redirectHost: HOSTILE,
      parameters: { login_hint: HOSTILE },
      formAction: `/x?${HOSTILE}`,
    });
    const valuesOfInput = (name: string) =>
      parse(person.html)
        .querySelectorAll(`[name="${name}"]`)
        .map((input) => input.getAttribute("value"));
    expect(valuesOfInput("username")).toEqual([HOSTILE]);
    const signOn = person.html;
    await person.signOn("eve@example.com");
    for (const page of [signOn, person.html]) {
      expect(page).not.toContain("<script");
      expect(page).not.toContain("<img");
    }
    const text = parse(person.html).querySelector("main")?.text;
    expect(text).toContain(`${HOSTILE} wants to access your account.`);
    expect(text).toContain(`You are signed on as ${HOSTILE}.`);
    expect(valuesOfInput("scopes")).toEqual([HOSTILE]);
  });

  it("cannot smuggle in a variable", async () => {
    const { open } = createTestEngine({ users: [userFixture("eve", { username: "{{user.email}}" })] });
    const person = await (await open("consent-declined-as-access-denied")).signOn("eve@example.com");
    expect((await person.press("DECLINED")).outcome).toMatchObject({
      errorDescription: "{{user.email}} declined the request of Remote MCP Server.",
    });
  });
});

describe("the emulator's own panel", () => {
  it("says what PingOne does not: scopes, redirect host and flow, apart from the page itself", async () => {
    const person = await (await createTestEngine().open("sign-on-with-consent")).signOn("alice");
    const [page, panel = ""] = person.html.split("</main>");
    expect(panel).toContain("Shown by the emulator, not by PingOne");
    for (const extra of [
      "openid, profile, todo_api:read, todo_api:write",
      "localhost:8787",
      "sign-on-with-consent",
    ]) {
      expect(panel).toContain(extra);
      expect(page).not.toContain(extra);
    }
  });
});

describe("the Content-Security-Policy", () => {
  it("allows the page's own style by its hash, and nothing else", () => {
    const page = renderPage({ heading: "Hello", content: html`<p>x</p>` });
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(PAGE_CONTENT_SECURITY_POLICY).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
    );
  });
});
