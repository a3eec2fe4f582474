/** Binds a Hono app to a loopback port, and says in one sentence what is wrong when it cannot. */
import { EMULATOR_HOST } from "./host.ts";
import { createHttpServer, type EmulatorApp } from "./http-server.ts";

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

/** Raised when an emulator cannot have its port; the message is for the person who ran the command. */
class PortUnavailableError extends Error {
  override readonly name = "PortUnavailableError";
}

/** @throws {PortUnavailableError} when the port is taken or may not be bound. */
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
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`${options.need} has no TCP address.`);
  return {
    origin: `http://${EMULATOR_HOST}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The plain sentence for a port that cannot be had; any other error comes back as it is. */
function explainPortError(error: unknown, { port, variable, need }: PortNeed): unknown {
  if (!(error instanceof Error)) return error;
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
