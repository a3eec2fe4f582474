/** The screens of the emulator's default DaVinci flow: sign on, and the consent of the PingOne connector. */
import { expect, type Page } from "@playwright/test";
import type { TestUser } from "../fixtures/users.ts";

export class SignOnScreen {
  readonly page: Page;
  readonly heading;

  constructor(page: Page) {
    this.page = page;
    this.heading = page.getByRole("heading", { level: 1, name: "Sign On" });
  }

  async signOn(user: TestUser): Promise<void> {
    await this.page.getByLabel("Username").fill(user.username);
    await this.page.getByLabel("Password").fill(user.password);
    await this.page.getByRole("button", { name: "Sign On" }).click();
  }

  async expectRefusal(text: string): Promise<void> {
    await expect(this.page.getByRole("alert")).toHaveText(text);
  }
}

export class DaVinciConsentScreen {
  readonly page: Page;
  readonly heading;

  constructor(page: Page) {
    this.page = page;
    this.heading = page.getByRole("heading", { level: 1, name: "Application Consent" });
  }

  approve(): Promise<void> {
    return this.page.getByRole("button", { name: "Approve" }).click();
  }

  decline(): Promise<void> {
    return this.page.getByRole("button", { name: "Decline" }).click();
  }
}
