/** The Flow Conductor connector: sub-flows. Ping: /connectors/flow_conductor_connector.html. */
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { nameOf } from "../engine/run.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { argumentsOf } from "./inputs.ts";
import { OUT_OF_BAND, outOfBandName } from "./out-of-band.ts";

function start(call: Call): Effect {
  const { subFlowId, subFlowVersionId } = call.properties;
  const chosen = isRecord(subFlowId) ? subFlowId : { value: subFlowId };
  const [flowId, label] = [textOf(chosen.value), textOf(chosen.label)];
  if (flowId === "" && label === "") {
    const reason = `${nameOf(call.node)} names no sub-flow. Choose one in it.`;
    return { kind: "end", outcome: { kind: "died", reason } };
  }
  const version = textOf(subFlowVersionId);
  if (version !== "" && version !== "-1") {
    call.remark(
      `Asks for version ${version} of its sub-flow. An export holds one version only; that one runs.`,
    );
  }
  return {
    kind: "startFlow",
    flowId,
    label: label === "" ? undefined : label,
    parameters: argumentsOf(call, "subFlowId", "subFlowVersionId"),
  };
}

const SUB_FLOW = {
  limits: "Always the version that is in the file.",
  inputs: {
    subFlowId: { about: "The id of the flow, beside it its name (`label`).", sure: "export" },
    subFlowVersionId: { about: "-1: the latest that is deployed.", sure: "export" },
    "*": { about: "Every other property is a parameter of the sub-flow.", sure: "export" },
  },
  outputs: { "*": { about: "The claims of the sub-flow's response, by name.", sure: "export" } },
  errors: { "*": { about: "False when the sub-flow ends in an error response.", sure: "unverified" } },
  isDeferred: true,
  run: start,
} as const satisfies Omit<Capability, "about">;

export const flowConnector = defineConnector({
  id: "flowConnector",
  name: "Flow Conductor",
  capabilities: {
    startUiSubFlow: { about: "Runs another flow that may show screens.", ...SUB_FLOW },
    startSubFlow: { about: "Runs another flow that shows no screen.", ...SUB_FLOW },
    ...OUT_OF_BAND,
  },
  taken: outOfBandName,
});
