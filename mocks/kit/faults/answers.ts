/** Builds the answers of faults. */

/** RFC 9110 section 6.4.1: these have no body, and Response refuses to give them one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** @param body A string is sent as it is, anything else as JSON. */
export function answerWith(
  body: unknown,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const isText = typeof body === "string";
  const content = BODILESS.has(status) ? null : isText ? body : JSON.stringify(body);
  const contentType = isText ? "text/plain; charset=utf-8" : "application/json";
  return new Response(content, { status, headers: { "content-type": contentType, ...headers } });
}

/** The answer with another body, and without a length that is no longer true. */
export function spoil({ status, headers: given }: Response, body: BodyInit): Response {
  const headers = new Headers(given);
  headers.delete("content-length");
  return new Response(BODILESS.has(status) ? null : body, { status, headers });
}
