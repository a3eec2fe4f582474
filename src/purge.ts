/** Hourly house-keeping of the provider's KV records. PingSessions and MCP sessions end by alarms of their own. */
import type { OAuthProvider } from "@cloudflare/workers-oauth-provider";
import type { Env } from "./config.ts";
import { logEvent } from "./log.ts";

/** Where a sweep that did not finish goes on next time; without it every run would look at the same records. */
const CURSOR_KEY = "purge:cursor";

/** Each checked record costs at least one subrequest, of which one invocation has a thousand. */
const BATCH_SIZE = 200;

export async function purgeExpiredGrants(env: Env, provider: OAuthProvider<Env>): Promise<void> {
  const cursor = await env.OAUTH_KV.get(CURSOR_KEY);
  const swept = await provider.purgeExpiredData(env, {
    batchSize: BATCH_SIZE,
    ...(cursor !== null && { cursor }),
  });
  if (swept.cursor === undefined) await env.OAUTH_KV.delete(CURSOR_KEY);
  else await env.OAUTH_KV.put(CURSOR_KEY, swept.cursor);
  logEvent("purge.done", {
    grants_checked: swept.grantsChecked,
    grants_purged: swept.grantsPurged,
    tokens_checked: swept.tokensChecked,
    tokens_purged: swept.tokensPurged,
    finished: swept.done,
  });
}
