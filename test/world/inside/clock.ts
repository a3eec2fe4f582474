/**
 * World time: the clock of all code in this isolate. It is real time until a test advances it, so that an hour or a
 * month passes at once. Timers use real time. Must be loaded before the bundle.
 */
const RealDate = Date;
let offsetMs = 0;

/** Never moved back: concurrent requests may have different offsets. */
export function moveWorldTo(newOffsetMs: number): void {
  offsetMs = Math.max(offsetMs, newOffsetMs);
}

export function realNow(): number {
  return RealDate.now();
}

export function worldNow(): number {
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [worldNow()] : args, newTarget) as Date,
  apply: () => new RealDate(worldNow()).toString(),
  get: (target, property, receiver) =>
    property === "now" ? worldNow : Reflect.get(target, property, receiver),
});
