/** Reads bodies up to a limit, regardless of `Content-Length`, within the request's budget. */
import { budgetLeftMs, within } from "./deadline.ts";

export type BodyOutcome =
  | { readonly kind: "read"; readonly text: string }
  | { readonly kind: "too_large" }
  /** The sender closed the connection before the end of the body, or the budget ended. */
  | { readonly kind: "broken_off" };

/** Reads the whole body as text, up to `maximumBytes`. */
export async function readBodyText(message: Request | Response, maximumBytes: number): Promise<BodyOutcome> {
  const length = message.headers.get("Content-Length");
  if (Number(length ?? 0) > maximumBytes) return { kind: "too_large" };
  // HTTP limits a body to its Content-Length (RFC 9112 §6.3), unless that is the length of a compressed body.
  if (length !== null && !message.headers.has("Content-Encoding")) return readAtOnce(message);
  const reader = message.body?.getReader();
  if (reader === undefined) return { kind: "read", text: "" };
  const outcome = (await within(budgetLeftMs(), readText(reader, maximumBytes))) ?? { kind: "broken_off" };
  // Not awaited: a stalled sender could block this too.
  if (outcome.kind !== "read") reader.cancel().catch(() => {});
  reader.releaseLock();
  return outcome;
}

/** One step instead of one for each chunk. */
async function readAtOnce(message: Request | Response): Promise<BodyOutcome> {
  try {
    const text = await within(budgetLeftMs(), message.text());
    return text === undefined ? { kind: "broken_off" } : { kind: "read", text };
  } catch {
    return { kind: "broken_off" };
  }
}

async function readText(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maximumBytes: number,
): Promise<BodyOutcome> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.byteLength;
      if (size > maximumBytes) return { kind: "too_large" };
      text += decoder.decode(part.value, { stream: true });
    }
  } catch {
    return { kind: "broken_off" };
  }
  return { kind: "read", text: text + decoder.decode() };
}
