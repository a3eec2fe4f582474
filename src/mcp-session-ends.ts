import type { Env } from "./config.ts";
export async function endMcpSession(_env: Env, _id: string): Promise<void> {}
