/** A Durable Object's storage in memory, and the seconds after which its alarms were to ring. */
export class MemoryStorage {
  readonly stored = new Map<string, unknown>();
  readonly alarms: number[] = [];

  async get(key: string | string[]): Promise<unknown> {
    const { stored } = this;
    if (typeof key === "string") return stored.get(key);
    return new Map(key.filter((name) => stored.has(name)).map((name) => [name, stored.get(name)]));
  }
  async put(key: string | Record<string, unknown>, value: unknown): Promise<void> {
    const entries = typeof key === "string" ? { [key]: value } : key;
    for (const [name, item] of Object.entries(entries)) this.stored.set(name, item);
  }
  async delete(key: string | string[]): Promise<void> {
    for (const name of [key].flat()) this.stored.delete(name);
  }
  async deleteAll(): Promise<void> {
    this.stored.clear();
  }
  async setAlarm(at: number): Promise<void> {
    this.alarms.push(Math.round((at - Date.now()) / 1000));
  }
  async deleteAlarm(): Promise<void> {}
}
