/**
 * Simulates Cloudflare's KV for several places, over the simulator's KV, which has the current values.
 *
 * A place caches the result of a read, also that a key was not found, for a minute of world time; it sees its own
 * writes at once. A key takes one write a second. Every operation is counted. Not simulated: bulk reads, other types
 * than text and JSON, `cacheTtl`, and keys that a new place finds late.
 */
import { DurableObject } from "cloudflare:workers";
import { moveWorldTo, realNow, worldNow } from "./clock.ts";
import { type Discard, type DiscardPlan, planDiscard, takeDiscards } from "./discard.ts";
import { takeObjectCalls } from "./object-calls.ts";
import { nameOf, type WorldObject } from "./objects.ts";

const STALE_MS = 60_000;

export interface Found {
  readonly value: string | null;
  readonly metadata: unknown;
}

export type Listed = KVNamespaceListResult<unknown>;
export type Written = "written" | "too_many_requests";

const OPERATIONS = ["get", "put", "delete", "list"] as const;
type Operation = (typeof OPERATIONS)[number];

/** The number of calls of each operation, by the prefix of its key: `client` of `client:<id>`. */
export type KvCounts = Readonly<Record<Operation, Readonly<Record<string, number>>>>;

export interface StoredKey {
  readonly name: string;
  /** Seconds since the epoch, in world time. */
  readonly expiration: number | undefined;
}

interface Cached<T> {
  readonly at: number;
  readonly answer: T;
}

interface Place {
  readonly values: Map<string, Cached<Found>>;
  readonly lists: Map<string, Cached<Listed> & { readonly prefix: string }>;
}

interface HubEnv {
  readonly OAUTH_KV: KVNamespace;
  readonly [binding: string]: unknown;
}

/** Kept by the isolate, since the simulator may evict an idle instance. */
const places = new Map<string, Place>();
const lastWrites = new Map<string, number>();
/** World time at which a key expires: the simulator uses real time. */
const expiries = new Map<string, number>();
let counts = noCounts();
/** In real time, as Cloudflare counts it. */
let writeIntervalMs = 1000;

export class KvHub extends DurableObject<HubEnv> {
  /** Calls of the bundle's objects by the Worker in this isolate, by binding and method, since the last call of this. */
  async takeObjectCalls(): Promise<Readonly<Record<string, number>>> {
    return takeObjectCalls();
  }

  async read(placeName: string, key: string): Promise<Found> {
    count("get", key);
    const { values } = placeOf(placeName);
    const known = values.get(key);
    if (known !== undefined && isFresh(known)) return known.answer;
    const found = await this.#readTruth(key);
    // A value that this place wrote meanwhile is newer.
    const written = values.get(key);
    if (written !== undefined && written !== known) return written.answer;
    values.set(key, { at: worldNow(), answer: found });
    return found;
  }

  async write(
    placeName: string,
    key: string,
    value: string,
    options: KVNamespacePutOptions,
  ): Promise<Written> {
    count("put", key);
    if (isTooSoon(key)) return "too_many_requests";
    const ttlSeconds = options.expirationTtl;
    const expiresAt =
      ttlSeconds === undefined ? (options.expiration ?? Infinity) * 1000 : worldNow() + ttlSeconds * 1000;
    if (expiresAt === Infinity) expiries.delete(key);
    else expiries.set(key, expiresAt);
    this.#changed(placeName, key, { value, metadata: options.metadata ?? null });
    await this.env.OAUTH_KV.put(key, value, options);
    return "written";
  }

  async remove(placeName: string, key: string): Promise<Written> {
    count("delete", key);
    if (isTooSoon(key)) return "too_many_requests";
    this.#changed(placeName, key, { value: null, metadata: null });
    await this.env.OAUTH_KV.delete(key);
    return "written";
  }

