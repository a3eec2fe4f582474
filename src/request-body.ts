/** Reads bodies with a limit, whatever `Content-Length` claims, for no longer than the request's budget lasts. */
import { budgetLeftMs, within } from "./deadline.ts";

export type BodyOutcome =
  | { readonly kind: "read"; readonly text: string }
  | { readonly kind: "too_large" }
  /** The other side has gone before it had sent all, or sends no more. */
  | { readonly kind: "broken_off" };

/** The whole body as text, unless it is larger than `maximumBytes`. */
export async function readBodyText(message: Request | Response, maximumBytes: number): Promise<BodyOutcome> {
  const length = message.headers.get("Content-Length");
  if (Number(length ?? 0) > maximumBytes) return { kind: "too_large" };
  // HTTP keeps a body to the length that it names (RFC 9112 §6.3), unless that is the length of its compressed form.
  if (length !== null && !message.headers.has("Content-Encoding")) return readAtOnce(message);
  const reader = message.body?.getReader();
  if (reader === undefined) return { kind: "read", text: "" };
  const outcome = (await within(budgetLeftMs(), readText(reader, maximumBytes))) ?? { kind: "broken_off" };
  // Not awaited: whoever stalls could keep this waiting, too.
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
