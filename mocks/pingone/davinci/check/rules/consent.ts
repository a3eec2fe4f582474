/**
 * Whether the answer to Get User Consent decides anything. Declining does not make the node false, so a flow that goes on
 * by its exits alone signs on who has declined.
 */
import type { FlowNode } from "../../graph/graph.ts";
import { bindingsIn, isRecord, textOf, unwrap } from "../../graph/values.ts";
import type { FlowView } from "../flow-view.ts";
import { isSubFlowEnd } from "../kinds.ts";
import type { Rule } from "../rule.ts";

const STATUS = "consentStatus";
/** Of one flow; more than one is rare. */
const MAX_REQUESTS = 100;

export const consentNotBranched: Rule = {
  code: "consent-not-branched",
  level: "error",
  about: "What a person answers to the request for consent decides nothing.",
  *find(view) {
    const undecided = new Set<string>();
    const requests = view.nodes.filter(({ capabilityName }) => capabilityName === "appConsent");
    for (const node of requests.slice(0, MAX_REQUESTS)) {
      const path = `local.${node.id}.payload.output.${STATUS}`;
      if (decides(view, path, undecided)) continue;
      yield {
        node,
        text: "No branch looks at the answer of this request for consent. Declining is not a failure of the node, so PingOne goes on as if the person had accepted, and issues tokens. Compare consentStatus (A equals multiple B: ACCEPTED, DECLINED), and lead DECLINED to Return Error Response (Redirect Flows).",
      };
    }
  },
};

/**
 * Whether a comparison or function looks at a value, also after it was stored, passed on or given back to a caller.
 * @param undecided Values of which it is known that none does; it is added to.
 */
function decides(view: FlowView, first: string, undecided: Set<string>): boolean {
  const seen = new Set(undecided);
  const isDecided = follows(view, first, seen);
  if (!isDecided) for (const key of seen) undecided.add(key);
  return isDecided;
}

function follows(view: FlowView, first: string, seen: Set<string>): boolean {
  const open = [first];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const key = `${view.flow.id} ${path}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const node of view.readersOf(path)) {
      if (node.connectorId === "functionsConnector") {
        if (tellsApart(node)) return true;
        if (node.capabilityName === "customFunction") open.push(`local.${node.id}.payload.output`);
      }
      open.push(...storedAt(node, path));
      if (isSubFlowEnd(node) && callersDecide(view, node, path, seen)) return true;
    }
  }
  return false;
}

function callersDecide(view: FlowView, end: FlowNode, path: string, seen: Set<string>): boolean {
  const callers = view.checked.calls.get(view.flow);
  // Who starts this sub-flow is not in the files: nobody can tell.
  if (callers === undefined) return true;
  return callers.every((call) => {
    const caller = view.checked.viewOf(call.flow);
    return entriesOf(end.properties.claimsNameValuePairs)
      .filter((entry) => reads(entry.value, path))
      .some(
        ({ name = lastSegment(path) }) =>
          caller && follows(caller, `local.${call.node.id}.payload.output.${name}`, seen),
      );
  });
}

/** Paths by which a value is read after this node has stored or passed it on. */
function storedAt({ connectorId, capabilityName, properties }: FlowNode, path: string): string[] {
  if (connectorId === "variablesConnector") {
    return [properties.saveVariables, properties.saveFlowVariables]
      .flatMap(entriesOf)
      .filter(({ name, value }) => name !== undefined && reads(value, path))
      .flatMap(({ name }) =>
        ["variables", "company.variables", "flow.variables"].map((at) => `global.${at}.${name}`),
      );
  }
  if (capabilityName === "goToNode") {
    const start = textOf(unwrap(properties.nodeInstanceId));
    return Object.entries(properties)
      .filter(([, value]) => reads(value, path))
      .map(([name]) => `local.${start}.payload.output.${name}`);
  }
  return [];
}

interface Entry {
  readonly name: string | undefined;
  readonly value: unknown;
}

function entriesOf(list: unknown): Entry[] {
  const entries = unwrap(list);
  if (!Array.isArray(entries)) return [];
  return entries
    .filter(isRecord)
    .map(({ name, value }) => ({ name: typeof name === "string" && name !== "" ? name : undefined, value }));
}

/** The value itself, or a whole that it is part of. */
function reads(raw: unknown, path: string): boolean {
  return bindingsIn(raw).some(
    (read) =>
      read === path ||
      read.startsWith(`${path}.`) ||
      (read.includes(".output") && path.startsWith(`${read}.`)),
  );
}

/** Whether what follows differs by the outcome. */
function tellsApart({ exits }: FlowNode): boolean {
  const ways = [...Map.groupBy(exits, ({ outcome, operator }) => outcome ?? operator)];
  const [only] = ways;
  if (only && ways.length === 1) return !/^always$|Complete$/.test(only[0]);
  return (
    new Set(
      ways.map(([, way]) =>
        way
          .map(({ target }) => target)
          .sort()
          .join(" "),
      ),
    ).size > 1
  );
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
