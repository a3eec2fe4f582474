/** A rate-limit binding for plain workerd, which has none: counts in memory. */
interface InnerBindings {
  readonly limit: number;
  /** Seconds. */
  readonly period: number;
}

export default function makeBinding({ limit, period }: InnerBindings) {
  let window = 0;
  let counts = new Map<string, number>();
  return {
    async limit({ key }: { key: string }): Promise<{ success: boolean }> {
      const now = Math.floor(Date.now() / (period * 1000));
      if (now !== window) {
        window = now;
        counts = new Map();
      }
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { success: count <= limit };
    },
  };
}
