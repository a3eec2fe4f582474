/** Ports and addresses of the offline loop. They are checked before anything starts, so that the person gets one sentence. */
import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { EMULATOR_HOST, type PortVariable, WORKER_HOST } from "../addresses.ts";
import { StartError } from "./program.ts";

export type Ports = Readonly<Record<PortVariable, number>>;

const NEEDED_BY: Readonly<Record<PortVariable, string>> = {
  WORKER_PORT: "the Worker",
  PINGONE_PORT: "the PingOne emulator",
  TODO_PORT: "the Todo API emulator",
  INSPECTOR_PORT: "the MCP Inspector",
};

export type Addresses = ReturnType<typeof addressesOf>;

export function addressesOf(ports: Ports) {
  const workerOrigin = `http://${WORKER_HOST}:${ports.WORKER_PORT}`;
  return {
    workerOrigin,
    mcpUrl: `${workerOrigin}/mcp`,
    inspectorOrigin: `http://${WORKER_HOST}:${ports.INSPECTOR_PORT}`,
    /** Where a person sees what the emulators received. */
    controlPage: `http://${EMULATOR_HOST}:${ports.PINGONE_PORT}/__mocks`,
  };
}

/**
 * @param inspectPort where a debugger attaches to the Worker
 * @throws {StartError} naming every port that is taken or given twice, with its variable and what needs it
 */
export async function requireFreePorts(ports: Ports, inspectPort?: number): Promise<void> {
  const needs = Object.entries(NEEDED_BY).map(([variable, need]) => ({
    port: ports[variable as PortVariable],
    variable,
    need,
  }));
  if (inspectPort !== undefined) {
    needs.push({ port: inspectPort, variable: "--inspect", need: "the Worker's debugger" });
  }
  const problems: string[] = [];
  for (const [index, { port, variable, need }] of needs.entries()) {
    const other = needs.slice(0, index).find((earlier) => earlier.port === port);
    if (other !== undefined) {
      problems.push(`${other.variable} and ${variable} are both ${port}. Set one of them to another port.`);
      continue;
    }
    const obstacle = await findObstacle(port);
    if (obstacle !== undefined) {
      problems.push(`Port ${port} ${obstacle}, but ${need} needs it. Set ${variable} to a free port.`);
    }
  }
  if (problems.length > 0) throw new StartError(problems.join("\n"));
}

/**
 * A browser may resolve `localhost` to either family, so both must be free. Some systems let a second program listen on
 * loopback beside one that listens on all addresses, hence the attempt to connect.
 */
async function findObstacle(port: number): Promise<string | undefined> {
  for (const host of ["127.0.0.1", "::1"]) {
    if (await answers(host, port)) return OBSTACLES.EADDRINUSE;
    const obstacle = await tryListening(host, port);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

/** Any other error (EADDRNOTAVAIL, EAFNOSUPPORT) means that this machine has no IPv6 loopback. */
const OBSTACLES: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use by another program",
  EACCES: "may not be opened by this user",
};

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}

function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code = "" }: NodeJS.ErrnoException) => resolve(OBSTACLES[code]));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Below the range from which operating systems take the local port of an outgoing connection. */
const FIRST_SEARCHED_PORT = 20_000;
const PORTS_PER_SLICE = 1_000;
const SLICES = 12;

/**
 * Ports for a stack of a test. The one after the Inspector's is free too: the Inspector's command line listens there.
 * @param slice number of the test worker: workers of one run look in different ranges
 */
export async function findFreePorts(slice = randomInt(SLICES)): Promise<Ports> {
  for (;;) {
    const first = FIRST_SEARCHED_PORT + (slice % SLICES) * PORTS_PER_SLICE + randomInt(PORTS_PER_SLICE - 5);
    const candidates = [first, first + 1, first + 2, first + 3, first + 4];
    const obstacles = await Promise.all(candidates.map(findObstacle));
    if (obstacles.some((obstacle) => obstacle !== undefined)) continue;
    return {
      WORKER_PORT: first,
      PINGONE_PORT: first + 1,
      TODO_PORT: first + 2,
      INSPECTOR_PORT: first + 3,
    };
  }
}
