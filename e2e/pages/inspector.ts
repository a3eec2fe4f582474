/** The real MCP Inspector, with one server card named "todo". */
import { expect, type Page } from "@playwright/test";
import type { ProtocolEra } from "../../scripts/stack/inspector.ts";

/** The protocol version on the card, by the era that the Inspector was started with. */
const SHOWN_VERSION: Readonly<Record<ProtocolEra, string>> = {
  legacy: "MCP 2025-11-25",
  auto: "MCP 2026-07-28",
};

export class InspectorPage {
  readonly page: Page;
  /** Opens the Inspector for its owner, who has the token of its API. */
  readonly link: string;

  constructor(page: Page, link: string) {
    this.page = page;
    this.link = link;
  }

  /** Opens the Inspector and flips the card's switch; a page of the Worker or the connection comes next. */
  async connect(): Promise<void> {
    await this.page.goto(this.link);
    await this.page.getByRole("switch", { name: 'Connect or disconnect "todo"' }).press("Space");
  }

  /** @param era as the Inspector was started */
  async expectConnected(era: ProtocolEra): Promise<void> {
    await expect(this.page.getByText("Connected", { exact: true })).toBeVisible();
    await expect(this.page.getByText(SHOWN_VERSION[era], { exact: true })).toBeVisible();
  }

  async openTools(): Promise<void> {
    await this.page.getByRole("banner").getByText("Tools", { exact: true }).click();
    await this.expectToolsShown();
  }

  async expectToolsShown(): Promise<void> {
    await expect(this.page.getByRole("heading", { name: /^Tools \(/ })).toBeVisible();
  }

  /** The notice that the last authorization came to nothing. */
  authorizationNotice() {
    return this.page.getByRole("alert").filter({ hasText: "Re-authentication required" });
  }

  /** Accepts the Inspector's offer to go back to the Worker for the scope that a tool lacked. */
  async authorizeStepUp(scope: string): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: "Additional permissions required" });
    await expect(dialog).toContainText(`needs additional scope: ${scope}.`);
    await dialog.getByRole("button", { name: "Authorize" }).click();
  }

  toolButton(name: string) {
    return this.page.getByRole("button", { name: new RegExp(` ${name}$`) });
  }

  /**
   * Runs a tool from the Tools tab. Text goes into text boxes and a boolean into a check box.
   *
   * @returns the structured output, as the Inspector's own copy button gives it
   */
  async callTool(name: string, args: Readonly<Record<string, string | boolean>> = {}): Promise<unknown> {
    await this.startTool(name, args);
    const heading = this.page.getByRole("heading", { name: "Structured Output" });
    await expect(heading.or(this.page.getByRole("alert", { name: "Tool Error" }))).toBeVisible();
    await expect(heading, `${name} failed`).toBeVisible();
    return this.#copyStructuredOutput();
  }

  /** Runs a tool without waiting for its result. */
  async startTool(name: string, args: Readonly<Record<string, string | boolean>> = {}): Promise<void> {
    await this.selectTool(name);
    for (const [argument, value] of Object.entries(args)) {
      if (typeof value === "boolean") {
        await this.page.getByRole("checkbox", { name: argument }).setChecked(value);
      } else {
        await this.page.getByRole("textbox", { name: argument, exact: true }).fill(value);
      }
    }
    await this.execute();
  }

  selectTool(name: string): Promise<void> {
    return this.toolButton(name).click();
  }

  /** Runs the selected tool with the arguments as they stand. */
  execute(): Promise<void> {
    return this.page.getByRole("button", { name: "Execute Tool" }).click();
  }

  async #copyStructuredOutput(): Promise<unknown> {
    // The editor that shows it draws only the lines in view, so it is copied as a person would.
    await this.page.evaluate('navigator.clipboard.writeText("")');
    await this.page.getByRole("main").getByRole("button", { name: "Copy" }).nth(1).click();
    let copied = "";
    await expect(async () => {
      copied = String(await this.page.evaluate("navigator.clipboard.readText()"));
      expect(copied).not.toBe("");
    }).toPass();
    await this.page.getByRole("button", { name: "Close results" }).click();
    return JSON.parse(copied);
  }
}
