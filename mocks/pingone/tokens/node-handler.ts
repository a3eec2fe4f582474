/**
 * Runs a plain Node request handler for one GET and returns its answer as a `Response`, so that what stands in front
 * of it (journal, faults) sees the answer like any other.
 */
import { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import { Socket } from "node:net";

export function callNodeHandler(handler: RequestListener, path: string): Promise<Response> {
  const incoming = new IncomingMessage(new Socket());
  incoming.method = "GET";
  incoming.url = path;
  incoming.headers = { host: "127.0.0.1" };
  incoming.push(null);
  const outgoing = new ServerResponse(incoming);
  return new Promise((resolve) => {
    outgoing.end = (body?: unknown) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(outgoing.getHeaders())) {
        if (value !== undefined && name !== "content-length") headers.set(name, String(value));
      }
      resolve(new Response(typeof body === "string" ? body : null, { status: outgoing.statusCode, headers }));
      return outgoing;
    };
    handler(incoming, outgoing);
  });
}
