/**
 * The log in the form of DaVinci's API. Known from the notes of practitioners: the fields of a listing, the messages, that
 * `success` is text, that properties are wrapped as in an export, that a sub-flow has an interaction of its own with the
 * transaction id of the flow that started it, and that a form logs a response for each time that it is shown. The rest is
 * unverified.
 */
import type { FlowLog, FlowRunSummary, LogEvent, NodeEvent } from "./event.ts";

interface Interaction {
  readonly id: string;
  readonly flow: { readonly id: string; readonly name: string; readonly version: number };
  /** ISO 8601 */
  readonly timestamp: string;
  readonly transactionId: string;
  readonly isSubFlow: boolean;
}

type DaVinciEvent = Readonly<Record<string, unknown>> & { readonly message: string };

/** An export has no version that could be told. */
const VERSION = 1;

/** The runs of a flow, as main flow or as sub-flow, oldest first. */
export function interactionsOf(log: FlowLog, flowId: string): Interaction[] {
  return log.runs().flatMap((run) => {
    const subFlows = (log.events(run.id) ?? []).flatMap((event) =>
      event.kind === "flowStarted" && event.depth > 0 && event.flow.id === flowId
        ? [interaction(run, event.flow, event.flowRunId, event.at, true)]
        : [],
    );
    const main = run.flow.id === flowId ? [interaction(run, run.flow, run.id, run.startedAt, false)] : [];
    return [...main, ...subFlows];
  });
}

function interaction(
  { transactionId }: FlowRunSummary,
  { id, name }: FlowRunSummary["flow"],
  runId: string,
  at: number,
  isSubFlow: boolean,
): Interaction {
  const flow = { id, name, version: VERSION };
  return { id: runId, flow, timestamp: new Date(at).toISOString(), transactionId, isSubFlow };
}

/** The events of one run of one flow, in the order in which they happened. @param events Those of the whole run. */
export function toDaVinciEvents(events: readonly LogEvent[], flowRunId: string): DaVinciEvent[] {
  const own = events.filter((event) => event.flowRunId === flowRunId);
  const placed = own.flatMap((event) => placedEvents(event, own));
  return placed.sort((one, other) => one.at - other.at).map(({ event }) => event);
}

/** @property at The number of an event of the log, and a half for what came after it. */
interface Placed {
  readonly at: number;
  readonly event: DaVinciEvent;
}

function placedEvents(event: LogEvent, own: readonly LogEvent[]): Placed[] {
  const base = {
    flow: { ...event.flow, version: VERSION },
    interactionId: event.flowRunId,
    timestamp: new Date(event.at).toISOString(),
  };
  const here = (message: string, more: object = {}): Placed => ({
    at: event.number,
    event: { id: `${event.flowRunId}-${event.number}`, message, ...base, ...more },
  });
  switch (event.kind) {
    case "flowStarted":
      return [here("Start Interaction", { properties: wrapped(event.parameters) })];
    case "node":
      return [
        here("Receive Request", { ...nodeFacts(event), properties: wrapped(event.properties) }),
        ...startOfSubFlow(event, here),
        ...responseOf(event, base),
      ];
    case "screenShown": {
      const facts = nodeFacts(event);
      return [
        here("Send Response", { ...facts, success: "true", properties: wrapped({ screen: event.title }) }),
      ];
    }
    case "ended":
      return event.result.kind === "died"
        ? [
            here("Send Error Response", {
              ...(event.node && nodeFacts({ node: event.node })),
              success: "false",
              error: errorOf(event.result.reason, own),
            }),
          ]
        : [];
    case "screenAnswered":
    case "flowLeft":
      return [];
  }
}

function startOfSubFlow(event: NodeEvent, here: (message: string, more: object) => Placed): Placed[] {
  if (event.node.connectorId !== "flowConnector") return [];
  const properties = wrapped({ subFlowId: event.properties.subFlowId });
  const id = `${event.flowRunId}-${event.number}-start`;
  return [here("Starting subflow", { id, ...nodeFacts(event), properties })];
}

function responseOf(event: NodeEvent, base: object): Placed[] {
  const { success, doneAfter, doneAt, output, error, milliseconds } = event;
  // At DaVinci the message before any screen is a failed flow; what the client sees says nothing of it.
  const isMessage = event.node.capabilityName === "customErrorMessage";
  if (success === undefined || isMessage) return [];
  const properties = wrapped(isRecord(output) ? output : output === undefined ? {} : { output });
  return [
    {
      at: (doneAfter ?? event.number) + 0.5,
      event: {
        id: `${event.flowRunId}-${event.number}-response`,
        message: "Send Response",
        ...base,
        timestamp: new Date(doneAt ?? event.at).toISOString(),
        ...nodeFacts(event),
        success: String(success),
        executionTime: Math.round(milliseconds),
        properties,
        ...(error && { error }),
      },
    },
  ];
}

function nodeFacts({ node }: Pick<NodeEvent, "node">) {
  return {
    nodeId: node.id,
    nodeTitle: node.title,
    connector: { id: node.connectorId },
    capabilityName: node.capabilityName,
  };
}

/** The codes are those that practitioners report; the text is the emulator's own. */
function errorOf(reason: string, own: readonly LogEvent[]) {
  const last = own.findLast((event) => event.kind === "node");
  const code = last?.node.capabilityName === "customErrorMessage" ? "subflowFailed" : "requestTimedOut";
  return { code, message: reason };
}

function wrapped(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
