/** customErrorMessage shows the last screen again: there has to be one, and it has to have a place for the message. */

import type { FlowNode } from "../../graph/graph.ts";
import { templateText, unwrap } from "../../graph/values.ts";
import { isErrorMessage } from "../kinds.ts";
import type { Rule } from "../rule.ts";

export const errorMessageBeforeScreen: Rule = {
  code: "error-message-before-screen",
  level: "error",
  about: "A run can come to customErrorMessage before any screen was shown.",
  *find(view) {
    const reached = view.paths.beforeAnyScreen();
    const isMain = view.role === "main";
    for (const node of view.nodes) {
      if (!isErrorMessage(node) || !reached.has(node.id)) continue;
      yield isMain
        ? {
            node,
            text: "A run can come to this message before any screen was shown. It shows the last screen again, so without one PingOne's flow dies, and the application gets login_required without the message. Use Return Error Response (Redirect Flows) here, or show a screen with the message.",
          }
        : {
            node,
            level: "warning",
            text: "A run of this flow can come to this message before the flow has shown a screen. If the flow that starts it has not shown one either, PingOne's run dies, and the application gets login_required without the message. Use Http, Create an Error Response here, and let the calling flow decide.",
          };
    }
  },
};

export const screenWithoutErrorRegion: Rule = {
  code: "screen-without-error-region",
  level: "warning",
  about: "A screen can be shown again with an error message, but its template has no place for it.",
  *find(view) {
    const failing = view.paths.leadingTo(isErrorMessage);
    for (const node of view.nodes) {
      const template = templateOf(node);
      if (template.trim() === "" || /skerror/i.test(template) || !failing.has(node.id)) continue;
      yield {
        node,
        text: 'What follows this screen can show it again with an error message, but its template has no element with data-skcomponent="skerror". PingOne shows the screen again without a word. Add such an element to the template.',
      };
    }
  },
};

/** The markup of a screen. */
function templateOf({ capabilityName, properties }: FlowNode): string {
  return capabilityName === "customHTMLTemplate" && unwrap(properties.customHTML) !== undefined
    ? templateText(properties.customHTML)
    : "";
}
