/** Reads a request to `/mcp` before either lane handles it. */
import { z } from "zod";
import { type BodyOutcome, readBodyText } from "./request-body.ts";
import { TOOLS, type Tool } from "./tools.ts";

/** The SDKs' own limit. */
const MAXIMUM_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The first protocol without batches. Versions are dates, so they compare as text. */
const FIRST_VERSION_WITHOUT_BATCHES = "2025-06-18";

const toolCallSchema = z.object({
  jsonrpc: z.literal("2.0"),
  method: z.literal("tools/call"),
  params: z.object({ name: z.string() }),
});

/** A body that was read; `parsed` is undefined if there is none or if it is not JSON. */
export interface Message {
  readonly kind: "read";
  readonly text?: string;
  readonly parsed?: unknown;
}

export async function readMessage(
  request: Request,
): Promise<Message | Exclude<BodyOutcome, { kind: "read" }>> {
  if (request.method !== "POST") return { kind: "read" };
  const body = await readBodyText(request, MAXIMUM_MESSAGE_BYTES);
  if (body.kind !== "read") return body;
  try {
    return { ...body, parsed: JSON.parse(body.text) };
  } catch {
    return body;
  }
}

/**
 * Whether this is a batch in a protocol version without batches. Without a version header, MCP assumes 2025-03-26,
 * which has them.
 */
export function isRemovedBatch(request: Request, { parsed }: Message): boolean {
  const version = request.headers.get("MCP-Protocol-Version") ?? "";
  return Array.isArray(parsed) && version >= FIRST_VERSION_WITHOUT_BATCHES;
}

/** The known tools that a message, or any message of a batch, calls. */
export function calledTools({ parsed }: Message): Tool[] {
  const messages = Array.isArray(parsed) ? parsed : [parsed];
  return messages.flatMap((message) => {
    const call = toolCallSchema.safeParse(message);
    return call.success ? TOOLS.filter(({ name }) => name === call.data.params.name) : [];
  });
}

export function missingScopes(tools: readonly Tool[], granted: readonly string[]): string[] {
  const needed = new Set(tools.flatMap(({ scopes }) => scopes));
  return [...needed].filter((scope) => !granted.includes(scope));
}

/** The request without its body, for a lane that gets the parsed message separately. */
export function forStatelessLane(request: Request, message: Message): Request {
  return message.parsed !== undefined && namesWhatItAccepts(request)
    ? request
    : forEitherLane(request, message);
}

function namesWhatItAccepts(request: Request): boolean {
  const accept = request.headers.get("Accept") ?? "";
  return accept !== "" && !accept.includes("/*");
}

/**
 * The request with a body that can be read again. A missing `Accept`, or one with a wildcard, accepts both media types
 * of MCP's transport (RFC 9110 §12.5.1), but the SDKs require them by name.
 */
export function forEitherLane(request: Request, { text }: Message): Request {
  const again = text === undefined ? request : new Request(request, { body: text });
  if (namesWhatItAccepts(request)) return again;
  const headers = new Headers(request.headers);
  headers.set("Accept", "application/json, text/event-stream");
  return new Request(again, { headers });
}
