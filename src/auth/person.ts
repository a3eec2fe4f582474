/**
 * Person: the strongly consistent state of one person who signs in: which MCP clients they have approved, which grants
 * act for them, and which of those were ended.
 *
 * One Durable Object per person, named by the provider's user id. Every decision is one synchronous step on its own
 * SQLite tables, so that all isolates see the same state. The work that follows a decision (ending the PingSession and
 * the access tokens of a grant) is stored in the same step and repeated until it succeeds.
 */
import { DurableObject } from "cloudflare:workers";
import { type Env, parseSettings, THIRTY_DAYS_SECONDS } from "../config.ts";
import { continueRequest, errorName, logAlarm, logEvent, logProblem, requestId } from "../log.ts";
import { nowInSeconds } from "../time.ts";
import type { GrantKeeper, GrantWrite } from "./grant-keeper.ts";
import { getGrantApi } from "./grants.ts";
import {
  type Connection,
  type EndingRow,
  endingRetrySeconds,
  ensureTables,
  type GrantRecord,
  type GrantRow,
  grantRecordSchema,
  slotOf,
  toConnection,
} from "./person-tables.ts";
import { withDisplaced } from "./refresh-tokens.ts";

/** What an approval is bound to. */
interface ApprovedClient {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly resource: string;
}

export interface AdmissionRequest {
  readonly client: ApprovedClient;
  readonly scopes: readonly string[];
  readonly approval: { readonly at: number | "now"; readonly scopes: readonly string[] } | undefined;
}

/** `approved`: issue the grant, with `admittedAt` in its metadata. `ask`: show the consent page. */
export type Admission = { readonly kind: "approved"; readonly admittedAt: number } | { readonly kind: "ask" };

type GrantAsWritten = Parameters<GrantKeeper["writeGrant"]>[0];

/** How many connections one page lists. */
const CONNECTIONS_PER_PAGE = 50;

/** Grants that one run ends: each takes a few operations, and one invocation may make a thousand. */
const ENDINGS_PER_RUN = 25;

/** Longer than the ten minutes in which an approval given before the end can still arrive. */
const ENDED_KEPT_SECONDS = 3600;

/** Means all clients: no client id is "*". */
const ALL_CLIENTS = "*";

/**
 * For the provider's `revokeGrant`, which deletes a grant's tokens and then the grant, which is already deleted here.
 */
const ALREADY_ENDED: GrantKeeper = {
  readGrant: async () => undefined,
  writeGrant: async () => "ended",
  deleteGrant: async () => {},
};

export class Person extends DurableObject<Env> implements GrantKeeper {
  #run: Promise<void> | undefined;

