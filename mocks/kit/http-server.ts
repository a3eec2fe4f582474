/** Node's HTTP server for a Hono app, which leaves the process that embeds it as it was. */
import type { Server } from "node:http";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";

export type EmulatorApp = Hono<{ Bindings: HttpBindings }>;

export function createHttpServer(app: EmulatorApp): Server {
  return createAdaptorServer({
    // Otherwise the adapter puts classes of its own in place of the global `Request` and `Response`, under which other
    // tools of the same process (MSW's `HttpResponse.error()`, for one) fail.
    overrideGlobalObjects: false,
    // The adapter's requests are no real ones, so Hono's middleware could not copy them (`new Request(request)`).
    fetch: ({ url, method, headers, body, signal }, env) => {
      const request = new Request(url, {
        method,
        headers,
        signal,
        ...(body !== null && { body, duplex: "half" }),
      });
      return app.fetch(request, env as HttpBindings);
    },
  }) as Server;
}
