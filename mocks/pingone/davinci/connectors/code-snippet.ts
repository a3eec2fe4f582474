/** The Code Snippet connector: code that is kept with the connection. Ping: /connectors/code_snippet_connector.html. */
import { defineConnector } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { runCode } from "./custom-code.ts";

export const codeSnippetConnector = defineConnector({
  id: "codeSnippetConnector",
  name: "Code Snippet",
  capabilities: {
    snippet: {
      about:
        "Runs the JavaScript of the connection in the sandbox, as a custom function; without it, a stub answers.",
      limits: "Most exports are without the code of their connections.",
      inputs: {
        functionArgumentList: { about: "The `params`, by name.", sure: "documented" },
        code: { about: "The program, where an export has it in the node.", sure: "unverified" },
      },
      outputs: { "": { about: "What the code returns.", sure: "documented" } },
      errors: {
        snippetCompile: { about: "The code is malformed.", sure: "unverified" },
        snippetThrew: { about: "The code threw an error.", sure: "unverified" },
        snippetLimit: { about: "The code took too much time or memory.", sure: "unverified" },
      },
      rawProperties: ["code"],
      run(call) {
        const { code, functionArgumentList } = call.properties;
        if (textOf(code).trim() === "") return call.runForeign();
        return runCode(call, { code, args: functionArgumentList, name: "snippet" });
      },
    },
  },
});
