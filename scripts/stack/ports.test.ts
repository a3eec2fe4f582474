import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findFreePorts, PortError, requireDistinctPorts, requireFreePorts } from "./ports.ts";

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

describe("requireDistinctPorts", () => {
  it("accepts four ports", () => {
    requireDistinctPorts({ WORKER_PORT: 1, PINGONE_PORT: 2, TODO_PORT: 3, INSPECTOR_PORT: 4 });
  });

  it("names both variables that are the same", () => {
    expect(() =>
      requireDistinctPorts({ WORKER_PORT: 9400, PINGONE_PORT: 9400, TODO_PORT: 3, INSPECTOR_PORT: 4 }),
    ).toThrow(
      "WORKER_PORT and PINGONE_PORT are both 9400, but the Worker and the PingOne emulator need a port each. Change one of them.",
    );
  });
});

describe("requireFreePorts", () => {
  it("accepts ports that are free", async () => {
    await requireFreePorts(await findFreePorts());
  });

  it.each([["127.0.0.1"], ["::1"], ["0.0.0.0"]])("refuses a port that is taken on %s", async (host) => {
    const ports = await findFreePorts();
    await occupy(ports.PINGONE_PORT, host);
    await expect(requireFreePorts(ports)).rejects.toThrow(
      `Port ${ports.PINGONE_PORT} is in use by another program, but the PingOne emulator needs it: ` +
        "stop that program, or choose another with PINGONE_PORT, for example: PINGONE_PORT=9400 npm start",
    );
  });

  it("names every port that is taken, and for a default port another one", async () => {
    const ports = { ...(await findFreePorts()), INSPECTOR_PORT: 6274 };
    await occupy(ports.WORKER_PORT, "127.0.0.1");
    await occupy(6274, "127.0.0.1").catch(() => "somebody else has it, which is as good");
    const error: unknown = await requireFreePorts(ports).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PortError);
    expect(String(error)).toContain(`Port ${ports.WORKER_PORT} is in use`);
    expect(String(error)).toContain("INSPECTOR_PORT=16274 npm start");
  });
});
