/** The parts of the control page. Each form posts to the verb that it is named after. */
import { html } from "hono/html";
import type { ControlState } from "../control/control.ts";
import type { VerbName } from "../control/verbs.ts";
import { ENDPOINTS } from "../endpoints.ts";
import { FAULT_NAMES, FAULTS, optionsOf } from "../faults/catalogue.ts";
import { describePendingFault } from "../faults/queue.ts";
import { checkField, choiceField, type Markup, namesAsChoices, numberField, textField } from "./fields.ts";
import { switchText } from "./forms.ts";

/** Where a form of the page posts to. */
export function formAction(basePath: string, verb: VerbName): string {
  return `${basePath}/page/${verb}`;
}

export interface SectionOptions {
  readonly basePath: string;
  readonly state: ControlState;
}

export function overviewSection({ state }: SectionOptions): Markup {
  const { pingone, clock } = state;
  const bound = pingone.flows.find((flow) => flow.bound);
  return html`<section aria-labelledby="overview-title">
<h2 id="overview-title">Overview</h2>
<div id="live-overview" data-live>
<dl>
<dt>Issuer</dt><dd><code>${pingone.issuer}</code></dd>
<dt>Clock</dt><dd>${clock.now}${clock.offsetSeconds === 0 ? "" : ` (moved by ${clock.offsetSeconds} s)`}</dd>
<dt>Signing key</dt><dd><code>${pingone.signingKeyId}</code></dd>
<dt>Keys in JWKS</dt><dd>${pingone.keyIds.length}</dd>
<dt>Flow</dt><dd>${bound?.name ?? "none"}</dd>
</dl>
</div>
</section>`;
}

export function clockAndKeysSection({ basePath }: SectionOptions): Markup {
  return html`<section aria-labelledby="clock-title">
<h2 id="clock-title">Clock and keys</h2>
<p class="quiet">The clock is the emulators’ own; the Worker keeps real time.</p>
<form class="fields" method="post" action="${formAction(basePath, "advanceClock")}">
${numberField({ form: "clock", name: "advanceSeconds", label: "Seconds (negative: back)", value: "3600", required: true })}
<button type="submit">Move the clock</button>
</form>
<form class="line" method="post" action="${formAction(basePath, "resetClock")}"><button type="submit">Back to real time</button></form>
<form class="fields" method="post" action="${formAction(basePath, "rotateKeys")}">
${checkField({ form: "keys", name: "drop", label: "Drop the old keys" })}
<button type="submit">Rotate the signing key</button>
</form>
</section>`;
}

