/**
 * Answers from a file in place of what cannot run here: connectors of other vendors, API calls, code that is not in the
 * export. A stub may be for a capability, for nodes of a title, or for one node; the most specific one answers.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Call, Effect } from "../engine/capability.ts";
import { nameOf } from "../engine/run.ts";
import type { FlowGraph, FlowNode } from "../graph/graph.ts";
import { bindingsIn, textOf } from "../graph/values.ts";

export const STUB_FILE = "stubs.json";

const error = z
  .strictObject({
    code: z.string().describe("What `payload.error.code` is."),
    message: z.string().describe("What `payload.error.message` is."),
    details: z.array(z.unknown()).optional(),
    httpResponseCode: z.int().optional(),
  })
  .describe("Makes the node false.");

const answer = z
  .strictObject({
    when: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Answers only when these properties of the node, resolved, have these values."),
    output: z.unknown().optional().describe("What `payload.output` is."),
    outcome: z.string().optional().describe("The exit to leave by, of a node with more than two."),
    error: error.optional(),
  })
  .refine(
    (given) => given.error === undefined || given.outcome === undefined,
    "has an error and an outcome; a node that fails leaves by its false exit",
  );

const answers = z
  .union([answer, z.array(answer).min(1)], {
    error: 'must be an answer, such as { "output": { ... } } or { "error": { ... } }, or a list of answers',
  })
  .describe("One answer, or a list: one for each time that the node runs, the last one from then on.");

export const stubsSchema = z.strictObject({
  $schema: z.string().optional(),
  capabilities: z
    .record(
      z
        .string()
        .regex(
          /^[^.]+\.[^.]+$/,
          "is not of the form connectorId.capabilityName, such as acmeConnector.score",
        ),
      answers,
    )
    .optional()
    .describe("By `connectorId.capabilityName`."),
  nodes: z.record(z.string(), answers).optional().describe("By the title or the id of a node."),
});

type Answer = z.output<typeof answer>;

/** Answers by `connectorId.capabilityName`, node title and node id. */
export interface Stubs {
  readonly capabilities: ReadonlyMap<string, readonly Answer[]>;
  readonly nodes: ReadonlyMap<string, readonly Answer[]>;
}

export const NO_STUBS: Stubs = { capabilities: new Map(), nodes: new Map() };

/** Several files count as one; what stands in a later one replaces the same of an earlier one. */
export function createStubs(files: readonly z.output<typeof stubsSchema>[]): Stubs {
  const read = (part: "capabilities" | "nodes") =>
    new Map(
      files.flatMap((file) =>
        Object.entries(file[part] ?? {}).map(
          ([key, given]) => [key, Array.isArray(given) ? given : [given]] as const,
        ),
      ),
    );
  return { capabilities: read("capabilities"), nodes: read("nodes") };
}

/** Whether a stub may answer for the node; what it is `when` is known only in a run. */
export function hasStub(node: FlowNode, stubs: Stubs): boolean {
  return candidatesFor(node, stubs).length > 0;
}

function candidatesFor({ id, title, connectorId, capabilityName }: FlowNode, { nodes, capabilities }: Stubs) {
  const lists = [nodes.get(id), nodes.get(title), capabilities.get(`${connectorId}.${capabilityName}`)];
  return lists.filter((list) => list !== undefined);
}

/** The stub's answer, or the end of the flow with a reason that says which stub is missing and what it looks like. */
export function runStub(call: Call, stubs: Stubs): Effect {
  for (const list of candidatesFor(call.node, stubs)) {
    const fitting = list.filter(({ when }) => fits(call, when));
    const chosen = fitting[Math.min(call.visits, fitting.length - 1)];
    if (chosen) return effectOf(chosen);
  }
  return { kind: "end", outcome: { kind: "died", reason: missingStub(call.flow, call.node, stubs) } };
}

