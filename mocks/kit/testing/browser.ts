/**
 * A person's browser in a few lines: cookies by the rules, redirects followed across sites, forms filled by their
 * labels and sent by their buttons. No JavaScript, like the pages that it visits.
 */
import { type HTMLElement, parse } from "node-html-parser";
import { CookieJar } from "tough-cookie";

type TestFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const MAXIMUM_REDIRECTS = 12;

export class TestBrowser {
  readonly cookies = new CookieJar();
  /** Every address that was visited, redirects included. */
  readonly visited: URL[] = [];
  readonly #fetch: TestFetch;
  readonly #stopAt: (url: URL) => boolean;

  /** @param stopAt redirects to such addresses are not followed: they belong to the MCP client */
  constructor(fetch: TestFetch, stopAt: (url: URL) => boolean) {
    this.#fetch = fetch;
    this.#stopAt = stopAt;
  }

  open(url: string | URL): Promise<TestPage> {
    return this.request(new URL(url), { method: "GET" });
  }

  async request(start: URL, init: RequestInit): Promise<TestPage> {
    let url = start;
    let options = init;
    for (let hop = 0; hop < MAXIMUM_REDIRECTS; hop += 1) {
      this.visited.push(url);
      if (this.#stopAt(url)) return new TestPage(this, url, undefined, "");
      const headers = new Headers(options.headers);
      headers.set("Accept", "text/html");
      const cookie = await this.cookies.getCookieString(url.href);
      if (cookie !== "") headers.set("Cookie", cookie);
      const response = await this.#fetch(url, { ...options, headers, redirect: "manual" });
      for (const line of response.headers.getSetCookie()) await this.cookies.setCookie(line, url.href);
      const location = response.headers.get("Location");
      if (response.status < 300 || response.status > 399 || location === null) {
        return new TestPage(this, url, response, await response.text());
      }
      url = new URL(location, url);
      options = { method: "GET" };
    }
    throw new Error(`More than ${MAXIMUM_REDIRECTS} redirects, last to ${url.origin}${url.pathname}`);
  }
}

export class TestPage {
  readonly url: URL;
  /** Undefined where the browser stopped at an address of the MCP client. */
  readonly response: Response | undefined;
  readonly text: string;
  readonly root: HTMLElement;
  readonly #browser: TestBrowser;

  constructor(browser: TestBrowser, url: URL, response: Response | undefined, text: string) {
    this.#browser = browser;
    this.url = url;
    this.response = response;
    this.text = text;
    this.root = parse(text);
  }

  get heading(): string {
    return this.root.querySelector("h1")?.text.trim() ?? "";
  }

  /** Fills fields by label (by name where a page has no labels) and presses a button by its text. */
  submit(button: string, fields: Readonly<Record<string, string>> = {}): Promise<TestPage> {
    const form = this.root
      .querySelectorAll("form")
      .find((candidate) => candidate.querySelectorAll("button").some((item) => item.text.trim() === button));
    if (form === undefined) {
      const buttons = this.root.querySelectorAll("button").map((item) => item.text.trim());
      throw new Error(
        `No button "${button}" at ${this.url.pathname} ("${this.heading}"); there are: ${buttons}`,
      );
    }
    const body = new URLSearchParams();
    for (const input of form.querySelectorAll("input")) {
      const type = input.getAttribute("type") ?? "text";
      if ((type === "checkbox" || type === "radio") && !input.hasAttribute("checked")) continue;
      body.append(input.getAttribute("name") ?? "", input.getAttribute("value") ?? "");
    }
    for (const [label, value] of Object.entries(fields)) body.set(this.#fieldName(form, label), value);
    const pressed = form.querySelectorAll("button").find((item) => item.text.trim() === button);
    const name = pressed?.getAttribute("name");
    if (name !== undefined) body.append(name, pressed?.getAttribute("value") ?? "");
    return this.#browser.request(new URL(form.getAttribute("action") ?? "", this.url), {
      method: (form.getAttribute("method") ?? "get").toUpperCase(),
      headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: this.url.origin },
      body: body.toString(),
    });
  }

  /** Sends a form that the page does not offer in this shape, with the browser's cookies. */
  post(path: string, fields: Readonly<Record<string, string>>): Promise<TestPage> {
    return this.#browser.request(new URL(path, this.url), {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: this.url.origin },
      body: new URLSearchParams(fields).toString(),
    });
  }

  #fieldName(form: HTMLElement, label: string): string {
    const found = form.querySelectorAll("label").find((item) => item.text.trim() === label);
    const input =
      found === undefined
        ? form.querySelector(`input[name="${label}"]`)
        : form.querySelector(`#${found.getAttribute("for")}`);
    const name = input?.getAttribute("name");
    if (name === undefined) throw new Error(`No field labelled "${label}" at ${this.url.pathname}`);
    return name;
  }
}
