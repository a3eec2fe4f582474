/**
 * A browser without JavaScript, in a few lines, for tests over HTTP: cookies by the rules (RFC 6265), redirects across
 * sites, forms filled by their labels and sent by their buttons.
 */
import { type HTMLElement, parse } from "node-html-parser";
import { CookieJar } from "tough-cookie";
import { type FormButton, type HtmlForm, readForms, textOf, valuesOf } from "./html-form.ts";

const MAXIMUM_REDIRECTS = 12;
const DEFAULT_TIMEOUT_MS = 15_000;

export interface TestBrowserOptions {
  /** What sends the requests. Default: the global `fetch`. */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Addresses that are not requested: the browser stops in front of them, and the page that it returns has their `url`
   * and no `response`. Use it to see what a redirect brings before the application does. Default: none.
   */
  readonly stopAt?: (url: URL) => boolean;
  /** Limit for each request. Default: 15 seconds. */
  readonly timeoutMilliseconds?: number;
}

/** Keeps the cookies of one person. Two of them are two people, or one in a private window. */
export class TestBrowser {
  /** Its cookies; change them as you like. */
  readonly cookies = new CookieJar();
  /** Every address that it visited, redirects included, oldest first. */
  readonly visited: URL[] = [];
  readonly #fetch: NonNullable<TestBrowserOptions["fetch"]>;
  readonly #stopAt: (url: URL) => boolean;
  readonly #timeoutMilliseconds: number;

  constructor(options: TestBrowserOptions = {}) {
    // Read at each request, so that a test can replace the global one.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#stopAt = options.stopAt ?? (() => false);
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * Opens an address, as a link does, and follows redirects.
   * @param options.stopAt Beside the browser's own: also for what is sent from the page that it returns.
   * @throws {Error} when no answer comes in time, or after too many redirects.
   */
  open(url: string | URL, options: Pick<TestBrowserOptions, "stopAt"> = {}): Promise<TestPage> {
    return this.request(new URL(url), { method: "GET" }, options);
  }

  /** As {@link TestBrowser.open}, with a method, headers and a body. A redirect is followed by GET. */
  async request(
    start: URL,
    init: RequestInit,
    options: Pick<TestBrowserOptions, "stopAt"> = {},
  ): Promise<TestPage> {
    let url = start;
    let sent = init;
    for (let hop = 0; hop < MAXIMUM_REDIRECTS; hop += 1) {
      this.visited.push(url);
      if (this.#stopAt(url) || options.stopAt?.(url)) return new TestPage(this, url, undefined, "", options);
      const response = await this.#send(url, sent);
      for (const line of response.headers.getSetCookie()) await this.cookies.setCookie(line, url.href);
      const location = response.headers.get("Location");
      if (response.status < 300 || response.status > 399 || location === null) {
        return new TestPage(this, url, response, await response.text(), options);
      }
      url = new URL(location, url);
      sent = { method: "GET" };
    }
    throw new Error(`More than ${MAXIMUM_REDIRECTS} redirects, last to ${url.origin}${url.pathname}`);
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Accept", "text/html");
    const cookie = await this.cookies.getCookieString(url.href);
    if (cookie !== "") headers.set("Cookie", cookie);
    const signal = AbortSignal.timeout(this.#timeoutMilliseconds);
    try {
      return await this.#fetch(url, { ...init, headers, redirect: "manual", signal });
    } catch (cause) {
      if (!signal.aborted) throw cause;
      const seconds = this.#timeoutMilliseconds / 1000;
      throw new Error(`No answer from ${url.origin}${url.pathname} within ${seconds} seconds`, { cause });
    }
  }
}

/** What a {@link TestBrowser} shows. */
export class TestPage {
  readonly browser: TestBrowser;
  /** Address of the page, after redirects. */
  readonly url: URL;
  /** Undefined where the browser stopped in front of the address. Its body has been read: see `text`. */
  readonly response: Response | undefined;
  readonly text: string;
  /** The parsed page: `page.root.querySelector("h1")`. */
  readonly root: HTMLElement;
  readonly #visit: Pick<TestBrowserOptions, "stopAt">;

  constructor(
    browser: TestBrowser,
    url: URL,
    response: Response | undefined,
    text: string,
    visit: Pick<TestBrowserOptions, "stopAt"> = {},
  ) {
    this.browser = browser;
    this.url = url;
    this.response = response;
    this.text = text;
    this.root = parse(text);
    this.#visit = visit;
  }

  /** Text of its first `h1`; empty without one. */
  get heading(): string {
    return textOf(this.root.querySelector("h1"));
  }

  /**
   * Fills in fields and presses a button.
   * @param button Text of the button.
   * @param fields By the text of the label, or by the name of the field.
   * @throws {Error} that lists what there is when there is no such button or field.
   */
  submit(button: string, fields: Readonly<Record<string, string>> = {}): Promise<TestPage> {
    const { form, pressed } = this.#findButton(button);
    const body = new URLSearchParams(valuesOf(form));
    for (const [label, value] of Object.entries(fields)) body.set(this.#nameOf(form, label), value);
    if (pressed.name !== undefined) body.append(pressed.name, pressed.value);
    const url = new URL(form.action ?? "", this.url);
    if (form.method === "POST") return this.#post(url, body);
    url.search = body.toString();
    return this.browser.open(url, this.#visit);
  }

  /** Posts a form that the page does not have in this shape, with the browser's cookies. */
  post(path: string, fields: Readonly<Record<string, string>>): Promise<TestPage> {
    return this.#post(new URL(path, this.url), new URLSearchParams(fields));
  }

  #post(url: URL, body: URLSearchParams): Promise<TestPage> {
    const headers = { "Content-Type": "application/x-www-form-urlencoded", Origin: this.url.origin };
    return this.browser.request(url, { method: "POST", headers, body: body.toString() }, this.#visit);
  }

  #findButton(text: string): { readonly form: HtmlForm; readonly pressed: FormButton } {
    const forms = readForms(this.root);
    for (const form of forms) {
      const pressed = form.buttons.find((button) => button.text === text);
      if (pressed !== undefined) return { form, pressed };
    }
    const buttons = forms.flatMap((form) => form.buttons.map((button) => button.text));
    throw new Error(
      `No button "${text}" at ${this.url.pathname} ("${this.heading}"); there are: ${buttons.join(", ")}`,
    );
  }

  #nameOf({ fields }: HtmlForm, label: string): string {
    const field = fields.find((each) => each.label === label) ?? fields.find((each) => each.name === label);
    if (field !== undefined) return field.name;
    const labels = fields.filter(({ type }) => type !== "hidden").map((each) => each.label || each.name);
    throw new Error(`No field labelled "${label}" at ${this.url.pathname}; there are: ${labels.join(", ")}`);
  }
}
