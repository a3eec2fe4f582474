/** Puts a screen of a flow on a page, with what a developer should know beside it. */
import { html } from "hono/html";
import type { Clock } from "../../../kit/clock.ts";
import type { Markup } from "../../html/layout.ts";
import type { Device } from "../../tenant/device-schema.ts";
import { keyUriOf, totpCodeOf } from "../../tenant/totp.ts";
import type { Outbox } from "../outbox.ts";
import { qrImageOf } from "../screens/qr.ts";
import { type RenderedScreen, renderScreen, type ScreenPage } from "../screens/render-screen.ts";
import type { RunnableFlow } from "./flows.ts";
import type { Interaction } from "./interaction.ts";
import type { ShownScreen } from "./run-state.ts";
import { usableMessages, type WhatCodesAreFor } from "./usable-messages.ts";

interface Presented {
  readonly interaction: Interaction;
  readonly flow: RunnableFlow;
  readonly outbox: Outbox;
  readonly tenant: WhatCodesAreFor;
  readonly clock: Clock;
  readonly quickUsers: ScreenPage["quickUsers"];
}

const SENT = {
  EMAIL: "e-mailed to",
  SMS: "sent by SMS to",
  VOICE: "spoken to",
  WHATSAPP: "sent by WhatsApp to",
  PUSH: "pushed to",
} as const;

/** What an authenticator app shows; until it is activated also what a real one can scan. */
function appCode({ secret = "", nickname, status }: Device, now: number): readonly [string, Markup] {
  const { code, secondsLeft } = totpCodeOf(secret, now);
  const uri = keyUriOf(secret, { issuer: "PingOne", label: "emulator" });
  const image = status === "ACTIVE" ? undefined : qrImageOf(uri);
  return [
    "Code",
    html`<code class="code" data-testid="one-time-code">${code}</code><br>${nickname ?? "Authenticator app"},
${secondsLeft} s left; the next one is accepted too${
      image === undefined
        ? ""
        : html`<br><img src="${image}" alt="QR code of the authenticator app" width="160">`
    }`,
  ];
}

export function presentScreen(
  shown: ShownScreen,
  { interaction, flow, outbox, tenant, clock, quickUsers }: Presented,
): RenderedScreen {
  const { context, state } = interaction;
  const { codes, withoutCode, links } = usableMessages(outbox, interaction, tenant);
  const apps = state.userId === undefined ? [] : tenant.mfa.awaitedApps(state.userId);
  return renderScreen(shown, {
    formAction: context.formAction,
    step: state.step,
    quickUsers,
    panel: [
      ...codes.map(
        ({ code, to, channel }) =>
          [
            "Code",
            html`<code class="code" data-testid="one-time-code">${code}</code><br>${SENT[channel ?? "EMAIL"]} ${to}`,
          ] as const,
      ),
      ...withoutCode.map(
        ({ to, channel }) =>
          [
            "Code",
            html`One was ${SENT[channel ?? "EMAIL"]} ${to} before the emulator was started again, and codes are not kept. Ask for another one.`,
          ] as const,
      ),
      ...apps.map((device) => appCode(device, clock())),
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
      ...(context.runPage === undefined
        ? []
        : [
            [
              "Run",
              html`<a href="${context.runPage}" target="_blank" rel="noopener">Why am I here?</a>`,
            ] as const,
          ]),
      ...state.remarks.map((text) => ["Note", text] as const),
    ],
  });
}
