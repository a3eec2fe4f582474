import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findFreePorts, requireFreePorts } from "./ports.ts";
import { StartError } from "./program.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function occupy(port: number, host: string): Promise<void> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

describe("requireFreePorts", () => {
  it("accepts ports that are free", async () => {
    await requireFreePorts(await findFreePorts());
  });

  it.each([["127.0.0.1"], ["::1"], ["0.0.0.0"]])("refuses a port that is taken on %s", async (host) => {
    const ports = await findFreePorts();
    await occupy(ports.PINGONE_PORT, host);
    await expect(requireFreePorts(ports)).rejects.toThrow(
      `Port ${ports.PINGONE_PORT} is in use by another program, but the PingOne emulator needs it. ` +
        "Set PINGONE_PORT to a free port.",
    );
  });

  it("names every port that cannot be used, the debugger's too", async () => {
    const free = await findFreePorts();
    const [taken, inspectPort] = [free.WORKER_PORT, free.INSPECTOR_PORT + 1];
    await occupy(taken, "127.0.0.1");
    await occupy(inspectPort, "127.0.0.1");
    const refused = requireFreePorts({ ...free, TODO_PORT: free.PINGONE_PORT }, inspectPort);
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(
      `Port ${taken} is in use by another program, but the Worker needs it. Set WORKER_PORT to a free port.\n` +
        `PINGONE_PORT and TODO_PORT are both ${free.PINGONE_PORT}. Set one of them to another port.\n` +
        `Port ${inspectPort} is in use by another program, but the Worker's debugger needs it. Set --inspect to a free port.`,
    );
  });
});
