/**
 * Remembers that a person has ended a client's access on the sign-out page. Approvals are remembered in browsers, and
 * only one browser is there when access is ended; without this, the others would let the client back in silently.
 */
import { type Env, THIRTY_DAYS_SECONDS } from "../config.ts";

interface Access {
  readonly userId: string;
  readonly clientId: string;
}

/** Kept as long as any browser can remember an approval that was given before. */
export async function recordEndedAccess(env: Env, access: Access): Promise<void> {
  await env.OAUTH_KV.put(await keyOf(access), "1", { expirationTtl: THIRTY_DAYS_SECONDS });
}

export async function wasAccessEnded(env: Env, access: Access): Promise<boolean> {
  return (await env.OAUTH_KV.get(await keyOf(access))) !== null;
}

/** The person has allowed the client anew. */
export async function forgetEndedAccess(env: Env, access: Access): Promise<void> {
  await env.OAUTH_KV.delete(await keyOf(access));
}

/** A client id can be a long URL (Client ID Metadata Documents), and KV keys have 512 bytes. */
async function keyOf({ userId, clientId }: Access): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(clientId));
  return `ended:${userId}:${Buffer.from(digest).toString("base64url")}`;
}