function fits({ properties }: Call, when: Answer["when"] = {}): boolean {
  return Object.entries(when).every(([name, value]) => {
    const actual = Object.hasOwn(properties, name) ? properties[name] : undefined;
    // A number may have become text on its way through a rich-text document.
    return (
      isDeepStrictEqual(actual, value) || (typeof value !== "object" && textOf(actual) === textOf(value))
    );
  });
}

function effectOf({ output, outcome, error: failure }: Answer): Effect {
  const given = output === undefined ? {} : { output };
  if (failure === undefined) {
    return { kind: "success", ...given, ...(outcome !== undefined && { outcome }) };
  }
  const { details, httpResponseCode, ...named } = failure;
  return {
    kind: "failure",
    error: {
      ...named,
      ...(details !== undefined && { details }),
      ...(httpResponseCode !== undefined && { httpResponseCode }),
    },
    ...given,
  };
}

/** Which stub a node needs, and what to write; for the run and for the checks. */
export function missingStub(flow: FlowGraph, node: FlowNode, stubs: Stubs = NO_STUBS): string {
  const capability = `${node.connectorId}.${node.capabilityName}`;
  const shape = JSON.stringify({ capabilities: { [capability]: expectedAnswer(flow, node) } });
  const found = hasStub(node, stubs)
    ? `has stubs, but none whose "when" fits`
    : `runs ${capability}, which is not run here and has no stub`;
  return `${nameOf(node)} ${found}. Write its answer into ${STUB_FILE} beside the file of the flow "${flow.name.trim()}", for all nodes of the capability or under "nodes" for this title or id: ${shape} (or {"error":{"code":"...","message":"..."}} to make the node false).`;
}

const MAX_PATHS = 40;

/** An answer with a place for each output of the node that the flow reads. */
function expectedAnswer(flow: FlowGraph, node: FlowNode): object {
  const outcomes = [
    ...new Set(node.exits.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]))),
  ];
  return {
    output: outputRead(flow, node.id),
    ...(outcomes.length > 0 && { outcome: outcomes.join(" | ") }),
  };
}

function outputRead(flow: FlowGraph, nodeId: string): unknown {
  // Longer paths last: a value of which more is read is an object.
  const paths = (readsOf(flow).get(nodeId) ?? []).toSorted((one, other) => one.length - other.length);
  return paths.reduce<unknown>(place, {});
}

type Reads = ReadonlyMap<string, readonly (readonly string[])[]>;

/** A check asks for each node of a flow. */
const KNOWN_READS = new WeakMap<FlowGraph, Reads>();

/** By node: the paths below its output that nodes of the flow read. */
function readsOf(flow: FlowGraph): Reads {
  const known = KNOWN_READS.get(flow);
  if (known) return known;
  const bindings = new Set([...flow.nodes.values()].flatMap(({ properties }) => bindingsIn(properties)));
  const reads = new Map<string, string[][]>();
  for (const binding of bindings) {
    const [, nodeId, rest] = /^local\.([\w-]+)\.payload\.output((?:[.[].*)?)$/.exec(binding) ?? [];
    const path = rest?.match(/[\w-]+/g);
    if (nodeId === undefined || !path) continue;
    const paths = reads.get(nodeId) ?? [];
    if (paths.length < MAX_PATHS) paths.push(path);
    reads.set(nodeId, paths);
  }
  KNOWN_READS.set(flow, reads);
  return reads;
}

/** The value with a place at the path. */
function place(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value ?? "";
  const isObject = typeof value === "object" && value !== null;
  const inner = isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  const placed = rest.length === 0 ? (inner ?? "") : place(inner, rest);
  if (/^\d+$/.test(name) && (!isObject || Array.isArray(value))) {
    // The place of a list that is read does not matter: one entry shows the shape.
    return Array.isArray(value) && value.length > 0 ? value : [placed];
  }
  return Object.fromEntries([
    ...Object.entries(isObject && !Array.isArray(value) ? value : {}),
    [name, placed],
  ]);
}
