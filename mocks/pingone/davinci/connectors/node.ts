/** The Teleport connector: jumps and calls inside one flow. Ping: /connectors/teleport_connector.html. */
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { nameOf } from "../engine/run.ts";
import { textOf } from "../graph/values.ts";
import { argumentsOf } from "./inputs.ts";

function goTo(call: Call): Effect {
  const nodeId = textOf(call.properties.nodeInstanceId);
  const target = call.flow.nodes.get(nodeId);
  if (target?.connectorId !== "nodeConnector" || target.capabilityName !== "startNode") {
    const problem =
      nodeId === ""
        ? "names no start node"
        : target === undefined
          ? `names ${nodeId}, which is not in this flow`
          : `names ${nameOf(target)}, which is no start node`;
    const reason = `${nameOf(call.node)} ${problem}. Choose a start node of this flow in it.`;
    return { kind: "end", outcome: { kind: "died", reason } };
  }
  return { kind: "goTo", nodeId, output: argumentsOf(call, "nodeInstanceId") };
}

export const nodeConnector = defineConnector({
  id: "nodeConnector",
  name: "Teleport",
  capabilities: {
    startNode: {
      about: "Where jumps and calls arrive.",
      inputs: { inputSchema: { about: "Names the arguments; for the editor.", sure: "export" } },
      outputs: { "*": { about: "What the node that led here has given, by name.", sure: "export" } },
      errors: {},
      run: () => ({ kind: "success" }),
    },
    goToNode: {
      about: "Goes to a start node: as a call when the node has exits, else as a jump.",
      inputs: {
        nodeInstanceId: { about: "The id of the start node.", sure: "export" },
        "*": { about: "Every other property is an argument: an output of the start node.", sure: "export" },
      },
      outputs: { "*": { about: "Of a call: what Return to Calling Node gives back.", sure: "export" } },
      errors: {},
      run: goTo,
    },
    returnBackToCallingNode: {
      about: "Completes the node that made the last call.",
      inputs: {
        outputSchema: { about: "Names what is given back; for the editor.", sure: "documented" },
        "*": { about: "Every other property is given back.", sure: "export" },
      },
      outputs: {},
      errors: {},
      run: (call) => ({ kind: "returnToCaller", output: argumentsOf(call, "outputSchema", "inputSchema") }),
    },
  },
});
