/** Serves a Hono app on a loopback port, and explains in one sentence why a port cannot be used. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { EMULATOR_HOST } from "./host.ts";

export type EmulatorApp = Hono<{ Bindings: HttpBindings }>;

export interface PortNeed {
  /** 0 picks a free one. */
  readonly port: number;
  /** Name of the environment variable that sets the port. */
  readonly variable: string;
  /** What the port is for, as in "the bookshop emulator". */
  readonly need: string;
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
  const server = createHttpServer(app);
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