  get #sql(): SqlStorage {
    return this.ctx.storage.sql;
  }

  /**
   * Decides whether a grant may be issued for a sign-in of this person.
   *
   * @param options.scopes the scopes of the grant
   * @param options.approval what the person has allowed during this sign-in: the scopes of the page, and when, in epoch
   *   milliseconds or `now`. Undefined where a browser remembered an approval, which may be another person's
   */
  async admit({ client, scopes, approval }: AdmissionRequest): Promise<Admission> {
    // Do not create tables for a person who has never approved anything.
    if (approval === undefined && this.#isEmpty()) return { kind: "ask" };
    ensureTables(this.#sql);
    const { clientId, redirectUri, resource } = client;
    const admittedAt = Date.now();
    const remembered = this.#rememberedScopes(client);
    const isApproved =
      approval !== undefined && (approval.at === "now" || approval.at > this.#endedAt(clientId));
    const allowed = isApproved ? [...new Set([...remembered, ...approval.scopes])] : remembered;
    if (isApproved) {
      this.#sql.exec(
        "INSERT OR REPLACE INTO approvals (client_id, redirect_uri, resource, scopes, expires_at) VALUES (?, ?, ?, ?, ?)",
        clientId,
        redirectUri,
        resource,
        allowed.join(" "),
        nowInSeconds() + THIRTY_DAYS_SECONDS,
      );
      await this.#schedule();
    }
    return scopes.every((scope) => allowed.includes(scope))
      ? { kind: "approved", admittedAt }
      : { kind: "ask" };
  }

  #rememberedScopes({ clientId, redirectUri, resource }: ApprovedClient): string[] {
    const row = this.#first<{ scopes: string }>(
      "SELECT scopes FROM approvals WHERE client_id = ? AND redirect_uri = ? AND resource = ? AND expires_at > ?",
      [clientId, redirectUri, resource, nowInSeconds()],
    );
    return row === undefined ? [] : row.scopes.split(" ");
  }

  async readGrant(grantId: string): Promise<string | undefined> {
    // Unauthenticated requests can name any user id: reading must not create tables.
    if (this.#isEmpty()) return undefined;
    const grant = this.#first<{ record: string; expires_at: number }>(
      "SELECT record, expires_at FROM grants WHERE id = ?",
      [grantId],
    );
    if (grant === undefined || grant.expires_at > nowInSeconds()) return grant?.record;
    // An operator may have set the expiry: end the grant now instead of at the time of the current alarm.
    await this.#schedule();
    return undefined;
  }

  /**
   * Stores a grant as the provider writes it: first with a code to be redeemed, then with each token that it issues.
   */
  async writeGrant(grant: { grantId: string; record: string; expiresAt: number }): Promise<GrantWrite> {
    ensureTables(this.#sql);
    const record = grantRecordSchema.parse(JSON.parse(grant.record));
    const outcome =
      record.authCodeWrappedKey === undefined
        ? this.#updateRedeemed(grant, record)
        : this.#insertUnredeemed(grant, record);
    await this.#schedule();
    return outcome;
  }

  #insertUnredeemed(
    grant: GrantAsWritten,
    { clientId, userId, createdAt, ...record }: GrantRecord,
  ): GrantWrite {
    const { pingSessionId, admittedAt } = record.metadata;
    if (this.#endedAt(clientId) >= admittedAt) return "ended";
    this.#sql.exec(
      "INSERT INTO grants (id, user_id, client_id, slot, ping_session_id, record, created_at, expires_at, redeemed) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
      grant.grantId,
      userId,
      clientId,
      slotOf({ clientId, ...record }),
      pingSessionId,
      grant.record,
      createdAt,
      grant.expiresAt,
    );
    return "written";
  }

  /** A redeemed grant replaces an older one in the same slot. */
  #updateRedeemed(grant: GrantAsWritten, record: GrantRecord): GrantWrite {
    const known = this.#first<{ redeemed: number; record: string }>(
      "SELECT redeemed, record FROM grants WHERE id = ?",
      [grant.grantId],
    );
    if (known === undefined) return "ended";
    // Two concurrent requests read the same unredeemed code. RFC 6749 §4.1.2: a code is used once, and the tokens
    // issued from it SHOULD be revoked.
    const isRedemption = record.previousRefreshTokenId === undefined;
    if (isRedemption && known.redeemed === 1) {
      this.#endGrants("id = ?", [grant.grantId]);
      return "ended";
    }
    const stored = withDisplaced(known.record, grant.record);
    if (stored === undefined) return "superseded";
    this.#sql.exec(
      "UPDATE grants SET record = ?, expires_at = ?, redeemed = 1 WHERE id = ?",
      stored,
      grant.expiresAt,
      grant.grantId,
    );
    const slot = slotOf(record);
    this.#endGrants("slot = ? AND redeemed = 1 AND id != ?", [slot, grant.grantId], { replacedIn: slot });
    return "written";
  }

  /** The provider has revoked the grant, and has deleted its access tokens. */
  async deleteGrant(grantId: string, requestId: string | undefined): Promise<void> {
    if (this.#isEmpty()) return;
    this.#endGrants("id = ?", [grantId], { tokensDeleted: true });
    await this.#finishEndings(requestId);
  }

  /** Deletes the grant of a PingSession that PingOne has ended. */
  async sessionOver(pingSessionId: string): Promise<void> {
    if (this.#isEmpty()) return;
    this.#endGrants("ping_session_id = ?", [pingSessionId]);
    await this.#schedule();
  }

  /** The clients that act for the person, the newest first. */
  async listConnections(page: number): Promise<{ connections: Connection[]; isLast: boolean }> {
    if (this.#isEmpty()) return { connections: [], isLast: true };
    const rows = this.#sql
      .exec<GrantRow>(
        "SELECT * FROM grants WHERE expires_at > ? ORDER BY created_at DESC, id LIMIT ? OFFSET ?",
        nowInSeconds(),
        CONNECTIONS_PER_PAGE + 1,
        (page - 1) * CONNECTIONS_PER_PAGE,
      )
      .toArray();
    return {
      connections: rows.slice(0, CONNECTIONS_PER_PAGE).map(toConnection),
      isLast: rows.length <= CONNECTIONS_PER_PAGE,
    };
  }

  /** Ends one connection and the approvals of its client. @returns whether it existed */
  async endConnection(grantId: string, requestId: string | undefined): Promise<boolean> {
    if (this.#isEmpty()) return false;
    const grant = this.#sql
      .exec<{ client_id: string }>("SELECT client_id FROM grants WHERE id = ?", grantId)
      .toArray()[0];
    if (grant === undefined) return false;
    this.#forgetApprovals(grant.client_id);
    // An unredeemed code of the same client would restore the access.
    this.#endGrants("id = ? OR (client_id = ? AND redeemed = 0)", [grantId, grant.client_id]);
    await this.#finishEndings(requestId);
    return true;
  }

  /**
   * Ends all connections and approvals. From then on no grant can be used to get tokens; where there are many grants,
   * their PingSessions end in several runs, within seconds.
   *
   * @returns how many connections there were
   */
  async endEverything(requestId: string | undefined): Promise<number> {
    ensureTables(this.#sql);
    this.#forgetApprovals(ALL_CLIENTS);
    const ended = this.#endGrants("1 = 1", []);
    await this.#finishEndings(requestId);
    return ended;
  }

  /** Runs for expired rows and for endings that are not carried out yet. */
  override alarm(): Promise<void> {
    return logAlarm("Person", () => this.#tidy());
  }

  async #tidy(): Promise<void> {
    if (this.#isEmpty()) return;
    const now = nowInSeconds();
    this.#sql.exec("DELETE FROM approvals WHERE expires_at <= ?", now);
    this.#sql.exec("DELETE FROM ended WHERE at < ?", (now - ENDED_KEPT_SECONDS) * 1000);
    // Access tokens in KV never outlive their grant.
    this.#endGrants("expires_at <= ?", [now], { tokensDeleted: true });
    await this.#finishEndings(requestId());
  }

  #endedAt(clientId: string): number {
    const query = "SELECT max(at) AS at FROM ended WHERE client_id IN (?, ?)";
    return this.#first<{ at: number | null }>(query, [clientId, ALL_CLIENTS])?.at ?? 0;
  }

  #forgetApprovals(clientId: string): void {
    if (clientId === ALL_CLIENTS) this.#sql.exec("DELETE FROM approvals");
    else this.#sql.exec("DELETE FROM approvals WHERE client_id = ?", clientId);
    this.#sql.exec("INSERT OR REPLACE INTO ended (client_id, at) VALUES (?, ?)", clientId, Date.now());
  }

  /**
   * Deletes grants and stores the endings that follow.
   *
   * @param where SQL condition, written in this class
   * @param options.replacedIn the slot of a grant whose PingSession takes over their refresh tokens
   * @returns how many grants there were
   */
  #endGrants(
    where: string,
    values: (string | number)[],
    options: { replacedIn?: string; tokensDeleted?: boolean } = {},
  ): number {
    this.#sql.exec(
      "INSERT OR IGNORE INTO endings (grant_id, user_id, ping_session_id, replaced_in, tokens_deleted, attempts) " +
        `SELECT id, user_id, ping_session_id, ?, ?, 0 FROM grants WHERE ${where}`,
      options.replacedIn ?? null,
      options.tokensDeleted === true ? 1 : 0,
      ...values,
    );
    const grants = this.#sql.exec(`DELETE FROM grants WHERE ${where} RETURNING id`, ...values);
    return grants.toArray().length;
  }

  /** Carries out a batch of stored endings. The alarm continues with the rest and with those that failed. */
  async #finishEndings(requestId: string | undefined): Promise<void> {
    // One run at a time: two would do the same work, and the first to finish could delete the tables of the other.
    while (this.#run !== undefined) await this.#run;
    this.#run = continueRequest(requestId, () => this.#runEndings(requestId)).finally(() => {
      this.#run = undefined;
    });
    await this.#run;
  }

  async #runEndings(requestId: string | undefined): Promise<void> {
    if (this.#isEmpty()) return;
    // Endings that failed before come last, so that they do not delay the others.
    const due = this.#sql
      .exec<EndingRow>("SELECT * FROM endings ORDER BY attempts LIMIT ?", ENDINGS_PER_RUN)
      .toArray();
    // Set the alarm before the first await: it starts the object again if this instance is discarded.
    await this.#schedule(this.#retrySeconds());
    if (due.length === 0) return;
    const results = await Promise.all(due.map((ending) => this.#finishEnding(ending, requestId)));
    await this.#schedule(results.includes(false) ? this.#retrySeconds() : 0);
  }

  #retrySeconds(): number {
    const row = this.#first<{ attempts: number | null }>("SELECT min(attempts) AS attempts FROM endings");
    return endingRetrySeconds(row?.attempts ?? 0);
  }

  async #finishEnding(ending: EndingRow, requestId: string | undefined): Promise<boolean> {
    const { grant_id: grantId, user_id: userId, ping_session_id: pingSessionId } = ending;
    const session = this.env.PING_SESSION.getByName(pingSessionId);
    try {
      const successor = this.#sessionInSlot(ending.replaced_in);
      if (successor === undefined) await session.end({ requestId });
      else await session.handOver(successor);
      if (ending.tokens_deleted === 0) {
        await getGrantApi(this.env, parseSettings(this.env), ALREADY_ENDED).revokeGrant(grantId, userId);
      }
      this.#sql.exec("DELETE FROM endings WHERE grant_id = ?", grantId);
      logEvent("person.grant_ended", { replaced: successor !== undefined });
      return true;
    } catch (error) {
      this.#sql.exec("UPDATE endings SET attempts = attempts + 1 WHERE grant_id = ?", grantId);
      logProblem("person.ending_failed", { error: errorName(error) });
      return false;
    }
  }

  /** The PingSession of the grant that is in a slot now; undefined for one that was ended and not replaced. */
  #sessionInSlot(slot: string | null): string | undefined {
    const query = "SELECT ping_session_id FROM grants WHERE slot = ? AND redeemed = 1";
    return this.#first<{ ping_session_id: string }>(query, [slot])?.ping_session_id;
  }

  /**
   * Sets the next alarm, or deletes the storage if nothing is left. Nothing is awaited between the writes before it and
   * this, so that both are committed or neither.
   */
  async #schedule(endingsDueInSeconds = 0): Promise<void> {
    if (this.#isEmpty()) return;
    const dueAt = this.#nextDueAt(endingsDueInSeconds);
    if (dueAt === undefined) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(Math.max(dueAt, nowInSeconds()) * 1000);
  }

  /** Seconds since the epoch; undefined when there is nothing left to wait for. */
  #nextDueAt(endingsDueInSeconds: number): number | undefined {
    const row = this.#first<{ at: number | null }>(
      "SELECT min(at) AS at FROM (SELECT min(expires_at) AS at FROM grants " +
        "UNION ALL SELECT min(expires_at) FROM approvals UNION ALL SELECT min(at) / 1000 + ? FROM ended " +
        "UNION ALL SELECT ? FROM endings)",
      [ENDED_KEPT_SECONDS + 1, nowInSeconds() + endingsDueInSeconds],
    );
    return row?.at ?? undefined;
  }

  #isEmpty(): boolean {
    return this.#first("SELECT 1 FROM sqlite_master WHERE name = 'grants'") === undefined;
  }

  #first<Row extends Record<string, SqlStorageValue>>(query: string, values: SqlStorageValue[] = []) {
    return this.#sql.exec<Row>(query, ...values).toArray()[0];
  }
}
