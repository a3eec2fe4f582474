/** A person who answers the Worker's pages and PingOne's, in a browser that several people may use. */

import { TestBrowser, type TestPage } from "pingone-emulator/browser";
import type { Cookie } from "tough-cookie";
import { PASSWORD } from "../support/sign-on.ts";
import type { TestFetch } from "../support/worker.ts";
import type { PersonName } from "./schedule.ts";

/** Origin of the apps' redirect URIs. The browser stops there. */
export const APP_HOST = "localhost";

/** Maximum number of pages of a sign-in. */
const MAXIMUM_PAGES = 8;

export interface Arrival {
  readonly page: TestPage;
  /** How often the Worker's consent page was shown. */
  readonly timesAsked: number;
}

export class PersonsBrowser {
  readonly #browser: TestBrowser;
  readonly #pingOneOrigin: string;
  /** PingOne's cookies of the people who are not using the browser at the moment. */
  readonly #others = new Map<PersonName, readonly Cookie[]>();
  #present: PersonName | undefined;

  constructor(fetch: TestFetch, pingOneOrigin: string) {
    this.#browser = new TestBrowser({ fetch, stopAt: (url) => url.hostname === APP_HOST });
    this.#pingOneOrigin = pingOneOrigin;
  }

  /** Opens a URL and answers every page as this person. @param stop the page at which the person leaves */
  async visit(
    person: PersonName,
    address: string | URL,
    stop?: (page: TestPage) => boolean,
  ): Promise<Arrival> {
    await this.#sitDown(person);
    let page = await this.#browser.open(address);
    let timesAsked = 0;
    for (let count = 0; count < MAXIMUM_PAGES && stop?.(page) !== true; count += 1) {
      if (page.heading.startsWith("Allow")) {
        timesAsked += 1;
        page = await page.submit("Allow");
      } else if (page.heading === "Sign On") {
        page = await page.submit("Sign On", { Username: person, Password: PASSWORD });
      } else if (page.heading === "Application Consent") {
        page = await page.submit("Approve");
      } else break;
    }
    return { page, timesAsked };
  }

  async #sitDown(person: PersonName): Promise<void> {
    if (this.#present === person) return;
    const { cookies: jar } = this.#browser;
    const left = await jar.getCookies(this.#pingOneOrigin, { allPaths: true });
    if (this.#present !== undefined) this.#others.set(this.#present, left);
    for (const { domain, path, key } of left) await jar.store.removeCookie(domain ?? "", path ?? "/", key);
    for (const cookie of this.#others.get(person) ?? []) await jar.setCookie(cookie, this.#pingOneOrigin);
    this.#present = person;
  }
}
