/**
 * Durable Object instances that Cloudflare takes away: at any await of theirs, whatever they were about to do. What was
 * stored stays; what was in memory is gone, and the next call meets a new instance.
 */
/** One instance of one class is discarded at one of its awaits. */
export interface DiscardPlan {
  /** Any class, where it is absent. */
  readonly className?: string;
  /** How many awaits of such instances pass before. */
  readonly after: number;
  /** The operation of that await still happens, and nobody learns of it. */
  readonly isPerformed: boolean;
  /**
   * The code of a discarded instance may run on for a moment, while its storage refuses everything. 0: it stops where
   * it is.
   */
  readonly lingerMs: number;
}

export interface Discard {
  readonly className: string;
  readonly id: string;
  /** What it was waiting for: `storage.put`, `kv`, `rpc.end`. */
  readonly point: string;
}

export interface Instance {
  readonly className: string;
  readonly ctx: DurableObjectState;
  /** The storage itself, from which nothing is kept. */
  readonly storage: DurableObjectStorage;
  isDiscarded: boolean;
  /** Something was asked of the storage since the code last gave way: it is stored together with what follows. */
  isMidWrite: boolean;
}

/** As Cloudflare words it for storage operations of an instance that is no longer the object. */
const GONE = "Durable Object reset because it was discarded in a test.";

let plan: DiscardPlan | undefined;
let awaitsPassed = 0;
let discards: Discard[] = [];

export function planDiscard(next: DiscardPlan | undefined): void {
  plan = next;
  awaitsPassed = 0;
}

export function takeDiscards(): readonly Discard[] {
  const taken = discards;
  discards = [];
  return taken;
}

/** @throws {Error} when the instance has been discarded */
function requireAlive(instance: Instance): void {
  if (instance.isDiscarded) throw new Error(GONE);
}

/** Something is asked of the storage. */
export function touchStorage(instance: Instance): void {
  requireAlive(instance);
  if (instance.isMidWrite) return;
  instance.isMidWrite = true;
  queueMicrotask(() => {
    instance.isMidWrite = false;
  });
}

/** One await of an instance. @throws {Error} when the instance is discarded at it, or was before */
export async function atAwait<T>(
  instance: Instance,
  point: string,
  operation: () => Promise<T> | T,
): Promise<T> {
  requireAlive(instance);
  const due = takeDuePlan(instance);
  const isMidWrite = instance.isMidWrite;
  if (point.startsWith("storage.")) touchStorage(instance);
  if (due === undefined) return operation();
  if (due.isPerformed) {
    await operation();
    await instance.storage.sync();
  }
  instance.isDiscarded = true;
  discards.push({ className: instance.className, id: instance.ctx.id.toString(), point });
  // Writes with no await between them are stored together or not at all, so in their midst there is no lingering.
  if (due.lingerMs === 0 || (isMidWrite && !due.isPerformed)) instance.ctx.abort(GONE);
  setTimeout(() => instance.ctx.abort(GONE), due.lingerMs);
  throw new Error(GONE);
}

/** At this moment, whatever the instance is waiting for. The caller of this meets the end, too. */
export function discardNow(instance: Instance): void {
  instance.isDiscarded = true;
  discards.push({ className: instance.className, id: instance.ctx.id.toString(), point: "any await" });
  instance.ctx.abort(GONE);
}

function takeDuePlan(instance: Instance): DiscardPlan | undefined {
  if (plan === undefined || (plan.className !== undefined && plan.className !== instance.className)) return;
  awaitsPassed += 1;
  if (awaitsPassed <= plan.after) return undefined;
  const due = plan;
  plan = undefined;
  return due;
}
