/** Serves a Hono app on a loopback port, and explains in one sentence why a port cannot be used. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { EMULATOR_HOST } from "./host.ts";
import { receiveBody } from "./request-body.ts";

const REQUEST_TIMEOUT_MS = 10_000;

/** Nothing may come of a body that these have (RFC 9110 section 9.3.1), so nothing waits for it. */
const BODILESS_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const NO_BODY = new Uint8Array();

/** Methods that a `Request` cannot have (Fetch standard, "forbidden method"); CONNECT never gets that far. */
const UNSUPPORTED_METHODS: ReadonlySet<string> = new Set(["TRACE", "TRACK"]);

export type EmulatorApp = Hono<{ Bindings: HttpBindings }>;

export interface PortNeed {
  /** 0 picks a free one. */
  readonly port: number;
  /** Name of the environment variable that sets the port. */
  readonly variable: string;
  /** What the port is for, as in "the bookshop emulator". */
  readonly need: string;
  /** How long a client may take to send a request; then it gets 408. */
  readonly requestTimeoutMilliseconds?: number;
}

export interface Listening {
  readonly origin: string;
  close(): Promise<void>;
}

/** The port is in use or may not be bound; the message is for the person who ran the command. */
class PortUnavailableError extends Error {
  override readonly name = "PortUnavailableError";
}

/** @throws {PortUnavailableError} */
export async function listen(app: EmulatorApp, options: PortNeed): Promise<Listening> {
  const server = createHttpServer(app, options.requestTimeoutMilliseconds ?? REQUEST_TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error) => reject(explainPortError(error, options));
    server.once("error", onError);
    server.listen(options.port, EMULATOR_HOST, () => {
      server.off("error", onError);
      resolve();
    });
  });
  return {
    origin: `http://${EMULATOR_HOST}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createHttpServer(app: EmulatorApp, requestTimeout: number): Server {
  const server = createAdaptorServer({
    // Otherwise the adapter replaces the global `Request` and `Response`, and other tools of the same process fail
    // (MSW's `HttpResponse.error()`, for one).
    overrideGlobalObjects: false,
    serverOptions: { requestTimeout, connectionsCheckingInterval: requestTimeout / 4 },
    // The adapter's requests cannot be copied by `new Request(request)`, as Hono's middleware does.
    fetch: async ({ url, method, headers, signal }, env) => {
      const bindings = env as HttpBindings;
      const body = BODILESS_METHODS.has(method) ? NO_BODY : await receiveBody(bindings.incoming);
      if (body === undefined) return new Response(null, { status: 400 });
      if (UNSUPPORTED_METHODS.has(method)) return new Response(null, { status: 501 });
      const init = { method, headers, signal, ...(body.byteLength > 0 && { body }) };
      return app.fetch(new Request(url, init), bindings);
    },
  }) as Server;
  // Node closes the connection of a CONNECT request without an answer unless somebody listens.
  server.on("connect", (_, socket: Duplex) => {
    // Node has taken its own listener away, and a reset by the client would end the process.
    socket.on("error", () => {});
    socket.end("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", () =>
      socket.destroy(),
    );
  });
  return server;
}

function explainPortError(error: Error, { port, variable, need }: PortNeed): Error {
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new PortUnavailableError(
      `Port ${port} is in use, and ${need} needs it. Stop the program that holds it, or set ${variable} to a free port.`,
    );
  }
  if (code === "EACCES") {
    return new PortUnavailableError(
      `Port ${port} may not be bound by this user, and ${need} needs it. Set ${variable} to a port above 1023.`,
    );
  }
  return error;
}
