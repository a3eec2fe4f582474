/** Reads bodies with a limit, whatever `Content-Length` claims. */

/** The whole body as text, or undefined when it is larger than `maximumBytes`. */
export async function readBodyText(
  message: Request | Response,
  maximumBytes: number,
): Promise<string | undefined> {
  if (Number(message.headers.get("Content-Length") ?? 0) > maximumBytes) return undefined;
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of message.body ?? []) {
    size += chunk.byteLength;
    if (size > maximumBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
