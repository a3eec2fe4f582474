/**
 * Clients that register themselves (RFC 7591): what they may say, and how long they stay known.
 *
 * Anyone may register, so a registration lives for a day. Only a person who signs in and allows the client gives it a
 * longer life, and every use renews that.
 */
import {
  type ClientRegistrationCallbackResult,
  getOAuthApi,
  type OAuthProviderOptions,
} from "@cloudflare/workers-oauth-provider";
import { z } from "zod";
import type { Env } from "../config.ts";
import { logProblem } from "../log.ts";
import { isRegisteredClientId } from "./credentials.ts";

/** How long a registration lives that no person has approved: KV must not fill up. */
export const UNUSED_REGISTRATION_TTL_SECONDS = 24 * 60 * 60;

/** How long a client stays registered after a person has approved it, or it was last used. */
export const CLIENT_REGISTRATION_TTL_SECONDS = 90 * 24 * 60 * 60;

const MAXIMUM_CLIENT_NAME_LENGTH = 200;
const MAXIMUM_REDIRECT_URIS = 10;

const registrationLimits = z.looseObject({
  client_name: z.string().max(MAXIMUM_CLIENT_NAME_LENGTH).optional(),
  redirect_uris: z.array(z.unknown()).max(MAXIMUM_REDIRECT_URIS).optional(),
});

/** A name that fills the consent page would hide where the access goes. The provider judges everything else. */
export function judgeRegistration({
  clientMetadata,
}: {
  clientMetadata: Record<string, unknown>;
}): ClientRegistrationCallbackResult | undefined {
  const judged = registrationLimits.safeParse(clientMetadata);
  if (judged.success || !judged.error.issues.some(({ code }) => code === "too_big")) return undefined;
  return {
    code: "invalid_client_metadata",
    description:
      `client_name may have ${MAXIMUM_CLIENT_NAME_LENGTH} characters, and there may be ` +
      `${MAXIMUM_REDIRECT_URIS} redirect_uris.`,
  };
}

const answerSchema = z.looseObject({ client_secret: z.string(), client_secret_expires_at: z.number() });

/**
 * A secret's expiry as it will be once a person has approved the client (RFC 7591 §3.2.1). The provider names the short
 * life until then, after which a client that minds would throw a good secret away.
 */
export async function nameSecretExpiry(response: Response): Promise<Response> {
  if (response.status !== 201) return response;
  const registered: unknown = await response.clone().json();
  const confidential = answerSchema.safeParse(registered);
  if (!confidential.success) return response;
  const extension = CLIENT_REGISTRATION_TTL_SECONDS - UNUSED_REGISTRATION_TTL_SECONDS;
  const expiresAt = confidential.data.client_secret_expires_at + extension;
  return Response.json({ ...confidential.data, client_secret_expires_at: expiresAt }, response);
}

/** What the provider writes beside a registration: when it ends, in seconds since the epoch. */
const storedSchema = z.looseObject({ registrationExpiresAt: z.number() });

/**
 * A person has approved the client, or the client was used: its registration lives on. Nothing is written while more
 * than half of its life is left, and nothing fails when the write does: the next use tries again.
 */
export async function keepRegistration(
  options: OAuthProviderOptions<Env>,
  env: Env,
  clientId: string,
): Promise<void> {
  // A client known by its metadata document has no registration.
  if (!isRegisteredClientId(clientId)) return;
  try {
    const stored = storedSchema.safeParse(await env.OAUTH_KV.get(`client:${clientId}`, { type: "json" }));
    if (!stored.success) return;
    const secondsLeft = stored.data.registrationExpiresAt - Date.now() / 1000;
    if (secondsLeft > CLIENT_REGISTRATION_TTL_SECONDS / 2) return;
    const api = getOAuthApi({ ...options, clientRegistrationTTL: CLIENT_REGISTRATION_TTL_SECONDS }, env);
    // Writing a registration anew gives it the life that these options name.
    await api.updateClient(clientId, {});
  } catch (error) {
    logProblem("registration.not_kept", { error: error instanceof Error ? error.name : "unknown" });
  }
}
