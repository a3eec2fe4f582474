/** Tokens of a user without pages, as `POST /as/token` gives them after a sign-on. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { ControlRequestError } from "../kit/refusal.ts";
import type { PingOneParts } from "./oidc/context.ts";
import { requireOneResource } from "./oidc/rules/scopes.ts";
import { OAuthRefusal } from "./refusals.ts";
import type { Application } from "./tenant/environment.ts";
import { isOfflineAccessGranted } from "./tenant/scopes.ts";
import type { Tenant } from "./tenant/tenant.ts";
import type { User } from "./tenant/users.ts";
import { issueTokens } from "./tokens/issue.ts";
import { newGrant, newSession } from "./tokens/store.ts";

const IDLE_TIMEOUT_MINUTES = 480;

export const issueTokensInput = z
  .strictObject({
    user: z.string().min(1).describe("User name, e-mail or id."),
    scopes: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Default: every scope that the application is granted."),
    application: z.string().min(1).optional().describe("Its client_id. Default: the main application."),
  })
  .describe("Whose tokens, and for which application and scopes.");

/** The tokens of one sign-on: JSON Web Tokens, except for an opaque refresh token. */
export interface IssuedTokens {
  readonly accessToken: string;
  /** Without the scope `openid` there is none. */
  readonly idToken?: string;
  /** Only for an application that gets refresh tokens. */
  readonly refreshToken?: string;
  /** Life of the access token, seconds. */
  readonly expiresIn: number;
  /** The scopes of the access token. */
  readonly scopes: readonly string[];
}

/**
 * The user gets a session of their own, as after a sign-on in a new browser. Faults queued for the token endpoint stay.
 * @throws {ControlRequestError} when the application may not have these scopes, or the user is disabled.
 */
export async function mintTokens(
  { tenant, tokens }: PingOneParts,
  user: User,
  application: Application,
  wanted: readonly string[] | undefined,
): Promise<IssuedTokens> {
  if (!user.enabled)
    throw new ControlRequestError(`The user ${user.username} is disabled, so no token is issued.`);
  const scopes = grantedOf(tenant, application, wanted);
  const facts = { userId: user.id, authenticationMethods: ["pwd"], idleTimeoutMinutes: IDLE_TIMEOUT_MINUTES };
  const session = newSession(facts, randomBytes(32).toString("base64url"), tenant.clock());
  const { id: clientId } = application;
  const grant = newGrant(session, {
    clientId,
    scopes,
    resource: null,
    policyId: tenant.chosenPolicies.get(clientId) ?? tenant.environment.policiesOf(clientId)[0] ?? "",
    createdAt: session.createdAt,
    login: {},
  });
  const silent = { ...tokens, takeTokenFault: () => undefined };
  tokens.store.addSession(session);
  tokens.store.grants.set(grant.id, grant);
  try {
    const issued = await issueTokens(silent, { application, grant, user, scopes });
    return {
      accessToken: issued.access_token,
      ...(issued.id_token !== undefined && { idToken: issued.id_token }),
      ...(issued.refresh_token !== undefined && { refreshToken: issued.refresh_token }),
      expiresIn: issued.expires_in,
      scopes: issued.scope?.split(" ") ?? [],
    };
  } catch (error) {
    tokens.store.grants.delete(grant.id);
    tokens.store.sessions.delete(session.id);
    throw error instanceof OAuthRefusal ? new ControlRequestError(`${error.message}.`) : error;
  }
}

function grantedOf(
  tenant: Tenant,
  application: Application,
  wanted: readonly string[] | undefined,
): string[] {
  const granted = [...tenant.environment.grantedScopes(application.id).keys()];
  if (isOfflineAccessGranted(tenant, application)) granted.push("offline_access");
  const unknown = wanted?.find((scope) => !granted.includes(scope));
  if (unknown !== undefined) {
    throw new ControlRequestError(
      `The application ${application.id} is not granted the scope "${unknown}". It has: ${granted.join(", ")}.`,
    );
  }
  const scopes = [...new Set(wanted ?? granted)];
  try {
    requireOneResource(tenant, application, scopes);
  } catch (error) {
    throw new ControlRequestError(`${(error as Error).message}: ${scopes.join(", ")}. Name fewer scopes.`);
  }
  return scopes;
}
