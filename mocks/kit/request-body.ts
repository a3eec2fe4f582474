/**
 * Receives the body of a request before anything answers it. Many clients take an answer that comes before the end of
 * their request for a broken connection, so a long body is received too, but not kept.
 */
import type { IncomingMessage } from "node:http";

/** What the control API takes: room for an exported state with thousands of tokens. Other emulated endpoints take less. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** What a verb takes that is given a file: room for a text of 25 MB as a string in JSON. */
export const MAX_FILE_BODY_BYTES = 40 * 1024 * 1024;

/** One byte more, so that each endpoint refuses a longer body by its own limit. */
const MAX_KEPT_BODY_BYTES = MAX_FILE_BODY_BYTES + 1;

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
