/** The bundle's Durable Object classes, with stale KV and with storage operations at which they may be discarded. */

import { ALARM_SHIFT_MS } from "./alarm-shift.ts";
import { atAwait, discardNow, type Instance, touchStorage } from "./discard.ts";
import { createPlaceKv, type Hub } from "./kv-place.ts";
import { isNamespace, watchCalls, watchMethods } from "./object-calls.ts";

/** Every object has a fixed place. */
const PLACE_OF_OBJECTS = "objects";

export interface WorldEnv {
  readonly OAUTH_KV: KVNamespace;
  readonly KV_HUB: Hub;
  readonly [binding: string]: unknown;
}

interface AnyObject {
  alarm?: (info?: AlarmInvocationInfo) => Promise<void> | void;
}
type AnyObjectClass = new (ctx: DurableObjectState, env: WorldEnv) => AnyObject;

/** The methods that the world adds to every object, for the test only. */
export interface WorldObject {
  /**
   * Runs the alarm that is set as if it were due. @returns the error, if any
   *
   * @param isRetry the alarm ran before and its handler did not complete
   */
  ringWorldAlarm(isRetry: boolean): Promise<string | undefined>;
  /** Discards this instance. */
  discardInWorld(): Promise<void>;
}

/** Names of objects, by their ids. */
const names = new Map<string, string>();

export function nameOf(id: string): string | undefined {
  return names.get(id);
}

export function asWorldObject(Production: AnyObjectClass, className: string): AnyObjectClass {
  const WorldClass = class extends Production implements WorldObject {
    readonly #instance: Instance;

    constructor(ctx: DurableObjectState, env: WorldEnv) {
      const { storage } = ctx;
      if (ctx.id.name !== undefined) names.set(ctx.id.toString(), ctx.id.name);
      const instance: Instance = { className, ctx, storage, isDiscarded: false, isMidWrite: false };
      Object.defineProperty(ctx, "storage", { value: watchStorage(storage, instance) });
      super(ctx, watchEnv(env, instance));
      this.#instance = instance;
    }

    async ringWorldAlarm(isRetry: boolean): Promise<string | undefined> {
      const { storage } = this.#instance;
      if (!isRetry && (await storage.getAlarm()) === null) {
        // The simulator keeps an alarm even if its instance was discarded before the alarm was stored.
        const isEmpty = await hasStoredNothing(storage);
        await storage.setAlarm(Number.MAX_SAFE_INTEGER / 1000);
        await storage.sync();
        await storage.deleteAlarm();
        // An alarm leaves a row in a table of the simulator.
        if (isEmpty) await storage.deleteAll();
        return undefined;
      }
      await storage.deleteAlarm();
      try {
        await this.alarm?.({ isRetry, retryCount: isRetry ? 1 : 0, scheduledTime: Date.now() });
        return undefined;
      } catch (error) {
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
      }
    }

    async discardInWorld(): Promise<void> {
      discardNow(this.#instance);
    }
  };
  // Class names are used in routes and logs.
  Object.defineProperty(WorldClass, "name", { value: className });
  return WorldClass;
}

async function hasStoredNothing(storage: DurableObjectStorage): Promise<boolean> {
  // Names of the simulator's tables begin with an underscore.
  const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT GLOB '_*'").toArray();
  return tables.length === 0 && (await storage.list({ limit: 1 })).size === 0;
}

/** Synchronous storage methods; the others are awaited. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(["transactionSync", "getCurrentBookmark"]);

function watchStorage(storage: DurableObjectStorage, instance: Instance): DurableObjectStorage {
  const touch = (_method: string, call: () => unknown) => {
    touchStorage(instance);
    return call();
  };
  const getAlarm = async () => {
    const time = await storage.getAlarm();
    return time === null ? null : time - ALARM_SHIFT_MS;
  };
  const watched = watchMethods(storage, (method, call, args) => {
    if (SYNCHRONOUS.has(method)) return touch(method, call);
    const setAlarm = () => storage.setAlarm(Number(args[0]) + ALARM_SHIFT_MS);
    const operation = method === "getAlarm" ? getAlarm : method === "setAlarm" ? setAlarm : call;
    return atAwait(instance, `storage.${method}`, operation);
  });
  const parts = { sql: watchMethods(storage.sql, touch), kv: watchMethods(storage.kv, touch) };
  return new Proxy(watched, {
    get: (target, property) => Reflect.get(Object.hasOwn(parts, property) ? parts : target, property),
  });
}

function watchEnv(env: WorldEnv, instance: Instance): WorldEnv {
  const watched: Record<string, unknown> = {};
  for (const [name, binding] of Object.entries(env)) {
    watched[name] = isNamespace(binding)
      ? watchCalls(binding, (method, call) => atAwait(instance, `rpc.${method}`, call))
      : binding;
  }
  const kv = createPlaceKv(env.KV_HUB, PLACE_OF_OBJECTS, (operation) => atAwait(instance, "kv", operation));
  return { ...watched, OAUTH_KV: kv, KV_HUB: env.KV_HUB };
}
