/** The log of flows over the control API: what its verbs answer, for the OpenAPI document. */
import { z } from "zod";
import { ControlRequestError } from "../kit/refusal.ts";
import type { FlowLog, LogEvent } from "./davinci/engine/log/event.ts";

const flow = z.strictObject({ id: z.string(), name: z.string() });
const node = z.strictObject({
  id: z.string(),
  title: z.string(),
  connectorId: z.string(),
  capabilityName: z.string(),
});
const milliseconds = z.number().describe("Epoch milliseconds by the emulators' clock.");
const values = z.record(z.string(), z.unknown());

const result = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("running") }),
  z.strictObject({ kind: z.literal("waiting"), screen: z.string() }),
  z.strictObject({
    kind: z.literal("success"),
    userId: z.string(),
    authenticationMethods: z.array(z.string()),
    scopes: z.array(z.string()).optional().describe("Reduced Scopes: those that the user kept."),
    reusedSession: z.boolean().describe("Check Session accepted the session that the browser had."),
    idTokenClaims: values.optional().describe("Those that the flow gives beside PingOne's own."),
    accessTokenClaims: values.optional(),
  }),
  z.strictObject({
    kind: z.literal("error").describe("The author's own error."),
    error: z.string(),
    errorDescription: z.string(),
  }),
  z.strictObject({
    kind: z.literal("died").describe("The client gets login_required."),
    reason: z.string(),
  }),
]);

export const flowRunsOutput = z.array(
  z.strictObject({
    id: z.string(),
    startedAt: milliseconds,
    updatedAt: milliseconds,
    transactionId: z.string(),
    policyId: z.string(),
    flow,
    application: z.strictObject({ id: z.string(), name: z.string() }),
    userId: z.string().optional().describe("Whom the flow has identified last."),
    result,
    node: node.optional().describe("Where it stands, or has ended."),
    nodeFlow: flow.optional(),
    eventCount: z.int(),
    droppedEvents: z.int().describe("How many of them, the oldest, are not kept any more."),
  }),
);

const base = {
  number: z.int(),
  at: milliseconds,
  flow,
  flowRunId: z.string(),
  depth: z.int().describe("0 in the main flow, 1 in a sub-flow of it, and so on."),
};

export const flowEventsOutput = z.array(
  z.discriminatedUnion("kind", [
    z.strictObject({
      ...base,
      kind: z.literal("flowStarted"),
      caller: node.optional(),
      parameters: values,
    }),
    z.strictObject({
      ...base,
      kind: z.literal("node"),
      node,
      properties: values.describe("Inputs, bindings replaced."),
      output: z.unknown().optional(),
      error: z
        .strictObject({
          code: z.string(),
          message: z.string(),
          details: z.unknown().optional(),
          httpResponseCode: z.number().optional(),
        })
        .optional(),
      success: z.boolean().optional().describe("Absent while it waits, and where the flow ended in it."),
      outcome: z.string().optional().describe("The one that was taken of more than two; -1: none matched."),
      next: z.array(node),
      doneAfter: z.int().optional().describe("The last event before it was done."),
      doneAt: milliseconds.optional(),
      milliseconds: z.number(),
    }),
    z.strictObject({
      ...base,
      kind: z.literal("screenShown"),
      node,
      title: z.string(),
      fields: z.array(z.string()),
      error: z.string().optional(),
    }),
    z.strictObject({
      ...base,
      kind: z.literal("screenAnswered"),
      node,
      fields: values,
      refused: z.string().optional(),
    }),
    z.strictObject({ ...base, kind: z.literal("flowLeft"), success: z.boolean(), output: z.unknown() }),
    z.strictObject({ ...base, kind: z.literal("ended"), node: node.optional(), result }),
  ]),
);

/** @throws {ControlRequestError} that lists the last runs. */
export function requireEvents(log: FlowLog, run: string): readonly LogEvent[] {
  const events = log.events(run);
  if (events) return events;
  const last = log
    .runs()
    .slice(-5)
    .map(({ id, flow: { name } }) => `${id} (${name})`);
  throw new ControlRequestError(
    `The log has no run "${run.slice(0, 100)}". The last ones are: ${last.join(", ") || "none"}.`,
  );
}
