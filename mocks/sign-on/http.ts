/** Signs a user on over HTTP. */
import { TestBrowser, type TestPage } from "../kit/browser.ts";
import { valuesOf } from "../kit/html-form.ts";
import {
  Person,
  type SeenScreen,
  type SignOnChoices,
  type SignOnEmulator,
  type SignOnUser,
} from "./person.ts";

export interface SignOnOptions extends SignOnChoices {
  /** The emulator that the user signs on at: it has the passwords, and the e-mails with codes. */
  readonly pingone: SignOnEmulator;
}

/** What PingOne sent back to the application, which has not received it yet. */
export interface SignedOn {
  /** The redirect URI; for `query` and `fragment` with the parameters, as in the `Location` header. */
  readonly url: URL;
  /** `code` and `state`, or `error`: from the query, the fragment or the form. */
  readonly parameters: URLSearchParams;
  /** In the order in which they were shown. */
  readonly screens: readonly SeenScreen[];
  /** The browser, with PingOne's session. Sign on again with it to see single sign-on. */
  readonly browser: TestBrowser;
  /** Brings it to the application, as a browser does. Returns the page that the application answers with. */
  deliver(): Promise<TestPage>;
}

/**
 * Signs a user on: opens an address that leads to PingOne, and answers its screens, whichever these are: password,
 * forced change of password, one-time code, verification of the address, consent.
 *
 * @example
 * const { url } = await signOn(authorizationUrl, "alice", { pingone });
 * const tokens = await client.authorizationCodeGrant(configuration, url, checks);
 *
 * @param start The authorization request, or an address of your application that redirects to it.
 * @param user A user name of the tenant, or `{ username, password }`.
 * @param options.browser Default: a new one, without a session.
 * @throws {SignOnError} when PingOne refuses the user or the request, or asks for what is not known.
 */
export async function signOn(
  start: string | URL,
  user: SignOnUser,
  options: SignOnOptions & { readonly browser?: TestBrowser | undefined },
): Promise<SignedOn> {
  const { browser = new TestBrowser(), pingone } = options;
  const person = new Person(user, pingone, options);
  let hasArrived = false;
  const stopAt = (url: URL) => {
    const isThere = person.isAtPingOne(url);
    hasArrived ||= isThere;
    return hasArrived && !isThere;
  };
  const page = await browser.open(start, { stopAt });
  const { last, posted } = await passScreens(page, person);
  const { screens } = person;
  if (posted !== undefined) {
    const url = new URL(posted.action ?? "", last.url);
    const parameters = new URLSearchParams(valuesOf(posted));
    const headers = { "Content-Type": "application/x-www-form-urlencoded", Origin: last.url.origin };
    const init = { method: "POST", headers, body: parameters.toString() };
    return { url, parameters, screens, browser, deliver: () => browser.request(url, init) };
  }
  const { url } = last;
  const parameters = url.hash === "" ? url.searchParams : new URLSearchParams(url.hash.slice(1));
  return { url, parameters, screens, browser, deliver: () => browser.open(url) };
}

/**
 * Answers PingOne's screens from a page on, in a browser of your own. Returns the first page that is not PingOne's, or
 * that of `response_mode=form_post`; a page that is not PingOne's is returned as it is.
 * @throws {SignOnError} as {@link signOn}.
 */
export async function answerScreens(
  page: TestPage,
  user: SignOnUser,
  options: SignOnOptions,
): Promise<TestPage> {
  return (await passScreens(page, new Person(user, options.pingone, options))).last;
}

async function passScreens(start: TestPage, person: Person) {
  let last = start;
  while (last.response !== undefined && person.isAtPingOne(last.url)) {
    const step = await person.answer(last.text, last.url);
    if (step.kind === "handOver") {
      person.requireAllAsked();
      return { last, posted: step.form };
    }
    last = await last.submit(step.button.text, Object.fromEntries(step.values));
  }
  person.requireAllAsked();
  return { last, posted: undefined };
}