  async list(placeName: string, options: KVNamespaceListOptions): Promise<Listed> {
    const prefix = options.prefix ?? "";
    count("list", prefix);
    const { lists } = placeOf(placeName);
    const query = JSON.stringify([prefix, options.limit ?? null, options.cursor ?? null]);
    const known = lists.get(query);
    if (known !== undefined && isFresh(known)) return known.answer;
    const answer = await this.#listTruth(options);
    lists.set(query, { at: worldNow(), answer, prefix });
    return answer;
  }

  /** Every key that exists, regardless of the caches. */
  async keys(): Promise<StoredKey[]> {
    const keys: StoredKey[] = [];
    let cursor: string | undefined;
    do {
      const page: Listed = await this.#listTruth({ ...(cursor !== undefined && { cursor }) });
      keys.push(...page.keys.map(({ name, expiration }) => ({ name, expiration })));
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    return keys;
  }

  async counts(): Promise<KvCounts> {
    return counts;
  }

  async resetCounts(): Promise<void> {
    counts = noCounts();
  }

  async setWriteInterval(milliseconds: number): Promise<void> {
    writeIntervalMs = milliseconds;
  }

  async moveWorldTo(offsetMs: number): Promise<void> {
    moveWorldTo(offsetMs);
  }

  /** Runs an object's alarm. @returns the error, if any */
  async ring(binding: string, id: string, isRetry: boolean): Promise<string | undefined> {
    try {
      return await this.#objectOf(binding, id).ringWorldAlarm(isRetry);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Discards an instance. The call that discards it never gets a response. */
  async discard(binding: string, id: string): Promise<void> {
    await this.#objectOf(binding, id)
      .discardInWorld()
      .catch(() => {});
  }

  /** Plans that one object is discarded at one of its awaits. `undefined` cancels the plan. */
  async planDiscard(plan: DiscardPlan | undefined): Promise<void> {
    planDiscard(plan);
  }

  /** The instances that were discarded since the last call. */
  async takeDiscards(): Promise<readonly Discard[]> {
    return takeDiscards();
  }

  #objectOf(binding: string, id: string): WorldObject {
    const namespace = this.env[binding] as DurableObjectNamespace;
    const name = nameOf(id);
    // As in an alarm: the id of an object created by name includes the name.
    const named = name === undefined ? namespace.idFromString(id) : namespace.idFromName(name);
    return namespace.get(named) as unknown as WorldObject;
  }

  #changed(placeName: string, key: string, found: Found): void {
    lastWrites.set(key, realNow());
    const place = placeOf(placeName);
    place.values.set(key, { at: worldNow(), answer: found });
    for (const [query, { prefix }] of place.lists) if (key.startsWith(prefix)) place.lists.delete(query);
  }

  async #readTruth(key: string): Promise<Found> {
    if (isExpired(key)) {
      await this.env.OAUTH_KV.delete(key);
      return { value: null, metadata: null };
    }
    return this.env.OAUTH_KV.getWithMetadata(key, "text");
  }

  async #listTruth(options: KVNamespaceListOptions): Promise<Listed> {
    const page = await this.env.OAUTH_KV.list(options);
    const keys = page.keys
      .filter(({ name }) => !isExpired(name))
      .map((key) => {
        const expiresAt = expiries.get(key.name);
        return expiresAt === undefined ? key : { ...key, expiration: Math.floor(expiresAt / 1000) };
      });
    return { ...page, keys };
  }
}

function placeOf(name: string): Place {
  const place = places.get(name) ?? { values: new Map(), lists: new Map() };
  places.set(name, place);
  return place;
}

function isFresh({ at }: Cached<unknown>): boolean {
  return worldNow() - at < STALE_MS;
}

function isExpired(key: string): boolean {
  return worldNow() >= (expiries.get(key) ?? Infinity);
}

function isTooSoon(key: string): boolean {
  return realNow() - (lastWrites.get(key) ?? 0) < writeIntervalMs;
}

function count(operation: Operation, key: string): void {
  const [prefix = ""] = key.split(":");
  counts[operation][prefix] = (counts[operation][prefix] ?? 0) + 1;
}

function noCounts(): Record<Operation, Record<string, number>> {
  return { get: {}, put: {}, delete: {}, list: {} };
}
