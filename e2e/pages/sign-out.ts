/** The Worker's page on which a person sees which apps act for them, and ends it. */
import type { Locator, Page } from "@playwright/test";

export class SignOutPage {
  readonly page: Page;
  readonly heading;

  constructor(page: Page) {
    this.page = page;
    this.heading = page.getByRole("heading", { level: 1, name: "Apps that act for you" });
  }

  /** What ends the access of the Inspectors whose outcome goes to this host. */
  endInspectorAt(host: string): Locator {
    return this.page.getByRole("button", { name: `End access of MCP Inspector at ${host}, since ` });
  }

  endEverything(): Promise<void> {
    return this.page.getByRole("button", { name: "End everything and sign out" }).click();
  }
}
