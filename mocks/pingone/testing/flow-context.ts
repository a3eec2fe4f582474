/** What tests of flows run in, where it does not matter: a request for sign-on, and an environment with nothing in it. */
import type { AuthorizationContext } from "../davinci/contracts.ts";
import type { LoadedEnvironment } from "../tenant/environment.ts";

export function flowContext(changes: Partial<AuthorizationContext> = {}): AuthorizationContext {
  return {
    application: { id: "app-1", name: "Remote MCP Server" },
    redirectHost: "localhost:8787",
    scopes: ["openid", "profile", "todo_api:read", "todo_api:write"],
    policyId: "0".repeat(32),
    loginHint: undefined,
    silent: false,
    forceAuthentication: false,
    session: undefined,
    parameters: {},
    formAction: "/as/interaction/1",
    ...changes,
  };
}

export const EMPTY_ENVIRONMENT: LoadedEnvironment = {
  id: "env-1",
  organizationId: "org-1",
  region: "EU",
  applications: [],
  resources: [],
  groups: [],
  populations: [],
  grants: new Map(),
  policies: [],
  assignments: [],
  flowPolicyIds: [],
  ownFlowPolicyIds: new Set(),
};
