/** Code and templates that do not compile. */
import { templateText, unwrap } from "../../graph/values.ts";
import type { Found, Rule } from "../rule.ts";

export const functionDoesNotCompile: Rule = {
  code: "function-does-not-compile",
  level: "error",
  about: "The code of a custom function does not compile.",
  async find({ nodes, checked: { options } }) {
    const found: Found[] = [];
    for (const node of nodes) {
      const code = node.capabilityName === "customFunction" ? unwrap(node.properties.code) : undefined;
      if (typeof code !== "string") continue;
      const result = await options.sandbox.checkFunction(code);
      if (result.kind === "ok") continue;
      found.push({
        node,
        text: `The code of this function cannot be run: ${result.message} In PingOne the node is false every time. Correct the code.`,
      });
    }
    return found;
  },
};

export const templateDoesNotCompile: Rule = {
  code: "template-does-not-compile",
  level: "warning",
  about: "The template of a screen does not compile.",
  async find({ nodes, checked: { options } }) {
    const found: Found[] = [];
    for (const node of nodes) {
      for (const name of ["customHTML", "message", "customCSS"]) {
        const template = templateText(node.properties[name]);
        if (!template.includes("{{")) continue;
        const result = await options.sandbox.checkTemplate(template);
        if (result.kind === "ok") continue;
        found.push({
          node,
          text: `The template in ${name} cannot be rendered: ${result.message} PingOne shows it raw or not at all. Correct the expression in double braces.`,
        });
      }
    }
    return found;
  },
};
