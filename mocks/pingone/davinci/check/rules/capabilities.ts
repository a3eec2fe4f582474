/** What of a flow the emulator cannot do, and nodes that are switched off. */
import { templateText, unwrap } from "../../graph/values.ts";
import { capabilityOf } from "../kinds.ts";
import type { Rule } from "../rule.ts";

export const capabilityNotImplemented: Rule = {
  code: "capability-not-implemented",
  level: "warning",
  about: "The emulator does not implement the capability of a node.",
  *find({ nodes, checked: { options } }) {
    for (const node of nodes) {
      if (options.registry.find(node.connectorId, node.capabilityName)) continue;
      const name = capabilityOf(node);
      const meant = options.registry.suggest?.(node.connectorId, node.capabilityName);
      const hint = meant === undefined ? "" : ` Did you mean ${node.connectorId}.${meant}?`;
      yield options.hasStub?.(node)
        ? {
            node,
            level: "info",
            text: `The emulator does not implement ${name}. It answers with the stub that you gave; PingOne runs the real connector.`,
          }
        : {
            node,
            text: `The emulator does not implement ${name}, so a run stops at this node.${hint} PingOne runs it. Give its answer in a stub file beside the flow to run it here.`,
          };
    }
  },
};

export const stubMissing: Rule = {
  code: "stub-missing",
  level: "warning",
  about: "A node calls another machine, and no stub file has its answer.",
  *find({ nodes, checked: { options } }) {
    for (const node of nodes) {
      if (node.capabilityName !== "makeRestApiCall" || options.hasStub?.(node)) continue;
      yield {
        node,
        text: "This node calls another machine, which the emulator never does. Without a stub the run stops here and shows the shape of the stub. PingOne makes the call. Give its answer in a stub file beside the flow.",
      };
    }
  },
};

export const nodeDisabled: Rule = {
  code: "node-disabled",
  level: "warning",
  about: "A node is disabled.",
  *find({ nodes }) {
    for (const node of nodes) {
      if (!node.isDisabled) continue;
      yield {
        node,
        text: "This node is disabled. What PingOne does when a run comes to it is not documented, and its own validator reports it as an error; the emulator goes on behind it. Enable the node, or delete it and join its neighbours.",
      };
    }
  },
};

export const scriptNotRun: Rule = {
  code: "script-not-run",
  level: "info",
  about: "A screen has a script, which the emulator does not run.",
  *find({ nodes }) {
    for (const node of nodes) {
      if (templateText(node.properties.customScript).trim() === "") continue;
      yield {
        node,
        text: "This screen has a script. PingOne runs it in the browser; the emulator shows the screen as a plain form and does not run it. If the script builds fields or sends the form by itself, the screen is incomplete here.",
      };
    }
  },
};

/** Styles that are loaded from elsewhere change how a screen looks, nothing else. */
export const stylesNotLoaded: Rule = {
  code: "styles-not-loaded",
  level: "info",
  about: "A flow uses style sheets from the network, which the emulator does not load.",
  *find({ flow }) {
    const links = unwrap(flow.settings.cssLinks);
    const count = Array.isArray(links) ? links.filter((link) => link !== "").length : 0;
    if (count === 0) return;
    yield {
      text: `The flow uses ${count} style ${count === 1 ? "sheet" : "sheets"} from the network. PingOne's pages load them; the emulator does not, so screens look plainer here. Nothing has to be done.`,
    };
  },
};
