/** A Durable Object for tests of the doubles; not part of the bundle. */
import { DurableObject } from "cloudflare:workers";
import type { WorldEnv } from "./objects.ts";

interface ProbeEnv extends WorldEnv {
  readonly PROBE: DurableObjectNamespace<Probe>;
}

export class Probe extends DurableObject<ProbeEnv> {
  #memory = 0;

  /** Stores one key after the other; a failed write does not stop it. */
  async store(...keys: string[]): Promise<string[]> {
    const outcomes: string[] = [];
    for (const key of keys) {
      const stored = this.ctx.storage.put(key, true).then(
        () => `${key} stored`,
        (error: Error) => `${key}: ${error.message}`,
      );
      outcomes.push(await stored);
    }
    return outcomes;
  }

  async stored(): Promise<string[]> {
    return [...(await this.ctx.storage.list()).keys()];
  }

  async tableSize(): Promise<number> {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id INTEGER)");
    this.ctx.storage.sql.exec("INSERT INTO rows VALUES (1)");
    return this.ctx.storage.sql.exec("SELECT * FROM rows").toArray().length;
  }

  async remember(): Promise<number> {
    this.#memory += 1;
    return this.#memory;
  }

  async readKv(key: string): Promise<string | null> {
    return this.env.OAUTH_KV.get(key);
  }

  async askAnother(name: string): Promise<number> {
    return this.env.PROBE.getByName(name).remember();
  }

  async now(): Promise<number> {
    return Date.now();
  }

  async setAlarm(inSeconds: number): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + inSeconds * 1000);
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.put("rang", new Date().toISOString());
  }
}
