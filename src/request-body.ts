/** Reads bodies with a limit, whatever `Content-Length` claims. */

export type BodyOutcome =
  | { readonly kind: "read"; readonly text: string }
  | { readonly kind: "too_large" }
  /** The other side has gone before it had sent all. */
  | { readonly kind: "broken_off" };

/** The whole body as text, unless it is larger than `maximumBytes`. */
export async function readBodyText(message: Request | Response, maximumBytes: number): Promise<BodyOutcome> {
  if (Number(message.headers.get("Content-Length") ?? 0) > maximumBytes) return { kind: "too_large" };
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for await (const chunk of message.body ?? []) {
      size += chunk.byteLength;
      if (size > maximumBytes) return { kind: "too_large" };
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    return { kind: "broken_off" };
  }
  return { kind: "read", text: text + decoder.decode() };
}
