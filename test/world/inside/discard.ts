/**
 * Simulates that Cloudflare discards a Durable Object instance, at any of its awaits. Stored data remains, memory is
 * lost, and the next call starts a new instance.
 */
/** One instance of one class is discarded at one of its awaits. */
export interface DiscardPlan {
  /** Any class if absent. */
  readonly className?: string;
  /** How many awaits of such instances to skip. */
  readonly after: number;
  /** The operation of that await is carried out, but its result is lost. */
  readonly isPerformed: boolean;
  /**
   * The code of a discarded instance may continue for a moment, while its storage refuses every operation. 0: it stops
   * at once.
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
  /** The unwrapped storage. */
  readonly storage: DurableObjectStorage;
  isDiscarded: boolean;
  /** A storage operation was made since the last await: it is committed together with those that follow. */
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

/** A storage operation. */
export function touchStorage(instance: Instance): void {
  requireAlive(instance);
  if (instance.isMidWrite) return;
  instance.isMidWrite = true;
  queueMicrotask(() => {
    instance.isMidWrite = false;
  });
}

/** One await of an instance. @throws {Error} if the instance is discarded at it or was discarded before */
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
  // Writes without an await between them are atomic, so the instance must not linger between them.
  if (due.lingerMs === 0 || (isMidWrite && !due.isPerformed)) instance.ctx.abort(GONE);
  setTimeout(() => instance.ctx.abort(GONE), due.lingerMs);
  throw new Error(GONE);
}

/** Discards the instance at once, at whatever it awaits. The caller gets an error, too. */
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
