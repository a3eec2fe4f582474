/** The Worker's own consent page: which MCP client may act for the person. */
import { expect, type Page } from "@playwright/test";

export class WorkerConsentPage {
  readonly page: Page;
  readonly heading;

  constructor(page: Page) {
    this.page = page;
    this.heading = page.getByRole("heading", { level: 1, name: /^Allow .* to use your todos\?$/ });
  }

  /** What a person needs to decide: who asks, where the access goes, and what it is for. */
  async expectToName(options: { client: string; host: string; scopes: readonly string[] }): Promise<void> {
    const { client, host, scopes } = options;
    await expect(this.heading).toHaveText(`Allow ${client} to use your todos?`);
    await expect(this.page.getByRole("definition").filter({ hasText: client })).toBeVisible();
    await expect(this.page.getByRole("definition").filter({ hasText: host })).toBeVisible();
    await expect(this.page.getByRole("listitem")).toHaveCount(scopes.length);
    for (const scope of scopes) {
      await expect(this.page.getByRole("listitem").filter({ hasText: scope })).toBeVisible();
    }
  }

  allow(): Promise<void> {
    return this.page.getByRole("button", { name: "Allow" }).click();
  }

  refuse(): Promise<void> {
    return this.page.getByRole("button", { name: "Refuse" }).click();
  }
}
