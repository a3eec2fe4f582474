/** Signs a user on in a page of Playwright. */
import type { Frame, Page } from "@playwright/test";
import type { SignOnOptions } from "./http.ts";
import { Person, type SignOnChoices, SignOnError, type SignOnUser } from "./person.ts";

const WAIT_MS = 15_000;

export type PageSignOn = (page: Page, user: SignOnUser, choices?: SignOnChoices) => Promise<void>;

/**
 * Signs a user on: waits until the page is at PingOne, and answers its screens, whichever these are, until PingOne
 * sends the page back to the application. Call it after the click that starts the login, or in the middle of a sign-on.
 *
 * @param user A user name of the tenant, or `{ username, password }`.
 * @throws {SignOnError} when the page does not come to PingOne, when PingOne refuses the user, or asks for what is not
 * known.
 */
export async function signOn(page: Page, user: SignOnUser, options: SignOnOptions): Promise<void> {
  const person = new Person(user, options.pingone, options);
  const isHere = (url: URL) => person.isAtPingOne(url);
  try {
    await page.waitForURL(isHere, { timeout: WAIT_MS, waitUntil: "domcontentloaded" });
  } catch {
    throw new SignOnError(
      `The page is at ${placeOf(page)}, not at PingOne (${options.pingone.issuer}). Start the login of the application first; does it use this issuer? A person with a session may also have passed without a screen.`,
    );
  }
  for (;;) {
    const shown = await readPage(page);
    if (shown === undefined) continue;
    if (!isHere(shown.url)) return person.requireAllAsked();
    const step = await person.answer(shown.html, shown.url);
    if (step.kind === "handOver") {
      // The page sends itself.
      await page.waitForURL((url) => !isHere(url), { timeout: WAIT_MS, waitUntil: "commit" });
      return person.requireAllAsked();
    }
    const form = page.locator("form").nth(step.form.index);
    for (const [name, value] of step.values) {
      const named = `[name=${JSON.stringify(name)}]`;
      const type = step.form.fields.find((each) => each.name === name)?.type;
      const field = form.locator(named).first();
      if (type === "select") await field.selectOption(value);
      else if (type === "radio") await form.locator(`${named}[value=${JSON.stringify(value)}]`).check();
      // The driver over HTTP sends the value; an empty one is nothing that a checkbox can send.
      else if (type === "checkbox") await field.setChecked(value !== "");
      else await field.fill(value);
    }
    const isOfPage = (frame: Frame) => frame === page.mainFrame();
    const next = page.waitForEvent("framenavigated", { predicate: isOfPage, timeout: WAIT_MS });
    await Promise.all([
      next,
      form.getByRole("button", { name: step.button.text, exact: true }).first().click(),
    ]);
  }
}

/** Address and HTML of one moment: `page.url()` may be behind. Undefined: the page was being replaced by another. */
async function readPage(page: Page): Promise<{ readonly url: URL; readonly html: string } | undefined> {
  try {
    await page.waitForLoadState("domcontentloaded", { timeout: WAIT_MS });
    const [url, html] = await page.evaluate<[string, string]>(
      "[document.location.href, document.documentElement.outerHTML]",
    );
    return { url: new URL(url), html };
  } catch (error) {
    if (page.isClosed() || !/navigat/i.test(String(error))) throw error;
    return undefined;
  }
}

/** Without the query, which may hold a code. */
function placeOf(page: Page): string {
  const url = URL.parse(page.url());
  return url === null || url.origin === "null" ? page.url() : `${url.origin}${url.pathname}`;
}
