/** Puts a screen of a flow on a page, with what a developer should know beside it. */
import { html } from "hono/html";
import type { Outbox } from "../outbox.ts";
import { type RenderedScreen, renderScreen, type ScreenPage } from "../screens/render-screen.ts";
import type { RunnableFlow } from "./flows.ts";
import type { Interaction } from "./interaction.ts";
import type { ShownScreen } from "./run-state.ts";

interface Presented {
  readonly interaction: Interaction;
  readonly flow: RunnableFlow;
  readonly outbox: Outbox;
  readonly quickUsers: ScreenPage["quickUsers"];
}

export function presentScreen(
  shown: ShownScreen,
  { interaction, flow, outbox, quickUsers }: Presented,
): RenderedScreen {
  const { context, state } = interaction;
  const codes = outbox
    .list()
    .filter(
      ({ interactionId, code, userId }) =>
        interactionId === interaction.id && code !== "" && (userId === undefined || userId === state.userId),
    );
  const links = outbox
    .list()
    .filter(({ interactionId, link }) => interactionId === interaction.id && link !== undefined)
    .slice(-3);
  /** Only the last one of a purpose is valid. */
  const valid = new Map(codes.map((message) => [message.purpose, message]));
  return renderScreen(shown, {
    formAction: context.formAction,
    step: state.step,
    quickUsers,
    panel: [
      ...[...valid.values()].map(
        ({ code, to }) =>
          [
            "Code",
            html`<code class="code" data-testid="one-time-code">${code}</code><br>e-mailed to ${to}`,
          ] as const,
      ),
      ...links.map(
        ({ link, to }) =>
          [
            "Link",
            html`<a href="${link}" target="_blank" rel="noreferrer" data-testid="link">Open the link</a>${to === "" ? "" : html`<br>e-mailed to ${to}`}`,
          ] as const,
      ),
      ["Application", context.application.name],
      ["Asks for", context.scopes.join(", ")],
      ["Goes back to", context.redirectHost],
      [
        "Flow",
        html`<code>${flow.name}</code>${flow.description === "" ? "" : html`<br>${flow.description}`}`,
      ],
      ...state.remarks.map((text) => ["Note", text] as const),
    ],
  });
}
