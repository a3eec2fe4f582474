/** Whether the flow policy lets a session through that Check Session would accept. */
import { isRecord, textOf, unwrap } from "../../graph/values.ts";
import type { FlowView } from "../flow-view.ts";
import type { Rule } from "../rule.ts";

export const sessionWindow: Rule = {
  code: "session-window",
  level: "warning",
  about: "Check Session accepts older sign-ons than the flow policy allows, or nobody can tell.",
  *find(view) {
    const allowed = view.checked.options.sessionWindowMinutes ?? windowOf(view);
    for (const node of view.nodes) {
      if (node.capabilityName !== "checkSession") continue;
      const asked = Number(unwrap(node.properties.authenticationMethodLastUsedIn));
      if (!Number.isFinite(asked) || asked <= 0) continue;
      if (allowed === undefined) {
        yield {
          node,
          level: "info",
          text: `This node accepts a sign-on of the last ${asked} minutes. The trigger of the flow policy has to allow as much, else PingOne always finds no session and asks for the password. The file does not say what the policy allows: compare it in PingOne (flow policy, trigger).`,
        };
      } else if (asked > allowed) {
        yield {
          node,
          text: `This node accepts a sign-on of the last ${asked} minutes, but the trigger of the flow policy allows ${allowed}, so PingOne finds no session after ${allowed === 0 ? "any time" : `${allowed} minutes`} and asks for the password. Set both to the same time.`,
        };
      }
    }
  },
};

const MINUTES: Readonly<Record<string, number>> = { min: 1, minute: 1, hour: 60, day: 1440 };

/** In minutes, as the trigger in the file says: the longest of its methods, 0 if all are off. */
function windowOf({ flow: { trigger } }: FlowView): number | undefined {
  const methods = isRecord(trigger?.configuration)
    ? Object.values(trigger.configuration).filter(isRecord)
    : [];
  if (methods.length === 0) return undefined;
  return Math.max(
    ...methods.map(({ enabled, time, timeFormat }) =>
      enabled === true && typeof time === "number"
        ? time * (MINUTES[textOf(timeFormat).toLowerCase().replace(/s$/, "")] ?? 1)
        : 0,
    ),
  );
}
