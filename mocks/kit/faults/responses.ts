/** The answers of faults that are answers. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EmulatorName } from "../endpoints.ts";
import type { HttpFault } from "./catalogue.ts";

/** @param made The emulator's own answer, for the faults that spoil it. */
export async function faultResponse(
  fault: HttpFault,
  emulator: EmulatorName,
  made: Response | undefined,
): Promise<Response> {
  switch (fault.fault) {
    case "status":
      return withBody(fault.body ?? errorBody(emulator, fault.status), fault.status, fault.headers);
    case "server_error":
      return withBody(errorBody(emulator, fault.status), fault.status);
    case "rate_limited":
      return withBody(errorBody(emulator, 429), 429, { "retry-after": String(fault.retryAfterSeconds) });
    case "unauthorized":
      return withBody(errorBody(emulator, 401), 401, {
        "www-authenticate":
          'Bearer realm="todo-api", error="invalid_token", error_description="Queued fault."',
      });
    case "forbidden":
      return withBody(errorBody(emulator, 403), 403, {
        "www-authenticate":
          'Bearer realm="todo-api", error="insufficient_scope", error_description="Queued fault."',
      });
    case "not_found":
      return withBody(errorBody(emulator, 404), 404);
    case "conflict":
      return withBody(errorBody(emulator, 409), 409);
    case "unprocessable":
      return withBody(errorBody(emulator, 422), 422);
    case "body":
      return withBody(fault.body, made?.status ?? 200, fault.headers);
    case "malformed_json": {
      const text = (await made?.text()) ?? "";
      const half = text.length < 2 ? '{"cut":' : text.slice(0, Math.ceil(text.length / 2));
      return spoil(made, half);
    }
    case "wrong_content_type": {
      const response = spoil(made, await bytesOf(made));
      response.headers.set("content-type", fault.contentType);
      return response;
    }
    case "trickle":
      return spoil(made, trickle(await bytesOf(made), fault));
    case "very_large_list":
      // A refused request stays refused: the fault is about the size of a list that may be seen.
      if (made !== undefined && made.status !== 200) return made;
      return withBody({ todos: Array.from({ length: fault.count }, (_, at) => largeTodo(at)) }, 200);
    case "delay":
    case "reset":
    case "truncated":
      throw new Error(`The fault ${fault.fault} is not an answer.`);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  401: "invalid_token",
  403: "insufficient_scope",
  404: "not_found",
  409: "conflict",
  422: "invalid_body",
  429: "too_many_requests",
};

/** In the form that each service gives its errors; PingOne's wording here is unverified. */
function errorBody(emulator: EmulatorName, status: number): Record<string, unknown> {
  const reason = REASONS[status] ?? (status >= 500 ? "server_error" : "error");
  if (emulator === "todo") return { error: reason, message: `The emulator was told to answer ${status}.` };
  return {
    id: crypto.randomUUID(),
    code: status === 429 ? "REQUEST_LIMITED" : "UNEXPECTED_ERROR",
    message: `The emulator was told to answer ${status}.`,
  };
}

/** RFC 9110 section 6.4.1: these have no body, and Response refuses to give them one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

function withBody(body: unknown, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  const isText = typeof body === "string";
  const content = BODILESS.has(status) ? null : isText ? body : JSON.stringify(body);
  const contentType = isText ? "text/plain; charset=utf-8" : "application/json";
  return new Response(content, { status, headers: { "content-type": contentType, ...headers } });
}

/** The answer with another body, and without a length that is no longer true. */
function spoil(made: Response | undefined, body: BodyInit): Response {
  const headers = new Headers(made?.headers ?? { "content-type": "application/json" });
  headers.delete("content-length");
  const status = made?.status ?? 200;
  return new Response(BODILESS.has(status) ? null : body, { status, headers });
}

async function bytesOf(made: Response | undefined): Promise<Uint8Array> {
  return new Uint8Array((await made?.arrayBuffer()) ?? new ArrayBuffer(0));
}

function trickle(
  bytes: Uint8Array,
  { chunkBytes, intervalMilliseconds }: { chunkBytes: number; intervalMilliseconds: number },
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: async (controller) => {
      if (at >= bytes.length) return controller.close();
      if (at > 0) await sleep(intervalMilliseconds, undefined, { ref: false });
      controller.enqueue(bytes.subarray(at, at + chunkBytes));
      at += chunkBytes;
    },
  });
}

function largeTodo(at: number) {
  return { id: `large-${at}`, text: `Todo ${at} of a very large list`, completed: at % 2 === 0 };
}
