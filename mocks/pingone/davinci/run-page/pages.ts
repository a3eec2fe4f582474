/** The runs of flows on the control page: the list, and one run with its graphs and steps. */
import { html } from "hono/html";
import type { Markup } from "../../../kit/page/fields.ts";
import type { RenderedPage, Section } from "../../../kit/page/section.ts";
import type { Finding } from "../check/finding.ts";
import type { FlowLog, FlowRunSummary } from "../engine/log/event.ts";
import type { FlowGraph } from "../graph/graph.ts";
import { RUNS_PATH, runPath } from "./addresses.ts";
import { drawFlow, nodeAnchor, stepAnchor } from "./draw.ts";
import { explainResult, mendsOf, shortResult } from "./explain.ts";
import { renderSteps } from "./steps.ts";
import { walkOf } from "./walk.ts";

/** What the pages show of an emulator. */
export interface ShownRuns {
  readonly log: FlowLog;
  graphOf(policyId: string, flowId: string): FlowGraph | undefined;
  /** What a check finds in the flow. */
  findingsOf(policyId: string, flowId: string): Promise<readonly Finding[]>;
  usernameOf(userId: string): string | undefined;
}

const NEWEST = 5;

/** Of the control page. */
export function runsSection(shown: ShownRuns): Section {
  const runs = shown.log.runs().toReversed();
  const content = html`<div id="live-runs" data-live>
${runs.length === 0 ? html`<p>No flow has run yet.</p>` : renderTable(runs.slice(0, NEWEST), shown)}
${runs.length > NEWEST ? html`<p><a href="${RUNS_PATH}">All ${runs.length} runs</a></p>` : ""}
</div>`;
  const about = "Why a flow went where it did: the path through its graph, with inputs and outputs.";
  return { title: "Flow runs", about, content, isWide: true };
}

export function renderRuns(shown: ShownRuns): RenderedPage {
  const runs = shown.log.runs().toReversed();
  const { droppedRuns } = shown.log;
  return {
    title: "Flow runs",
    isLive: true,
    content: html`<section class="wide" aria-labelledby="flow-runs-title"><h2 id="flow-runs-title" class="hidden">All runs, the newest first</h2>
<div id="live-runs" data-live>
<p>${runs.length} ${runs.length === 1 ? "run" : "runs"}, the newest first${droppedRuns > 0 ? `; ${droppedRuns} older ones are gone` : ""}.</p>
${runs.length === 0 ? "" : renderTable(runs, shown)}
</div></section>`,
  };
}

function renderTable(runs: readonly FlowRunSummary[], shown: ShownRuns): Markup {
  const headings = ["Run", "Flow", "Application", "User", "Result"];
  // With `display: block` (narrow windows) browsers drop the roles of table elements, so they are explicit.
  return html`<table role="table" class="runs">
<thead role="rowgroup"><tr role="row">${headings.map((heading) => html`<th role="columnheader" scope="col">${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">${runs.map(
    (run) => html`<tr role="row">
<th role="rowheader" scope="row"><a href="${runPath(run.id)}">${timeOf(run.startedAt)}<span class="hidden"> run of ${run.flow.name}</span></a></th>
<td role="cell" data-label="Flow">${run.flow.name}</td>
<td role="cell" data-label="Application">${run.application.name}</td>
<td role="cell" data-label="User">${userOf(run, shown) ?? "not known"}</td>
<td role="cell" data-label="Result"${run.result.kind === "died" ? html` class="bad"` : ""}>${shortResult(run.result)}${run.node && run.result.kind === "died" ? html` <span class="quiet">at ${run.node.title}</span>` : ""}</td>
</tr>`,
  )}</tbody>
</table>`;
}

export async function renderRun(shown: ShownRuns, id: string): Promise<RenderedPage> {
  const run = shown.log.run(id);
  const events = shown.log.events(id);
  if (!run || !events) {
    return {
      title: "No such run",
      status: 404,
      content: html`<p>The log has no run ${id.slice(0, 100)}. It keeps the last runs in memory, until a reset or a restart. <a href="${RUNS_PATH}">The runs that there are</a></p>`,
    };
  }
  const walk = walkOf(events);
  const isDead = run.result.kind === "died";
  const findings = isDead ? await shown.findingsOf(run.policyId, run.nodeFlow?.id ?? run.flow.id) : [];
  const standing = run.node && { flowId: run.nodeFlow?.id ?? "", nodeId: run.node.id, isDead };
  const facts: Readonly<Record<string, string | undefined>> = {
    Flow: run.flow.name,
    Application: run.application.name,
    User: userOf(run, shown),
    Started: new Date(run.startedAt).toISOString(),
    Path:
      walk.steps.length === 0
        ? "no node ran"
        : `${walk.steps.length} ${walk.steps.length === 1 ? "node" : "nodes"}`,
    Interaction: run.id,
  };
  const last = walk.steps.at(-1);
  const lastStep = last?.number;
  const inputs = last === undefined ? [] : Object.values(last.event.properties);
  const mends = mendsOf(run, findings, inputs.includes(null));
  const isOver = run.result.kind !== "waiting" && run.result.kind !== "running";
  return {
    title: `Run of ${run.flow.name}`,
    isLive: !isOver,
    content: html`<div id="live-run" data-live>
<section class="wide" aria-labelledby="why-title"><h2 id="why-title">${isDead ? "Why it ended in login_required" : "Result"}</h2>
<p class="notice${isDead ? " bad" : ""}">${explainResult(run)}</p>
${mends.length === 0 ? "" : html`<h3>What to do</h3><ul>${mends.map((mend) => html`<li>${mend}</li>`)}</ul>`}
${isDead ? html`<p class="quiet">The client learns only <code>login_required</code>, as at PingOne; DaVinci's own log shows the same path.</p>` : ""}
${lastStep === undefined ? "" : html`<p><a href="#${stepAnchor(lastStep)}">The last step, with its inputs and outputs</a>${standing === undefined ? "" : html` · <a href="#${nodeAnchor(standing.flowId, standing.nodeId)}">Its node in the graph</a>`}</p>`}
<dl>${Object.entries(facts).map(([term, text]) => (text === undefined ? "" : html`<dt>${term}</dt><dd>${text}</dd>`))}</dl>
</section>
${walk.flows.map((walked) => {
  const graph = shown.graphOf(run.policyId, walked.flow.id);
  return html`<section class="wide" aria-labelledby="${graphSlug(walked.flow.id)}"><h2 id="${graphSlug(walked.flow.id)}">${walked.flow.id === run.flow.id ? "Path" : "Sub-flow"}: ${walked.flow.name}</h2>
${graph ? drawFlow(graph, walked, standing) : html`<p class="quiet">The flow is not loaded any more.</p>`}
</section>`;
})}
<section class="wide" aria-labelledby="steps-title"><h2 id="steps-title">Steps</h2>
${run.droppedEvents > 0 ? html`<p>The first ${run.droppedEvents} events are gone: the log keeps the last ones of a run.</p>` : ""}
<p class="quiet">Secrets are shown as [hidden], long values are cut.</p>
${renderSteps(events, walk, isDead)}
</section>
</div>`,
  };
}

function graphSlug(flowId: string): string {
  return `flow-${flowId.replaceAll(/[^\w-]/g, "_")}`;
}

function userOf({ userId }: FlowRunSummary, { usernameOf }: ShownRuns): string | undefined {
  return userId === undefined ? undefined : (usernameOf(userId) ?? userId);
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
