/** What kind of node a capability makes, as far as the rules ask. */
import { COMPARISONS } from "../connectors/functions.ts";
import type { FlowNode } from "../graph/graph.ts";
import { unwrap } from "../graph/values.ts";

export function capabilityOf({ connectorId, capabilityName }: FlowNode): string {
  return `${connectorId}.${capabilityName}`;
}

export function isStartNode(node: FlowNode): boolean {
  return capabilityOf(node) === "nodeConnector.startNode";
}

export function isGoTo(node: FlowNode): boolean {
  return capabilityOf(node) === "nodeConnector.goToNode";
}

export function isReturn(node: FlowNode): boolean {
  return capabilityOf(node) === "nodeConnector.returnBackToCallingNode";
}

export function isErrorMessage(node: FlowNode): boolean {
  return capabilityOf(node) === "errorConnector.customErrorMessage";
}

/** The node to which a goToNode leads, as it says. */
export function goToTargetOf({ properties }: FlowNode): string | undefined {
  const target = unwrap(properties.nodeInstanceId);
  return typeof target === "string" && target !== "" ? target : undefined;
}

const REDIRECT_ENDS = new Set(["returnSuccessResponseRedirect", "returnErrorResponseRedirect"]);
const SUB_FLOW_ENDS = new Set(["createSuccessResponse", "createErrorResponse"]);

/** Ends a flow of a flow policy: the browser goes back to the application. */
export function isRedirectEnd({ capabilityName }: FlowNode): boolean {
  return REDIRECT_ENDS.has(capabilityName);
}

/** Ends a flow that DaVinci's widget runs in a page of the application. */
export function isWidgetEnd(node: FlowNode): boolean {
  return capabilityOf(node) === "pingOneAuthenticationConnector.returnSuccessResponseWidget";
}

/** Leaves a sub-flow. */
export function isSubFlowEnd({ connectorId, capabilityName }: FlowNode): boolean {
  return connectorId === "httpConnector" && SUB_FLOW_ENDS.has(capabilityName);
}

const SCREENS = new Set([
  "customHTMLTemplate",
  "customHtmlMessage",
  "appConsent",
  "customForm",
  "showForm",
  "customMessage",
  "recaptchaVerification",
  "loginFirstFactor",
]);

/**
 * A person has to answer. Of foreign connectors only the properties tell: those that show something have markup, or
 * the configuration of a screen.
 */
export function isScreen({ capabilityName, properties }: FlowNode): boolean {
  if (SCREENS.has(capabilityName)) return true;
  return Object.keys(properties).some((name) => /^customHTML$|HtmlConfig|screenHtml/i.test(name));
}

/** Compares: both outcomes are normal. */
export function isComparison({ connectorId, capabilityName }: FlowNode): boolean {
  return connectorId === "functionsConnector" && Object.hasOwn(COMPARISONS, capabilityName);
}

export function isMultipleComparison(node: FlowNode): boolean {
  return capabilityOf(node) === "functionsConnector.AEqualsMultipleB";
}
