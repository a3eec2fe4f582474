/** Serves a Hono app, and explains in one sentence why an address cannot be used. */

import type { Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { EMULATOR_HOST } from "./host.ts";

export type EmulatorEnv = { Bindings: HttpBindings };
export type EmulatorApp = Hono<EmulatorEnv>;

export interface Address {
  /** 0 picks a free one. */
  readonly port: number;
  /** What to bind: loopback (the default), or any other name or address of this machine, `0.0.0.0` for all. */
  readonly host?: string | undefined;
  /** What the port is for, as in "the bookshop emulator". */
  readonly need: string;
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
  const server = createHttpServer(app);
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

function createHttpServer(app: EmulatorApp): Server {
  return createAdaptorServer({
    // Otherwise the adapter replaces the global `Request` and `Response`, and other tools of the same process fail
    // (MSW's `HttpResponse.error()`, for one).
    overrideGlobalObjects: false,
    // The adapter's requests cannot be copied by `new Request(request)`, as Hono's middleware does.
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

function explain(error: Error, { port, host = EMULATOR_HOST, need }: Address): Error {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
  return reason === undefined ? error : new AddressUnavailableError(reason({ port, host, need }));
}

const REASONS: Readonly<Record<string, (address: Required<Address>) => string>> = {
  EADDRINUSE: ({ port, need }) =>
    `Port ${port} is in use, and ${need} needs it. Stop the program that holds it, or choose another port; 0 picks a free one.`,
  EACCES: ({ port, need }) =>
    `Port ${port} may not be bound by this user, and ${need} needs it. Choose a port above 1023; 0 picks a free one.`,
  EADDRNOTAVAIL: ({ host, need }) =>
    `${host} is no address of this machine, and ${need} is to bind it. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
  ENOTFOUND: ({ host, need }) =>
    `The host name ${host} cannot be resolved, and ${need} is to bind it. Use 127.0.0.1, or 0.0.0.0 for all addresses.`,
};
