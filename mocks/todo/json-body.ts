/** Reads a JSON body with a size limit. Each kind of invalid body has its own status. */
import type { DefaultBodyType, StrictRequest } from "msw";
import type { z } from "zod";

export const MAX_BODY_BYTES = 64 * 1024;

interface BodyProblem {
  readonly status: 400 | 413 | 415 | 422;
  readonly error: string;
  readonly message: string;
}

export type BodyOutcome<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly problem: BodyProblem };

export async function readJson<T>(
  request: StrictRequest<DefaultBodyType>,
  schema: z.ZodType<T>,
): Promise<BodyOutcome<T>> {
  const contentType = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (contentType !== "application/json") {
    return wrong(415, "unsupported_media_type", "Send the body as application/json.");
  }
  const text = await readLimited(request);
  if (text === undefined) return wrong(413, "body_too_large", `The body may have ${MAX_BODY_BYTES} bytes.`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return wrong(400, "malformed_json", "The body is not JSON.");
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return { value: parsed.data };
  return wrong(422, "invalid_body", parsed.error.issues.map((issue) => issue.message).join("; "));
}

function wrong(status: BodyProblem["status"], error: string, message: string): { problem: BodyProblem } {
  return { problem: { status, error, message } };
}

/** Returns `undefined` above the limit. Counts the bytes received, because `Content-Length` may be wrong. */
async function readLimited(request: StrictRequest<DefaultBodyType>): Promise<string | undefined> {
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
