/** The tables of the Durable Object `Person`, and what it reads of the provider's own grant records. */
import { z } from "zod";
import { isLoopback } from "../config.ts";
import { isMetadataDocumentId } from "./credentials.ts";

/** One MCP client that acts for the person. `createdAt` is in seconds since the epoch. */
export interface Connection {
  readonly grantId: string;
  readonly clientId: string;
  readonly clientName: string | undefined;
  readonly redirectUri: string | undefined;
  readonly scopes: readonly string[];
  readonly createdAt: number;
}

/** The unencrypted metadata of a grant. */
const grantMetadataSchema = z.object({
  pingSessionId: z.string(),
  clientName: z.string().optional(),
  /** Epoch milliseconds at which the person was admitted; a later end overrides it. */
  admittedAt: z.number(),
});
export type GrantMetadata = z.infer<typeof grantMetadataSchema>;

export const grantRecordSchema = z.looseObject({
  userId: z.string(),
  clientId: z.string(),
  redirectUri: z.string().optional(),
  resource: z.string().optional(),
  scope: z.array(z.string()),
  createdAt: z.number(),
  /** Present until the code is redeemed. */
  authCodeWrappedKey: z.string().optional(),
  /** Present from the first refresh on. */
  previousRefreshTokenId: z.string().optional(),
  metadata: grantMetadataSchema,
});
export type GrantRecord = z.infer<typeof grantRecordSchema>;

/**
 * Times are seconds since the epoch, except `ended.at`, which is in milliseconds. `user_id` is the same in all rows:
 * the alarm has no caller and needs it for the keys of access tokens in KV.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS approvals (
  client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, resource TEXT NOT NULL,
  scopes TEXT NOT NULL, expires_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, redirect_uri, resource)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS approvals_by_expiry ON approvals (expires_at);
CREATE TABLE IF NOT EXISTS ended (client_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grants (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL, slot TEXT NOT NULL,
  ping_session_id TEXT NOT NULL, record TEXT NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, redeemed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS grants_by_slot ON grants (slot);
CREATE INDEX IF NOT EXISTS grants_by_session ON grants (ping_session_id);
CREATE INDEX IF NOT EXISTS grants_by_expiry ON grants (expires_at);
CREATE TABLE IF NOT EXISTS endings (
  grant_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, ping_session_id TEXT NOT NULL,
  replaced_in TEXT, tokens_deleted INTEGER NOT NULL, attempts INTEGER NOT NULL
);`;

export type GrantRow = {
  id: string;
  client_id: string;
  record: string;
  created_at: number;
};

/** Work that is still to be done for a deleted grant. */
export type EndingRow = {
  grant_id: string;
  user_id: string;
  ping_session_id: string;
  /** The slot in which another grant has replaced it; the PingSession of that grant takes over the refresh tokens. */
  replaced_in: string | null;
  tokens_deleted: number;
};

const FIRST_RETRY_SECONDS = 60;
const MAXIMUM_DOUBLINGS = 8;

/** When to repeat an ending after this many failures. It is never abandoned; the delay grows to about four hours. */
export function endingRetrySeconds(attempts: number): number {
  return FIRST_RETRY_SECONDS * 2 ** Math.min(Math.max(0, attempts - 1), MAXIMUM_DOUBLINGS);
}

export function ensureTables(sql: SqlStorage): void {
  sql.exec(TABLES);
}

/**
 * The slot of a grant. When a grant is redeemed, it replaces the older one in its slot: one slot per client and
 * resource. A client with a metadata document has one per redirect URI, since many installations share its client id;
 * the port of a loopback redirect URI varies from run to run (RFC 8252 §7.3) and is ignored.
 */
export function slotOf({
  clientId,
  resource,
  redirectUri,
}: Pick<GrantRecord, "clientId" | "resource" | "redirectUri">): string {
  const address = isMetadataDocumentId(clientId) ? withoutLoopbackPort(redirectUri ?? "") : "";
  return JSON.stringify([clientId, resource ?? "", address]);
}

function withoutLoopbackPort(address: string): string {
  const url = URL.parse(address);
  if (url === null || !isLoopback(url)) return address;
  url.port = "";
  return url.href;
}

/** A record that cannot be parsed is listed by its client id, so that the person can end it. */
export function toConnection(row: GrantRow): Connection {
  const record = grantRecordSchema.safeParse(JSON.parse(row.record)).data;
  return {
    grantId: row.id,
    clientId: row.client_id,
    clientName: record?.metadata.clientName,
    redirectUri: record?.redirectUri,
    scopes: record?.scope ?? [],
    createdAt: row.created_at,
  };
}
