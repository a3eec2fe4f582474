/** The Error Message connector. Ping: /connectors/error_message_connector.html. */
import { defineConnector } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";

const NOT_SHOWN = "Not shown to the person.";

export const errorConnector = defineConnector({
  id: "errorConnector",
  name: "Error Message",
  capabilities: {
    customErrorMessage: {
      about: "Shows the last screen again with a message. Before any screen the flow ends without an answer.",
      isDeferred: true,
      inputs: {
        errorMessage: { about: "What the person reads at `skerror`.", sure: "export" },
        errorDescription: { about: NOT_SHOWN, sure: "export" },
        errorCode: { about: NOT_SHOWN, sure: "export" },
        errorReason: { about: NOT_SHOWN, sure: "export" },
        errorCallbackSuppress: { about: "Concerns the widget only.", sure: "unverified" },
      },
      outputs: {},
      errors: {},
      run(call) {
        const message = textOf(call.properties.errorMessage).trim();
        if (message !== "") return { kind: "showError", message };
        call.remark(
          `Has an empty message, so nothing would tell the person what is wrong. A general sentence is shown in its place (unverified).`,
        );
        return { kind: "showError", message: "An error occurred." };
      },
    },
  },
});
