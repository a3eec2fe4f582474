/** What one run of a variant asks of Cloudflare, of PingOne and of the Todo API. */
import type { Bench } from "./bench.ts";
import type { Variant } from "./measure.ts";
import type { KvCounts } from "./workerd.ts";

export interface Operations {
  readonly kv: KvCounts;
  /** Calls of Durable Objects, by class and method; alarms are calls too. */
  readonly objects: Readonly<Record<string, number>>;
  /** Requests of the Worker to PingOne, not those of a browser. */
  readonly pingOne: number;
  readonly todoApi: number;
}

/** Work behind an answer, and the report of it, are there by then. */
const SETTLING_MS = 400;

const BACK_CHANNEL = new Set(["token", "jwks", "discovery", "introspect", "revoke", "par"]);

/** Runs each variant once to warm it, and once to count it. */
export async function countEach(
  bench: Bench,
  variants: readonly Variant[],
): Promise<Map<string, Operations>> {
  const counted = new Map<string, Operations>();
  for (const { name, run } of variants) {
    await run();
    await take(bench);
    const after = await bench.standIns.control.lastRequestNumber();
    await run();
    const { kv, objects, todoApi } = await take(bench);
    const requests = await bench.standIns.control.requests({ after });
    const pingOne = requests.filter(({ endpoint }) => BACK_CHANNEL.has(endpoint ?? "")).length;
    counted.set(name, { kv, objects, pingOne, todoApi });
  }
  return counted;
}

async function take({ workerd, upstream, ours, floors }: Bench): Promise<Omit<Operations, "pingOne">> {
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const kv = { get: 0, put: 0, delete: 0, list: 0 };
  const objects: Record<string, number> = {};
  for (const { part } of [ours, floors]) {
    const counts = await workerd.takeKvCounts(part);
    for (const name of Object.keys(kv) as (keyof KvCounts)[]) kv[name] += counts[name];
    for (const [name, count] of Object.entries(await workerd.takeInvocations(part))) {
      if (!name.startsWith("default.")) objects[name] = (objects[name] ?? 0) + count;
    }
  }
  return { kv, objects, todoApi: upstream.takeCount() };
}
