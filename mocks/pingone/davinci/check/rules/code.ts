/** Code and templates that do not compile. */
import { templateText, unwrap } from "../../graph/values.ts";
import type { Found, Rule } from "../rule.ts";

export const functionDoesNotCompile: Rule = {
  code: "function-does-not-compile",
  level: "error",
  about: "The code of a custom function does not compile.",
  async find({ nodes, checked: { compiles } }) {
    const found: Found[] = [];
    let unchecked = 0;
    for (const node of nodes) {
      const code = node.capabilityName === "customFunction" ? unwrap(node.properties.code) : undefined;
      if (typeof code !== "string") continue;
      const result = await compiles.ofFunction(code);
      if (result.kind === "unchecked") unchecked += 1;
      if (result.kind !== "failed") continue;
      found.push({
        node,
        text: `The code of this function cannot be run: ${result.message} In PingOne the node is false every time. Correct the code.`,
      });
    }
    return [...found, ...notChecked(unchecked, "functions")];
  },
};

export const templateDoesNotCompile: Rule = {
  code: "template-does-not-compile",
  level: "warning",
  about: "The template of a screen does not compile.",
  async find({ nodes, checked: { compiles } }) {
    const found: Found[] = [];
    let unchecked = 0;
    for (const node of nodes) {
      for (const name of ["customHTML", "message", "customCSS"]) {
        const template = templateText(node.properties[name]);
        if (!template.includes("{{")) continue;
        const result = await compiles.ofTemplate(template);
        if (result.kind === "unchecked") unchecked += 1;
        if (result.kind !== "failed") continue;
        found.push({
          node,
          text: `The template in ${name} cannot be rendered: ${result.message} PingOne shows it raw or not at all. Correct the expression in double braces.`,
        });
      }
    }
    return [...found, ...notChecked(unchecked, "templates")];
  },
};

function notChecked(count: number, what: "functions" | "templates"): Found[] {
  if (count === 0) return [];
  const text = `The files have more ${what} than one check tries: ${count} of this flow were not tried. PingOne compiles each when it runs it. Check fewer flows at once.`;
  return [{ level: "info", text }];
}
