/**
 * PingOne's management API: the access token of a worker application, which acts by its roles. Roles are not modelled: every
 * worker application of the environment may read.
 */
import { findApplication } from "../tenant/tenant.ts";
import { findToken, isActive } from "../tokens/status.ts";
import type { OidcContext } from "./context.ts";
import {
  accessFailed,
  challenge,
  invalidToken,
  isBearerHeader,
  malformed,
  tokenInHeader,
} from "./rules/bearer-token.ts";

/** @throws {P1Refusal} 401 without a valid token, 403 for one that is not for this API and environment. */
export function requireWorkerToken(c: OidcContext): void {
  const { tenant, tokens } = c.get("pingone");
  const header = c.req.header("authorization");
  if (!isBearerHeader(header)) throw challenge(401, "ACCESS_FAILED", "The request needs a bearer token.");
  const value = tokenInHeader(header);
  if (value === undefined) throw malformed();
  const found = findToken(tokens, value);
  if (found?.kind !== "access_token" || !isActive(tokens, found)) throw invalidToken();
  const { token } = found;
  const isWorkers =
    token.grantId === null &&
    findApplication(tenant, token.clientId)?.type === "WORKER" &&
    token.audience.includes(tenant.environment.pingOneAudience);
  if (!isWorkers || c.req.param("environment") !== tenant.environment.id) throw accessFailed();
}
