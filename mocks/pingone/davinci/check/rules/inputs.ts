/** What is asked or given and never read, and what is read and never there. */

import { subFlowOf } from "../../graph/flow-library.ts";
import type { FlowNode } from "../../graph/graph.ts";
import { bindingsIn, isRecord, templateText, unwrap } from "../../graph/values.ts";
import type { FlowView } from "../flow-view.ts";
import type { Rule } from "../rule.ts";

export const inputNeverRead: Rule = {
  code: "input-never-read",
  level: "warning",
  about: "A field of a screen, or an input of a sub-flow, is read nowhere.",
  *find(view) {
    for (const node of view.nodes) {
      // A screen that fills its own field again does not count as its reader.
      const unread = fieldsOf(node).filter(
        (name) => isAskedFor(name, node) && !view.isRead(`local.${node.id}.payload.output.${name}`, node),
      );
      const hasScript = templateText(node.properties.customScript).trim() !== "";
      if (unread.length > 0) {
        yield {
          node,
          level: hasScript ? "info" : "warning",
          text: `${unread.length === 1 ? "The field" : "The fields"} ${listOf(unread)} of this screen ${unread.length === 1 ? "is" : "are"} read by no node, so ${hasScript ? "unless the screen's script uses" : "PingOne asks for"} ${unread.length === 1 ? "it" : "them"}${hasScript ? ", PingOne asks" : ""} in vain. Use ${unread.length === 1 ? "it" : "them"}, or take ${unread.length === 1 ? "it" : "them"} off the screen; a typo in a binding looks like this too.`,
        };
      }
      yield* unreadInputs(view, node);
    }
  },
};

function* unreadInputs(view: FlowView, node: FlowNode) {
  const found = view.findSubFlow(node);
  const reader = found && found.kind !== "missing" ? view.checked.viewOf(found.flow) : undefined;
  if (reader === undefined) return;
  const unread = inputsOf(node).filter((name) => !reader.isRead(`global.parameters.${name}`));
  if (unread.length === 0) return;
  yield {
    node,
    text: `The sub-flow "${reader.flow.name}" never reads the ${unread.length === 1 ? "input" : "inputs"} ${listOf(unread)} that this node gives. PingOne ignores ${unread.length === 1 ? "it" : "them"}. Read ${unread.length === 1 ? "it" : "them"} in the sub-flow as global.parameters.${unread[0]}, or do not give ${unread.length === 1 ? "it" : "them"}.`,
  };
}

export const bindingToNowhere: Rule = {
  code: "binding-to-nowhere",
  level: "warning",
  about: "A node reads the output of a node that is not in the flow.",
  *find(view) {
    const isAbsent = (path: string) => {
      const id = /^local\.([\w-]+)\.payload\b/.exec(path)?.[1];
      return id !== undefined && !view.flow.nodes.has(id);
    };
    for (const [node, paths] of view.bindings) {
      const absent = paths.filter(isAbsent);
      if (absent.length === 0) continue;
      const matters = Object.entries(node.properties).some(([name, raw]) => {
        const read = bindingsIn(raw);
        // Beside a value that can be found, it is left over from a branch that was deleted.
        return read.some(isAbsent) && read.every(isAbsent) && isUsed(view, node, name);
      });
      yield {
        node,
        level: matters ? "warning" : "info",
        text: `This node reads ${absent.slice(0, 5).join(", ")}${absent.length > 5 ? ", ..." : ""}, but the flow has no such node, so PingOne finds nothing there. ${matters ? "Choose the value again, or remove the binding." : "Nothing seems to depend on it; remove the binding."}`,
      };
    }
  },
};

export const fieldNotAsked: Rule = {
  code: "field-not-asked",
  level: "warning",
  about: "A node reads a field of a screen that the screen does not ask for.",
  *find({ bindings, flow }) {
    for (const [node, paths] of bindings) {
      for (const path of paths) {
        const [, id = "", field = ""] = /^local\.([\w-]+)\.payload\.output\.([\w-]+)/.exec(path) ?? [];
        const screen = flow.nodes.get(id);
        if (screen?.capabilityName !== "customHTMLTemplate" || field === "buttonValue") continue;
        const fields = fieldsOf(screen);
        const isOutput = JSON.stringify(screen.properties.outputSchema ?? "").includes(field);
        if (fields.length === 0 || fields.includes(field) || isOutput) continue;
        yield {
          node,
          text: `This node reads the field "${field}" of "${screen.title}" (${id}), which is not in that screen's list of fields, so PingOne does not keep it, and nothing is there. The list has ${listOf(fields)}. Add the field to the list, or correct the name.`,
        };
      }
    }
  },
};

/** Whether the capability takes this property, as far as it is known. */
function isUsed(view: FlowView, node: FlowNode, property: string): boolean {
  const start = view.paths.startOf(node);
  if (start) return view.isRead(`local.${start.id}.payload.output.${property}`);
  const inputs = view.checked.options.registry.find(node.connectorId, node.capabilityName)?.inputs;
  return inputs === undefined || Object.hasOwn(inputs, "*") || Object.hasOwn(inputs, property);
}

/** Names of the fields that a screen asks for. */
function fieldsOf({ properties }: FlowNode): string[] {
  const fields = unwrap(properties.formFieldsList);
  if (!Array.isArray(fields)) return [];
  return fields
    .filter(isRecord)
    .flatMap(({ propertyName }) => (typeof propertyName === "string" ? [propertyName] : []));
}

/** The editor lists fields that the template does not have; nobody is asked for these. */
function isAskedFor(name: string, { properties }: FlowNode): boolean {
  const template = templateText(properties.customHTML);
  return name !== "buttonValue" && (template === "" || template.includes(name));
}

const OWN_PROPERTIES =
  /^(subFlowId|subFlowVersionId|nodeTitle|nodeDescription|backgroundColor|.*_localizedErrors)$/;

/** Names of what a node gives to the flow that it starts. */
function inputsOf(node: FlowNode): string[] {
  if (subFlowOf(node) === undefined) return [];
  return Object.entries(node.properties)
    .filter(([name, raw]) => !OWN_PROPERTIES.test(name) && unwrap(raw) !== undefined && unwrap(raw) !== "")
    .map(([name]) => name);
}

function listOf(names: readonly string[]): string {
  const listed = names.slice(0, 8).map((name) => `"${name}"`);
  return `${listed.join(", ")}${names.length > listed.length ? ", ..." : ""}`;
}
