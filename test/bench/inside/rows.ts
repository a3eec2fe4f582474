/**
 * Counts the rows that Durable Objects read and write, as Cloudflare bills them: the count of each SQL statement, and
 * one for each key of the key-value methods and each alarm that is set. `GET /rows` on the Worker's socket returns and
 * resets the counts.
 */
import { watchMethods } from "../../world/inside/object-calls.ts";

interface Rows {
  read: number;
  written: number;
}

const ROWS_PATH = "/rows";

let rows: Rows = { read: 0, written: 0 };
/** A cursor's counts are complete once its rows have been read. */
let statements: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

function takeRows(): Rows {
  const taken = rows;
  for (const { rowsRead, rowsWritten } of statements) {
    taken.read += rowsRead;
    taken.written += rowsWritten;
  }
  rows = { read: 0, written: 0 };
  statements = [];
  return taken;
}

const keysOf = (keys: unknown): number => (Array.isArray(keys) ? keys.length : 1);

/** The rows that a call of a storage method reads and writes. @param answer result of the method */
const COUNTED: Readonly<Record<string, (args: readonly unknown[], answer: unknown) => Partial<Rows>>> = {
  get: ([keys]) => ({ read: keysOf(keys) }),
  list: (_args, answer) => ({ read: answer instanceof Map ? answer.size : 0 }),
  put: ([entries]) => ({
    written: typeof entries === "object" && entries !== null ? Object.keys(entries).length : 1,
  }),
  delete: ([keys]) => ({ written: keysOf(keys) }),
  setAlarm: () => ({ written: 1 }),
  deleteAlarm: () => ({ written: 1 }),
};

type ObjectClass = new (ctx: DurableObjectState, env: unknown) => object;

/** Wraps a class of the production bundle with a storage that counts. */
export function countRowsOf(Production: ObjectClass): ObjectClass {
  return class extends Production {
    constructor(ctx: DurableObjectState, env: unknown) {
      Object.defineProperty(ctx, "storage", { value: watch(ctx.storage) });
      super(ctx, env);
    }
  };
}

function watch(storage: DurableObjectStorage): DurableObjectStorage {
  const sql = watchMethods(storage.sql, (method, call) => {
    const answer = call();
    if (method === "exec") statements.push(answer as (typeof statements)[number]);
    return answer;
  });
  const watched = watchMethods(storage, (method, call, args) => {
    const answer = call();
    const count = COUNTED[method];
    if (count === undefined) return answer;
    const add = (settled: unknown) => {
      const { read = 0, written = 0 } = count(args, settled);
      rows.read += read;
      rows.written += written;
      return settled;
    };
    return answer instanceof Promise ? answer.then(add) : add(answer);
  });
  return new Proxy(watched, {
    get: (target, property) => (property === "sql" ? sql : Reflect.get(target, property)),
  });
}

/** The production bundle's handler, with `GET /rows`. */
export function countingHandler<E>(production: ExportedHandler<E>): ExportedHandler<E> {
  return {
    ...production,
    fetch: async (request, env, ctx) =>
      new URL(request.url).pathname === ROWS_PATH
        ? Response.json(takeRows())
        : ((await production.fetch?.(request, env, ctx)) ?? new Response(null, { status: 404 })),
  };
}
