/** The events of a run as a list: each node with its inputs and outputs, screens and answers between them. */
import { html } from "hono/html";
import type { Markup } from "../../../kit/page/fields.ts";
import type { LogEvent, NodeEvent, NodeRef } from "../engine/log/event.ts";
import { nodeAnchor, stepAnchor } from "./draw.ts";
import { shortResult } from "./explain.ts";
import type { Walk } from "./walk.ts";

/** Properties of every node that say how the console shows it. */
const NO_INPUTS: readonly string[] = ["nodeTitle", "nodeDescription", "backgroundColor"];

export function renderSteps(events: readonly LogEvent[], walk: Walk, isDead: boolean): Markup {
  const numbers = new Map(walk.steps.map(({ event, number }) => [event.number, number]));
  const last = walk.steps.at(-1)?.event.number;
  return html`<ol class="steps">
${events.map((event) =>
  event.kind === "node"
    ? renderNode(event, numbers, event.number === last && isDead)
    : html`<li class="depth-${Math.min(event.depth, 3)}"><span class="quiet">${timeOf(event.at)}</span> ${renderOther(event)}</li>`,
)}
</ol>`;
}

function renderNode(event: NodeEvent, numbers: ReadonlyMap<number, number>, isOpen: boolean): Markup {
  const { node, flow, success, outcome, next, output, error, milliseconds } = event;
  const properties = Object.fromEntries(
    Object.entries(event.properties).filter(([name]) => !NO_INPUTS.includes(name)),
  );
  const number = numbers.get(event.number);
  const how =
    success === undefined
      ? "not done"
      : outcome !== undefined
        ? outcome === "-1"
          ? "matched no value"
          : `outcome ${outcome}`
        : String(success);
  const details: Readonly<Record<string, Markup | undefined>> = {
    Node: html`<a href="#${nodeAnchor(flow.id, node.id)}">${node.id}</a> of the flow ${flow.name}`,
    Capability: html`<code>${node.connectorId}.${node.capabilityName}</code>`,
    Inputs: Object.keys(properties).length === 0 ? undefined : json(properties),
    Output: output === undefined ? undefined : json(output),
    Error: error && json(error),
    Result: html`${how}${next.length === 0 ? "" : html`, goes on to ${namesOf(next)}`}`,
    Took: html`${milliseconds} ms`,
  };
  return html`<li class="depth-${Math.min(event.depth, 3)}">
<details id="step-${number}"${isOpen ? html` open` : ""}>
<summary id="step-${number}-line"><span class="number">${number}</span> ${node.title} <span class="quiet">${node.capabilityName}</span> <span class="${error || isOpen ? "bad" : "result"}">${how}${error ? `: ${error.code}` : ""}</span>${next.length === 0 ? "" : html` <span class="quiet">→ ${namesOf(next)}</span>`}</summary>
<dl id="${stepAnchor(number ?? 0)}">
${Object.entries(details).map(([term, content]) => (content === undefined ? "" : html`<dt>${term}</dt><dd>${content}</dd>`))}
</dl>
</details></li>`;
}

function renderOther(event: Exclude<LogEvent, NodeEvent>): Markup {
  switch (event.kind) {
    case "flowStarted": {
      const given =
        Object.keys(event.parameters).length === 0
          ? ""
          : html`<details id="event-${event.number}"><summary id="event-${event.number}-line">Parameters</summary>${json(event.parameters)}</details>`;
      return html`The flow <strong>${event.flow.name}</strong> starts${event.caller ? ` as sub-flow of "${event.caller.title}"` : ""}. ${given}`;
    }
    case "screenShown":
      return html`The screen <strong>${event.title}</strong> is shown${event.error === undefined ? "" : html` again, with the message <strong>${event.error}</strong>`}${event.fields.length === 0 ? "" : `. It takes ${event.fields.join(", ")}`}.`;
    case "screenAnswered": {
      const given = Object.entries(event.fields).map(([name, value]) => `${name} = ${textOf(value)}`);
      return html`${event.refused === undefined ? "The person answers" : html`The form is refused (${event.refused})`}: ${given.length === 0 ? "nothing" : given.join(", ")}.`;
    }
    case "flowLeft":
      return html`The sub-flow <strong>${event.flow.name}</strong> ends, ${event.success ? "with success" : "with an error"}.`;
    case "ended":
      return html`<strong>The run ${event.result.kind === "success" ? "ends: the person is signed on" : shortResult(event.result)}.</strong>`;
  }
}

function namesOf(nodes: readonly NodeRef[]): string {
  return nodes.map(({ title }) => title).join(", ");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function json(value: unknown): Markup {
  return html`<pre>${JSON.stringify(value, null, 2)}</pre>`;
}

/** Hours, minutes, seconds, by the emulator's clock. */
function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
