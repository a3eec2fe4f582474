/** Reads a JSON body with a size limit. Each kind of invalid body has its own status. */

import type { DefaultBodyType, StrictRequest } from "msw";
import type { z } from "zod";
import { mediaTypeOf } from "../kit/media-type.ts";

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
  const contentType = mediaTypeOf(request);
  if (contentType !== "application/json") {
    return wrong(415, "unsupported_media_type", "Send the body as application/json.");
  }
  // Counts the bytes received, because `Content-Length` may be wrong. To leave the stream early would wait for the copy
  // that MSW keeps of the request.
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > MAX_BODY_BYTES) {
    return wrong(413, "body_too_large", `The body may have ${MAX_BODY_BYTES} bytes.`);
  }
  const text = new TextDecoder().decode(bytes);
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
