/**
 * Reads the Worker's storage directly from the simulator's files. Reading starts no Durable Object and covers
 * everything on disk.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { serialize } from "node:v8";

export type ObjectClass = "Person" | "PingSession" | "TodoMcpServer";

/** The Worker may be writing while this process reads. */
const BUSY_TIMEOUT_MS = 5000;

/** Files are removed when objects go idle; few objects do so at once. */
const READ_ATTEMPTS = 20;
const READ_PAUSE_MS = 25;

/** https://sqlite.org/rescode.html#cantopen */
const SQLITE_CANTOPEN = 14;

/** Ids of the objects of a class that have stored data. Ended objects leave an empty file in the simulator. */
export function listStoredObjectIds(root: string, className: ObjectClass): string[] {
  return despiteVanishingFiles(() =>
    databaseFiles(root, className)
      .filter((file) => readTables(file).length > 0)
      .map((file) => path.basename(file, ".sqlite")),
  );
}

/**
 * Number of PingSessions that have not ended. An ended one keeps only the tokens still to be revoked, until PingOne
 * answers.
 */
export function countLivePingSessions(root: string): number {
  return despiteVanishingFiles(
    () =>
      databaseFiles(root, "PingSession")
        .filter((file) => readTables(file).includes("_cf_KV"))
        .filter((file) => readRows(file, "_cf_KV").some(({ key }) => key === "state")).length,
  );
}

/** Number of rows of one table in all objects of a class. */
export function countRows(root: string, className: ObjectClass, table: string): number {
  return despiteVanishingFiles(() =>
    databaseFiles(root, className)
      .filter((file) => readTables(file).includes(table))
      .reduce((sum, file) => sum + readRows(file, table).length, 0),
  );
}

/** Seconds until the alarm of each object of a class, by object id. */
export function readAlarms(root: string, className: ObjectClass): Map<string, number> {
  const alarms = new Map<string, number>();
  for (const file of storageFiles(root)) {
    if (!file.endsWith(path.join(`-${className}`, "metadata.sqlite"))) continue;
    using database = open(file);
    const statement = database.prepare("SELECT * FROM _cf_ALARM");
    statement.setReadBigInts(true);
    for (const { actor_id: id, scheduled_time: nanoseconds } of statement.all()) {
      alarms.set(
        String(id),
        Math.round((Number(BigInt(nanoseconds as bigint) / 1_000_000n) - Date.now()) / 1000),
      );
    }
  }
  return alarms;
}

/** Replaces a stored value of an object, for example by one that another version of the Worker would write. */
export function writeRecord(
  root: string,
  { className, id, key, value }: { className: ObjectClass; id: string; key: string; value: unknown },
): void {
  const file = databaseFiles(root, className).find((name) => path.basename(name) === `${id}.sqlite`);
  if (file === undefined) throw new Error(`No ${className} ${id} has stored anything.`);
  using database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  const { changes } = database
    .prepare("UPDATE _cf_KV SET value = ? WHERE key = ?")
    .run(serialize(value), key);
  if (changes !== 1) throw new Error(`${className} ${id} has nothing under ${key}.`);
}

/** All bytes of Durable Objects and KV on disk, including write-ahead logs. */
export function dumpAllBytes(root: string): string {
  return despiteVanishingFiles(() =>
    storageFiles(root)
      .filter(
        (file) => file.includes(`${path.sep}do${path.sep}`) || file.includes(`${path.sep}kv${path.sep}`),
      )
      .map((file) => readFileSync(file).toString("latin1"))
      .join("\n"),
  );
}

/** Reads again when a file has been removed: an object that goes idle merges its write-ahead log into its database. */
function despiteVanishingFiles<T>(read: () => T): T {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return read();
    } catch (error) {
      const { code, errcode } = error as NodeJS.ErrnoException & { errcode?: number };
      const isVanished = code === "ENOENT" || errcode === SQLITE_CANTOPEN;
      if (!isVanished || attempt === READ_ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READ_PAUSE_MS);
    }
  }
}

function readTables(file: string): string[] {
  using database = open(file);
  return (
    database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name))
      // The simulator creates this table for every object.
      .filter((name) => name !== "__miniflare_do_name")
      .filter((name) => database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n !== 0)
  );
}

function readRows(file: string, table: string): Record<string, unknown>[] {
  using database = open(file);
  return database.prepare(`SELECT * FROM "${table}"`).all();
}

function open(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

function databaseFiles(root: string, className: ObjectClass): string[] {
  return storageFiles(root)
    .filter((file) => path.basename(path.dirname(file)).endsWith(`-${className}`))
    .filter((file) => file.endsWith(".sqlite") && path.basename(file) !== "metadata.sqlite");
}

function storageFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
