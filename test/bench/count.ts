/** Counts the operations of one run of a variant at Cloudflare, PingOne and the Todo API. */
import type { Bench } from "./bench.ts";
import { takeSent } from "./calls.ts";
import type { Variant } from "./measure.ts";
import type { KvCounts, RowCounts } from "./workerd.ts";

export interface Operations {
  /** Requests to the Worker. */
  readonly requests: number;
  readonly kv: KvCounts;
  /** Calls of Durable Objects, by class and method; alarms are calls too. */
  readonly objects: Readonly<Record<string, number>>;
  /** Rows of the Durable Objects' databases, if the objects were not in memory. */
  readonly rows: RowCounts;
  /** The same right after another run. */
  readonly rowsAwake: RowCounts;
  /** Requests of the Worker to PingOne, not those of a browser. */
  readonly pingOne: number;
  readonly todoApi: number;
  readonly logLines: number;
  /** Bytes of the Worker's responses. */
  readonly bytesOut: number;
}

/** By then, background work has ended and has been reported. */
const SETTLING_MS = 400;
/** workerd reports an invocation that answered over an McpAgent's WebSocket about ten seconds later. */
const REPORT_PATIENCE_MS = 30_000;

const BACK_CHANNEL = new Set(["token", "jwks", "discovery", "introspect", "revoke", "par"]);

/** Runs each variant twice for the rows of objects that are in memory, and once more for everything else. */
export async function countEach(
  bench: Bench,
  variants: readonly Variant[],
): Promise<Map<string, Operations>> {
  const rowsAwake = new Map<string, RowCounts>();
  for (const { name, run } of variants) {
    await run();
    await settle();
    await takeRows(bench);
    await run();
    await settle();
    rowsAwake.set(name, await takeRows(bench));
  }
  // Reading the rows took two requests to each Worker for each variant.
  await take(bench, 4 * variants.length);
  const counted = new Map<string, Operations>();
  for (const { name, run } of variants) {
    const after = await bench.emulators.journal.mark();
    await run();
    const taken = await take(bench);
    const requests = await bench.emulators.journal.find({ after });
    const pingOne = requests.filter(({ endpoint }) => BACK_CHANNEL.has(endpoint ?? "")).length;
    counted.set(name, { ...taken, pingOne, rowsAwake: rowsAwake.get(name) ?? taken.rows });
  }
  return counted;
}

const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLING_MS));

async function takeRows({ workerd, ours, floors }: Bench): Promise<RowCounts> {
  const rows = { read: 0, written: 0 };
  for (const { part } of [ours, floors]) {
    const { read, written } = await workerd.takeRowCounts(part);
    rows.read += read;
    rows.written += written;
  }
  return rows;
}

/** @param others requests besides those of the variants */
async function take(bench: Bench, others = 0): Promise<Omit<Operations, "pingOne" | "rowsAwake">> {
  const { workerd, upstream, ours, floors } = bench;
  const { requests, bytes: bytesOut } = takeSent();
  const { objects, logLines } = await takeReports(bench, requests + others);
  const kv = { get: 0, put: 0, delete: 0, list: 0 };
  for (const { part } of [ours, floors]) {
    const counts = await workerd.takeKvCounts(part);
    for (const name of Object.keys(kv) as (keyof KvCounts)[]) kv[name] += counts[name];
  }
  const rows = await takeRows(bench);
  // Reading the counts took one request to each Worker.
  await takeReports(bench, 2);
  return { requests, kv, objects, rows, todoApi: upstream.takeCount(), logLines, bytesOut };
}

/** The reports of the tail workers, once they cover all requests that were sent. */
async function takeReports(
  { workerd, ours, floors }: Bench,
  expected: number,
): Promise<Pick<Operations, "objects" | "logLines">> {
  const objects: Record<string, number> = {};
  let logLines = 0;
  let reported = 0;
  const deadline = Date.now() + REPORT_PATIENCE_MS;
  do {
    await settle();
    for (const { part } of [ours, floors]) {
      const tail = await workerd.takeTailCounts(part);
      logLines += tail.logLines;
      for (const [name, count] of Object.entries(tail.invocations)) {
        if (name.startsWith("default.")) reported += count;
        else objects[name] = (objects[name] ?? 0) + count;
      }
    }
    if (Date.now() > deadline) throw new Error(`Of ${expected} requests ${reported} were reported.`);
  } while (reported < expected);
  return { objects, logLines };
}
