/**
 * Receives the body of a request before anything answers it. Many clients take an answer that comes before the end of
 * their request for a broken connection, so a long body is received too, but not kept.
 */
import type { IncomingMessage } from "node:http";

/** One byte more than any endpoint takes, so that each refuses a longer body by its own limit. */
export const MAX_KEPT_BODY_BYTES = 1024 * 1024 + 1;

/** The start of the body; `undefined` when the client broke off. */
export async function receiveBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      const part = chunk.subarray(0, MAX_KEPT_BODY_BYTES - keptBytes);
      kept.push(part);
      keptBytes += part.byteLength;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(kept);
}
