/** Serves a Hono app, and explains in one sentence why an address cannot be used. */

import type { Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
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

export type EmulatorEnv = { Bindings: HttpBindings };
export type EmulatorApp = Hono<EmulatorEnv>;

export interface Address {
  /** 0 picks a free one. */
  readonly port: number;
  /** What to bind: loopback (the default), or any other name or address of this machine, `0.0.0.0` for all. */
  readonly host?: string | undefined;
  /** What the port is for, as in "the bookshop emulator". */
  readonly need: string;
  /** How long a client may take to send a request; then it gets 408. */
  readonly requestTimeoutMilliseconds?: number;
}

export interface Listening {
  /** As this machine reaches it. */
  readonly origin: string;
  close(): Promise<void>;
}

/** The address cannot be used; the message is for the person who ran the command. */
class AddressUnavailableError extends Error {
  override readonly name = "AddressUnavailableError";
}

/** @throws {AddressUnavailableError} */
export async function listen(app: EmulatorApp, address: Address): Promise<Listening> {
  const { port, host = EMULATOR_HOST } = address;
  const server = createHttpServer(app, address.requestTimeoutMilliseconds ?? REQUEST_TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error) => reject(explain(error, address));
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      resolve();
    });
  });
  return {
    origin: `http://${reachableName(host)}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The host of a URL for a name or address that was bound. */
function reachableName(host: string): string {
  if (host === "0.0.0.0") return EMULATOR_HOST;
  if (host === "::") return "[::1]";
  return isIPv6(host) ? `[${host}]` : host;
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

function explain(error: Error, { port, host = EMULATOR_HOST, need }: Address): Error {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
  return reason === undefined ? error : new AddressUnavailableError(reason({ port, host, need }));
}

const REASONS: Readonly<
  Record<string, (address: Required<Pick<Address, "port" | "host" | "need">>) => string>
> = {
  EADDRINUSE: ({ port, need }) =>
    `Port ${port} is in use, and ${need} needs it. Stop the program that holds it, or choose another port; 0 picks a free one.`,
  EACCES: ({ port, need }) =>
    `Port ${port} may not be bound by this user, and ${need} needs it. Choose a port above 1023; 0 picks a free one.`,
  EADDRNOTAVAIL: ({ host, need }) =>
    `${host} is no address of this machine, and ${need} is to bind it. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
  ENOTFOUND: ({ host, need }) =>
    `The host name ${host} cannot be resolved, and ${need} is to bind it. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
};
