/** Faults that a request to any emulator can meet. */
import { setTimeout as sleep } from "node:timers/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { z } from "zod";
import {
  answerWith,
  defineFault,
  type FaultContext,
  type FaultTable,
  milliseconds,
  replaceBody,
} from "./fault.ts";

const afterProcessing = z.boolean().default(false).meta({
  title: "After processing",
  hint: "The emulator acts on the request, and only its answer is lost.",
});
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, "header values are printable ASCII");
/** A string is sent as it is, anything else as JSON. */
const body = z.unknown().meta({ title: "Body", hint: "JSON; anything else is sent as it is." });
const headers = z
  .record(z.string().regex(/^[\w-]+$/, "header names are letters, digits and hyphens"), headerValue)
  .optional()
  .meta({ title: "Headers", hint: 'As JSON: {"x-example": "1"}.' });

export const WIRE_FAULTS = {
  delay: defineFault({
    moment: "before",
    about: "Answers as usual, but late.",
    options: { milliseconds: milliseconds.meta({ title: "Milliseconds" }) },
  }),
  status: defineFault({
    moment: "instead",
    about: "Answers with this status and body.",
    options: {
      status: z.int().min(200).max(599).meta({ title: "Status" }),
      body: body.optional(),
      headers,
      afterProcessing,
    },
    respond: (fault, { errorBody }) =>
      answerWith(fault.body ?? errorBody(fault.status), fault.status, fault.headers),
  }),
  body: defineFault({
    moment: "after",
    about: "Answers as usual, with another body.",
    options: { body, headers },
    respond: (fault, { made }) => answerWith(fault.body, made.status, fault.headers),
  }),
  reset: defineFault({
    moment: "instead",
    about: "Resets the connection instead of answering.",
    options: { afterProcessing },
    respond: (_, context) => breakConnection(context),
  }),
  malformed_json: defineFault({
    moment: "after",
    about: "Cuts the body in half; the HTTP response itself is whole.",
    respond: async (_, { made }) => {
      const text = await made.text();
      return replaceBody(made, text.length < 2 ? '{"cut":' : text.slice(0, Math.ceil(text.length / 2)));
    },
  }),
  truncated: defineFault({
    moment: "after",
    about: "Breaks the connection half-way through the body.",
    respond: (_, context) => sendHalf(context),
  }),
  wrong_content_type: defineFault({
    moment: "after",
    about: "Answers as usual, with another Content-Type.",
    options: {
      contentType: headerValue.default("text/html; charset=utf-8").meta({ title: "Content type" }),
    },
    respond: async ({ contentType }, { made }) => {
      const response = replaceBody(made, await made.arrayBuffer());
      response.headers.set("content-type", contentType);
      return response;
    },
  }),
  trickle: defineFault({
    moment: "after",
    about: "Sends the body a few bytes at a time.",
    options: {
      chunkBytes: z.int().min(1).max(65_536).default(16).meta({ title: "Bytes at a time" }),
      intervalMilliseconds: milliseconds.default(100).meta({ title: "Milliseconds between them" }),
    },
    respond: async (pace, { made }) =>
      replaceBody(made, trickle(new Uint8Array(await made.arrayBuffer()), pace)),
  }),
  rate_limited: defineFault({
    moment: "instead",
    about: "429 with Retry-After.",
    options: {
      retryAfterSeconds: z.int().min(0).max(86_400).default(5).meta({ title: "Retry after, seconds" }),
      afterProcessing,
    },
    respond: ({ retryAfterSeconds }, { errorBody }) =>
      answerWith(errorBody(429), 429, { "retry-after": String(retryAfterSeconds) }),
  }),
  server_error: defineFault({
    moment: "instead",
    about: "A failure of the server, 503 unless told otherwise.",
    options: { status: z.int().min(500).max(599).default(503), afterProcessing },
    respond: ({ status }, { errorBody }) => answerWith(errorBody(status), status),
  }),
} satisfies FaultTable;

function breakConnection({ c }: FaultContext): Response {
  // A TCP reset, as from a crashed peer.
  c.env.incoming.socket.resetAndDestroy();
  c.env.outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** `Content-Length` is that of the whole body, so that the client can tell that the rest is missing. */
async function sendHalf({ c, made }: FaultContext): Promise<Response> {
  const { outgoing } = c.env;
  const body = Buffer.from(await made.arrayBuffer());
  outgoing.statusCode = made.status;
  outgoing.setHeaders(made.headers);
  outgoing.setHeader("content-length", Math.max(body.length, 2));
  outgoing.flushHeaders();
  await new Promise<void>((resolve) => {
    outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve());
  });
  outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
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
