/**
 * Dynamic client registration (RFC 7591): limits and lifetimes.
 *
 * Anyone may register, so a registration expires after a day. When a person signs in and allows the client, its
 * lifetime is extended, and the provider renews it with each use in the second half.
 */
import type { ClientRegistrationCallbackResult, OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { z } from "zod";
import { errorName, logProblem } from "../log.ts";
import { nowInSeconds } from "../time.ts";
import { isRegisteredClientId } from "./credentials.ts";

/** Lifetime of a registration that no person has approved, so that KV does not fill up. */
const UNUSED_REGISTRATION_TTL_SECONDS = 24 * 60 * 60;

/** Lifetime of a registration after a person has approved it, or after its last renewal. */
export const CLIENT_REGISTRATION_TTL_SECONDS = 90 * 24 * 60 * 60;

const MAXIMUM_CLIENT_NAME_LENGTH = 200;
const MAXIMUM_REDIRECT_URIS = 10;

const registrationLimits = z.looseObject({
  client_name: z.string().max(MAXIMUM_CLIENT_NAME_LENGTH).optional(),
  redirect_uris: z.array(z.unknown()).max(MAXIMUM_REDIRECT_URIS).optional(),
});

/** A very long name could push the redirect host off the consent page. The provider validates everything else. */
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
      `client_name may have at most ${MAXIMUM_CLIENT_NAME_LENGTH} characters, and there may be at most ` +
      `${MAXIMUM_REDIRECT_URIS} redirect_uris.`,
  };
}

/**
 * The provider's record of a new client, with the lifetime of an unapproved one. The provider renews by the expiry in
 * the record. The `client_secret_expires_at` in the response (RFC 7591 §3.2.1) is that of an approved client.
 */
export function shortenRegistration(record: string): { record: string; expirationTtl: number } {
  const fields = z.record(z.string(), z.unknown()).parse(JSON.parse(record));
  const registrationExpiresAt = nowInSeconds() + UNUSED_REGISTRATION_TTL_SECONDS;
  return {
    record: JSON.stringify({ ...fields, registrationExpiresAt }),
    expirationTtl: UNUSED_REGISTRATION_TTL_SECONDS,
  };
}

/**
 * Extends the registration of a client that a person has approved. Updating it sets the lifetime of the provider's
 * options. A failed write does not fail the sign-in: the provider renews at the next use.
 */
export async function keepRegistration(provider: OAuthHelpers, clientId: string): Promise<void> {
  // A client known by its metadata document has no registration.
  if (!isRegisteredClientId(clientId)) return;
  try {
    await provider.updateClient(clientId, {});
  } catch (error) {
    logProblem("registration.not_kept", { error: errorName(error) });
  }
}
