/**
 * Clients that register themselves (RFC 7591): what they may say, and how long they stay known.
 *
 * Anyone may register, so a registration lives for a day. A person who signs in and allows the client gives it a longer
 * life, and the provider renews that with each use in its second half.
 */
import type { ClientRegistrationCallbackResult, OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { z } from "zod";
import { errorName, logProblem } from "../log.ts";
import { nowInSeconds } from "../time.ts";
import { isRegisteredClientId } from "./credentials.ts";

/** How long a registration lives that no person has approved: KV must not fill up. */
const UNUSED_REGISTRATION_TTL_SECONDS = 24 * 60 * 60;

/** How long a client stays registered after a person has approved it, or it was last renewed. */
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
      `client_name may have at most ${MAXIMUM_CLIENT_NAME_LENGTH} characters, and there may be at most ` +
      `${MAXIMUM_REDIRECT_URIS} redirect_uris.`,
  };
}

/**
 * The provider's record of a client that has just registered, with the life of an unused one. The expiry that stands in
 * it is what the provider's renewals go by; a secret's expiry, which the client is told, is that of an approved client
 * (RFC 7591 §3.2.1).
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
 * A person who has signed in has approved the client: its registration lives on. Writing it anew gives it the life that
 * the provider's options name. A write that fails costs nobody the sign-in: the provider renews at the next use.
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
