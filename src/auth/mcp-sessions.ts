/** The MCP sessions of one grant. Beyond the limit, the least recently used one is ended. */
import { z } from "zod";
import { MAXIMUM_MCP_SESSIONS } from "../config.ts";

export const MCP_SESSIONS_KEY = "mcpSessions";

const sessionsSchema = z.array(z.string());

export class McpSessions {
  readonly #storage: DurableObjectStorage;
  /** The least recently used first. */
  #ids: readonly string[] = [];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** @param stored the value of {@link MCP_SESSIONS_KEY} */
  restore(stored: unknown): void {
    this.#ids = sessionsSchema.safeParse(stored).data ?? [];
  }

  /** In memory only, to save a write for each call. If the order is lost, another session is ended first. */
  use(id: string): void {
    if (this.#ids.includes(id)) this.#ids = [...this.#ids.filter((other) => other !== id), id];
  }

  /** @returns the ids of sessions that must end to make room */
  async add(id: string): Promise<string[]> {
    const all = [...this.#ids.filter((other) => other !== id), id];
    const beyond = all.splice(0, Math.max(0, all.length - MAXIMUM_MCP_SESSIONS));
    await this.#store(all);
    return beyond;
  }

  async remove(id: string): Promise<void> {
    if (this.#ids.includes(id)) await this.#store(this.#ids.filter((other) => other !== id));
  }

  /** The object deletes what is stored. */
  forget(): void {
    this.#ids = [];
  }

  async #store(ids: readonly string[]): Promise<void> {
    this.#ids = ids;
    await this.#storage.put(MCP_SESSIONS_KEY, ids);
  }
}
