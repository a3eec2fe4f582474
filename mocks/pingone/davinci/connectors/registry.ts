/** All connectors that run, and how to find one of their capabilities. */
import type { Capability, Connector } from "../engine/capability.ts";
import { analyticsConnector } from "./analytics.ts";
import { challengeConnector } from "./challenge.ts";
import { codeSnippetConnector } from "./code-snippet.ts";
import { cookieConnector } from "./cookie.ts";
import { devicePolicyConnector } from "./device-policy.ts";
import { errorConnector } from "./error.ts";
import { flowConnector } from "./flow.ts";
import { formsConnector } from "./forms.ts";
import { functionsConnector } from "./functions.ts";
import { httpConnector } from "./http.ts";
import { nodeConnector } from "./node.ts";
import { notificationsConnector } from "./notifications.ts";
import { pingOneAuthenticationConnector } from "./pingone-authentication.ts";
import { pingOneMfaConnector } from "./pingone-mfa.ts";
import { pingOneRiskConnector } from "./pingone-risk.ts";
import { pingOneScopeConsentConnector } from "./pingone-scope-consent.ts";
import { pingOneSSOConnector } from "./pingone-sso.ts";
import { stringsConnector } from "./strings.ts";
import { variablesConnector } from "./variables.ts";

export const CONNECTORS: readonly Connector[] = [
  httpConnector,
  functionsConnector,
  variablesConnector,
  nodeConnector,
  flowConnector,
  errorConnector,
  stringsConnector,
  codeSnippetConnector,
  notificationsConnector,
  analyticsConnector,
  challengeConnector,
  cookieConnector,
  formsConnector,
  pingOneSSOConnector,
  pingOneMfaConnector,
  devicePolicyConnector,
  pingOneRiskConnector,
  pingOneAuthenticationConnector,
  pingOneScopeConsentConnector,
];

export interface Registry {
  /** `undefined` for what does not run here. */
  find(connectorId: string, capabilityName: string): Capability | undefined;
  /** The capability of a known connector that a misspelt name may mean. */
  suggest(connectorId: string, capabilityName: string): string | undefined;
  list(): readonly Connector[];
}

/** @throws {Error} for two connectors of one id. */
export function createRegistry(connectors: readonly Connector[] = CONNECTORS): Registry {
  const byId = new Map(
    connectors.map(({ id, capabilities }) => [id, new Map(Object.entries(capabilities))] as const),
  );
  if (byId.size < connectors.length) throw new Error("Two connectors have the same id.");

  return {
    find(connectorId, capabilityName) {
      const capabilities = byId.get(connectorId);
      const taken = connectors.find(({ id }) => id === connectorId)?.taken?.(capabilityName);
      return (
        capabilities?.get(capabilityName) ?? (taken === undefined ? undefined : capabilities?.get(taken))
      );
    },
    suggest(connectorId, capabilityName) {
      const near = [...(byId.get(connectorId)?.keys() ?? [])]
        .map((name) => ({ name, distance: distanceOf(name.toLowerCase(), capabilityName.toLowerCase()) }))
        .sort((a, b) => a.distance - b.distance)[0];
      return near !== undefined && near.distance <= MAX_DISTANCE ? near.name : undefined;
    },
    list: () => connectors,
  };
}

/** More changed letters make another word. */
const MAX_DISTANCE = 2;
const MAX_NAME = 100;

/** How many letters have to be added, left out or replaced (Levenshtein). */
function distanceOf(a: string, b: string): number {
  if (b.length > MAX_NAME) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
