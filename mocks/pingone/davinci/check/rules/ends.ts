/** How flows end. */
import type { FlowNode } from "../../graph/graph.ts";
import type { FlowView } from "../flow-view.ts";
import { isRedirectEnd, isScreen, isSubFlowEnd, isWidgetEnd } from "../kinds.ts";
import type { Rule } from "../rule.ts";

const MEND_END =
  "End it with PingOne Authentication, Return Success Response (Redirect Flows), and Return Error Response (Redirect Flows).";

export const noRedirectEnd: Rule = {
  code: "no-redirect-end",
  level: "error",
  about: "A main flow never returns to the application.",
  *find(view) {
    if (view.role !== "main" || reachableNodes(view).some(isRedirectEnd)) return;
    const isThere = view.nodes.some(isRedirectEnd);
    yield {
      level: levelOfMain(view),
      text: `${isThere ? "No run of this main flow reaches a redirect end" : "This main flow has no redirect end"}, so a person never comes back to the application, and PingOne answers login_required or nothing at all. ${isThere ? "Join the redirect ends to the rest of the flow." : MEND_END}`,
    };
  },
};

export const noSuccessEnd: Rule = {
  code: "no-success-end",
  level: "warning",
  about: "A main flow can only return an error to the application.",
  *find(view) {
    const ends = reachableNodes(view).filter(isRedirectEnd);
    if (view.role !== "main" || ends.length === 0) return;
    if (ends.some(({ capabilityName }) => capabilityName === "returnSuccessResponseRedirect")) return;
    yield {
      node: ends[0],
      text: "Every redirect end of this main flow returns an error, so PingOne never issues a code. Add Return Success Response (Redirect Flows) where the person is signed on.",
    };
  },
};

export const endsAsSubFlow: Rule = {
  code: "ends-as-sub-flow",
  level: "error",
  about: "A main flow ends as a sub-flow does.",
  *find(view) {
    if (view.role !== "main" || view.checked.calls.has(view.flow)) return;
    for (const node of reachableNodes(view).filter(isSubFlowEnd)) {
      yield {
        node,
        level: levelOfMain(view),
        text: `This node ends a sub-flow, but the flow is run by a flow policy, where nothing called it. PingOne issues no code, and the application gets login_required. ${MEND_END}`,
      };
    }
  },
};

export const endsInWidget: Rule = {
  code: "ends-in-widget",
  level: "warning",
  about: "A flow ends as flows of DaVinci's widget do.",
  *find(view) {
    for (const node of reachableNodes(view).filter(isWidgetEnd)) {
      yield {
        node,
        text: "This end gives tokens to DaVinci's widget. A flow that a flow policy runs by redirect needs Return Success Response (Redirect Flows) in its place; what PingOne does with this one there is not documented. The emulator ends it as a redirect.",
      };
    }
  },
};

export const subFlowNeverReturns: Rule = {
  code: "sub-flow-never-returns",
  level: "error",
  about: "A flow that others start as a sub-flow has no end that returns to them.",
  *find(view) {
    const [call] = view.checked.calls.get(view.flow) ?? [];
    if (call === undefined || reachableNodes(view).some((node) => isSubFlowEnd(node) || isRedirectEnd(node)))
      return;
    yield {
      text: `The flow "${call.flow.name}" starts this flow as a sub-flow, but it has no reachable end, so PingOne's run never gets back to "${call.node.title}". End it with Http, Create a Success Response or Create an Error Response.`,
    };
  },
};

export const screenWithoutExit: Rule = {
  code: "screen-without-exit",
  level: "warning",
  about: "Nothing follows a screen.",
  *find(view) {
    for (const node of reachableNodes(view)) {
      if (!isScreen(node) || node.exits.length > 0) continue;
      yield {
        node,
        text: "Nothing follows this screen: a person who comes here has no way on, and the application gets no answer from PingOne. Join it to another node, or to an end of the flow.",
      };
    }
  },
};

function reachableNodes(view: FlowView): FlowNode[] {
  const reachable = view.paths.reachable();
  return view.nodes.filter(({ id }) => reachable.has(id));
}

/** Flows for DaVinci's widget and API end otherwise; only a flow of PingOne surely fails. */
function levelOfMain({ flow: { settings, trigger }, nodes }: FlowView): "error" | "warning" {
  const isOfPingOne =
    settings.pingOneFlow === true || trigger?.type === "AUTHENTICATION" || nodes.some(isRedirectEnd);
  return isOfPingOne ? "error" : "warning";
}
