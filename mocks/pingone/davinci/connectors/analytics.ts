/** The Flow Analytics connector. Ping: /connectors/flow_analytics_connector.html. */
import { defineConnector } from "../engine/capability.ts";

const NOT_KEPT = "Not kept.";

export const analyticsConnector = defineConnector({
  id: "analyticsConnector",
  name: "Flow Analytics",
  capabilities: {
    logOutcome: {
      about: "Does nothing and succeeds.",
      limits: "There are no analytics: the outcome is not kept.",
      inputs: {
        outcomeType: { about: NOT_KEPT, sure: "export" },
        outcomeStatus: { about: NOT_KEPT, sure: "export" },
        outcomeStatusDetail: { about: NOT_KEPT, sure: "export" },
        outcomeDescription: { about: NOT_KEPT, sure: "export" },
        customTimestamp: { about: NOT_KEPT, sure: "documented" },
        shouldContinueOnError: { about: "Has no effect: logging cannot fail here.", sure: "export" },
      },
      outputs: {},
      errors: {},
      run(call) {
        call.remark(`Logs an outcome. The emulator has no analytics, so it is not kept.`);
        return { kind: "success" };
      },
    },
  },
});
