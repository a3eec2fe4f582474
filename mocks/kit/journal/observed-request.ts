/** Reads what the journal and the faults need from a request; the emulator can still read its body. */
import { mediaTypeOf } from "../media-type.ts";

/** Far above any legitimate form; the rest of a longer body is not read. */
const MAX_OBSERVED_BYTES = 64 * 1024;

export interface ObservedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Fields of a form or of a flat JSON object; empty for any other body. */
  readonly form: URLSearchParams;
  readonly headers: Headers;
}

export async function observeRequest(request: Request): Promise<ObservedRequest> {
  const url = new URL(request.url);
  return {
    method: request.method,
    path: decodePath(url.pathname),
    query: url.searchParams,
    form: await readFields(request),
    headers: request.headers,
  };
}

/** As the router decodes it, so that an encoded letter hides an endpoint neither from faults nor from redaction. */
function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

async function readFields(request: Request): Promise<URLSearchParams> {
  const contentType = mediaTypeOf(request);
  const isForm = contentType === "application/x-www-form-urlencoded";
  if (request.body === null || !(isForm || contentType === "application/json")) return new URLSearchParams();
  const text = await readStart(request.clone());
  return isForm ? new URLSearchParams(text) : fieldsOfJson(text);
}

async function readStart(copy: Request): Promise<string> {
  if (copy.body === null) return "";
  const reader = copy.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_OBSERVED_BYTES) {
      // Not awaited: a clone is cancelled only when the original is, which is read later.
      reader.cancel().catch(() => {});
      return text;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function fieldsOfJson(text: string): URLSearchParams {
  const fields = new URLSearchParams();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || Array.isArray(body)) return fields;
    for (const [name, value] of Object.entries(body)) {
      fields.append(name, typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
    }
  } catch {
    // The emulator refuses malformed JSON; the journal shows no fields.
  }
  return fields;
}
