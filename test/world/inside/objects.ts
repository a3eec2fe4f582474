/** The bundle's Durable Object classes, with a KV that lies and a storage that may be taken away. */

import { ALARM_SHIFT_MS } from "./alarm-shift.ts";
import { atAwait, discardNow, type Instance, touchStorage } from "./discard.ts";
import { createPlaceKv, type Hub } from "./kv-place.ts";
import { isNamespace, watchCalls } from "./object-calls.ts";

/** Every object is at one place of its own. */
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

/** What the world adds to every object, for the test only. */
export interface WorldObject {
  /**
   * Rings the alarm that is set, as if its time had come. @returns what went wrong
   *
   * @param isRetry the alarm has rung before, and its handler did not come to its end
   */
  ringWorldAlarm(isRetry: boolean): Promise<string | undefined>;
  /** Ends this instance in the middle of whatever it does. */
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
        // The simulator goes on knowing an alarm whose instance was discarded before it was stored.
        const isEmpty = await hasStoredNothing(storage);
        await storage.setAlarm(Number.MAX_SAFE_INTEGER / 1000);
        await storage.sync();
        await storage.deleteAlarm();
        // An alarm leaves a row of the simulator's own behind.
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
  // Names of classes are names of routes and of logs.
  Object.defineProperty(WorldClass, "name", { value: className });
  return WorldClass;
}

async function hasStoredNothing(storage: DurableObjectStorage): Promise<boolean> {
  // Tables of the simulator's own begin with an underscore.
  const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT GLOB '_*'").toArray();
  return tables.length === 0 && (await storage.list({ limit: 1 })).size === 0;
}

/** Methods of storage that answer at once; the others are awaits. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(["transactionSync", "getCurrentBookmark"]);

function watchStorage(storage: DurableObjectStorage, instance: Instance): DurableObjectStorage {
  const sql = refuseWhenDiscarded(storage.sql, instance);
  const kv = refuseWhenDiscarded(storage.kv, instance);
  const getAlarm = async () => {
    const time = await storage.getAlarm();
    return time === null ? null : time - ALARM_SHIFT_MS;
  };
  return new Proxy(storage, {
    get: (target, property) => {
      if (property === "sql") return sql;
      if (property === "kv") return kv;
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      const name = String(property);
      if (name === "getAlarm") return () => atAwait(instance, "storage.getAlarm", getAlarm);
      if (name === "setAlarm") {
        return (time: number | Date) =>
          atAwait(instance, "storage.setAlarm", () => storage.setAlarm(Number(time) + ALARM_SHIFT_MS));
      }
      return (...args: unknown[]) => {
        if (!SYNCHRONOUS.has(name))
          return atAwait(instance, `storage.${name}`, () => member.apply(target, args));
        touchStorage(instance);
        return member.apply(target, args);
      };
    },
  });
}

function refuseWhenDiscarded<T extends object>(part: T, instance: Instance): T {
  return new Proxy(part, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        touchStorage(instance);
        return member.apply(target, args);
      };
    },
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