export function usersSection({ basePath, state }: SectionOptions): Markup {
  const rows = state.pingone.users.map(
    (user) => html`<tr role="row">
<th role="rowheader" scope="row">${user.username}</th>
<td role="cell" data-label="State">${user.state}</td>
<td role="cell" data-label="Sessions">${user.sessions}</td>
<td role="cell" data-label="Access tokens">${user.accessTokens}</td>
<td role="cell" data-label="Refresh tokens">${user.refreshTokens}</td>
<td role="cell" data-label="Consents">${user.consents}</td>
<td role="cell" data-label="Todos">${state.todo.todosByUser[user.username] ?? "not seen"}</td>
<td role="cell">${userButton(basePath, "expireTokens", "Expire", " tokens", user.username)}${userButton(basePath, "revokeTokens", "Revoke", " tokens", user.username)}${userButton(basePath, "endSession", "End sessions", "", user.username)}</td>
</tr>`,
  );
  const headings = [
    "User",
    "State",
    "Sessions",
    "Access tokens",
    "Refresh tokens",
    "Consents",
    "Todos",
    "Actions",
  ];
  return html`<section class="wide" aria-labelledby="users-title">
<h2 id="users-title">Users</h2>
<div id="live-users" data-live>
<table role="table" aria-labelledby="users-title">
<thead role="rowgroup"><tr role="row">${headings.map((heading) => html`<th role="columnheader" scope="col">${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows}</tbody>
</table>
</div>
</section>`;
}

/** @param more Said, with the user's name, to whoever does not see the row and the column. */
function userButton(basePath: string, verb: VerbName, text: string, more: string, username: string): Markup {
  return html`<form class="line" method="post" action="${formAction(basePath, verb)}"><input type="hidden" name="user" value="${username}"><button type="submit" id="${verb}-${username}">${text}<span class="hidden">${more} of ${username}</span></button></form>`;
}

export function flowSection({ basePath, state }: SectionOptions): Markup {
  const { flows } = state.pingone;
  const choices = flows.map(({ policyId, name }) => ({ value: policyId, text: name }));
  const bound = flows.find((flow) => flow.bound)?.policyId ?? "";
  return html`<section aria-labelledby="flow-title">
<h2 id="flow-title">DaVinci flow</h2>
<form class="fields" method="post" action="${formAction(basePath, "chooseFlow")}">
${choiceField({ form: "flow", name: "flow", label: "Flow", value: bound, choices })}
<button type="submit">Choose this flow</button>
</form>
</section>`;
}

export function switchesSection({ basePath, state }: SectionOptions): Markup {
  const inputs = Object.entries(state.pingone.switches).map(([name, value]) =>
    textField({ form: "switch", name, label: name, value: switchText(value) }),
  );
  return html`<section class="wide" aria-labelledby="switches-title">
<h2 id="switches-title">Switches</h2>
<p class="quiet">Behaviours of PingOne that differ between tenants and dates.</p>
<form class="fields" method="post" action="${formAction(basePath, "setSwitches")}">
${inputs}
<button type="submit">Set the switches</button>
</form>
</section>`;
}

const NUMBER_OPTIONS = [
  "status",
  "milliseconds",
  "retryAfterSeconds",
  "count",
  "chunkBytes",
  "intervalMilliseconds",
] as const;

export function faultsSection({ basePath, state }: SectionOptions): Markup {
  const pending = state.faults.map(
    (fault) => html`<li>${describePendingFault(fault)}
<form class="line" method="post" action="${formAction(basePath, "removeFault")}"><input type="hidden" name="id" value="${fault.id}"><button type="submit" id="remove-fault-${fault.id}">Remove<span class="hidden"> fault ${fault.id}</span></button></form></li>`,
  );
  return html`<section class="wide" aria-labelledby="faults-title">
<h2 id="faults-title">Faults</h2>
<div id="live-faults" data-live>
${pending.length === 0 ? html`<p>No fault waits for a request.</p>` : html`<ul>${pending}</ul>`}
</div>
<form class="fields" method="post" action="${formAction(basePath, "queueFault")}">
${choiceField({ form: "fault", name: "fault", label: "Fault", value: "server_error", choices: namesAsChoices(FAULT_NAMES) })}
${choiceField({ form: "fault", name: "endpoint", label: "Endpoint", value: "token", choices: namesAsChoices(ENDPOINTS) })}
${textField({ form: "fault", name: "login.user", label: "Only for user", list: "usernames" })}
${textField({ form: "fault", name: "login.state", label: "Only for state" })}
${textField({ form: "fault", name: "login.clientId", label: "Only for client" })}
${numberField({ form: "fault", name: "times", label: "Times", value: "1" })}
${numberField({ form: "fault", name: "delayMilliseconds", label: "Wait first (ms)" })}
<details id="fault-options"><summary>Options of single faults</summary><div>
${NUMBER_OPTIONS.map((name) => numberField({ form: "fault", name, label: name }))}
${["body", "contentType"].map((name) => textField({ form: "fault", name, label: name }))}
${checkField({ form: "fault", name: "afterProcessing", label: "After processing" })}
</div></details>
<button type="submit">Queue the fault</button>
<datalist id="usernames">${state.pingone.users.map((user) => html`<option value="${user.username}"></option>`)}</datalist>
</form>
<form class="line" method="post" action="${formAction(basePath, "clearFaults")}"><button type="submit">Forget all faults</button></form>
<details id="fault-catalogue"><summary>What each fault does, and its options</summary>
<dl>${FAULT_NAMES.map((name) => html`<dt><code>${name}</code></dt><dd>${FAULTS[name]} <span class="quiet">${optionsOf(name).join(", ")}</span></dd>`)}</dl>
</details>
</section>`;
}

export function resetSection({ basePath }: SectionOptions): Markup {
  return html`<section aria-labelledby="reset-title">
<h2 id="reset-title">Reset</h2>
<p class="quiet">Sessions, tokens, users, consents, todos, switches, clock, faults and journal go back to the fixtures.</p>
<form class="line" method="post" action="${formAction(basePath, "reset")}"><button type="submit">Reset everything</button></form>
</section>`;
}
