/** Looks before the parts of the offline loop start whether their ports are free, so that the person gets one sentence. */
import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { DEFAULT_PORTS, type PortVariable } from "../../mocks/addresses.ts";

export type Ports = Readonly<Record<PortVariable, number>>;

const NEEDED_BY: Readonly<Record<PortVariable, string>> = {
  WORKER_PORT: "the Worker",
  PINGONE_PORT: "the PingOne emulator",
  TODO_PORT: "the Todo API emulator",
  INSPECTOR_PORT: "the MCP Inspector",
};

/** One sentence for whoever ran the command: which port, which variable, what needs it. */
export class PortError extends Error {
  override name = "PortError";
}

/** @throws {PortError} when two parts are given the same port. */
export function requireDistinctPorts(ports: Ports): void {
  const takenBy = new Map<number, PortVariable>();
  for (const variable of Object.keys(NEEDED_BY) as PortVariable[]) {
    const other = takenBy.get(ports[variable]);
    if (other !== undefined) {
      throw new PortError(
        `${other} and ${variable} are both ${ports[variable]}, but ${NEEDED_BY[other]} and ${NEEDED_BY[variable]} need a port each. Change one of them.`,
      );
    }
    takenBy.set(ports[variable], variable);
  }
}

/** @throws {PortError} naming every port that is taken. */
export async function requireFreePorts(ports: Ports): Promise<void> {
  const problems: string[] = [];
  for (const variable of Object.keys(NEEDED_BY) as PortVariable[]) {
    const port = ports[variable];
    const obstacle = await findObstacle(port);
    if (obstacle !== undefined) problems.push(describeObstacle(variable, port, obstacle));
  }
  if (problems.length > 0) throw new PortError(problems.join("\n"));
}

/** @throws {PortError} when no debugger could reach the Worker through it. */
export async function requireFreeInspectPort(port: number): Promise<void> {
  if ((await findObstacle(port)) === undefined) return;
  throw new PortError(
    `Port ${port} is in use by another program, but the Worker's debugger needs it: stop that program, or choose another, for example: npm start -- --inspect=${port + 1}`,
  );
}

function describeObstacle(variable: PortVariable, port: number, obstacle: Obstacle): string {
  const choice = port === DEFAULT_PORTS[variable] ? port + 10_000 : DEFAULT_PORTS[variable];
  const remedy = `choose another with ${variable}, for example: ${variable}=${choice} npm start`;
  return obstacle === "in use"
    ? `Port ${port} is in use by another program, but ${NEEDED_BY[variable]} needs it: stop that program, or ${remedy}`
    : `Port ${port} may not be opened by this user, but ${NEEDED_BY[variable]} needs it: ${remedy}`;
}

type Obstacle = "in use" | "forbidden";

/**
 * `localhost` may mean either family to a browser, so a stranger on either would be met there. A listener on all
 * addresses does not hinder a second one on loopback everywhere, hence the attempt to connect as well.
 */
async function findObstacle(port: number): Promise<Obstacle | undefined> {
  for (const host of ["127.0.0.1", "::1"]) {
    if (await answers(host, port)) return "in use";
    const obstacle = await tryListening(host, port);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

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

function tryListening(host: string, port: number): Promise<Obstacle | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // Any other error (EADDRNOTAVAIL, EAFNOSUPPORT) means that this machine has no IPv6 loopback.
      resolve(error.code === "EADDRINUSE" ? "in use" : error.code === "EACCES" ? "forbidden" : undefined);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Below the range from which operating systems take the local port of an outgoing connection. */
const SEARCHED_PORTS = { first: 20_000, last: 32_000 };

/** Four ports that are free right now, for a stack that nobody has to find. */
export async function findFreePorts(): Promise<Ports> {
  const found: number[] = [];
  while (found.length < 4) {
    const port = randomInt(SEARCHED_PORTS.first, SEARCHED_PORTS.last);
    if (!found.includes(port) && (await findObstacle(port)) === undefined) found.push(port);
  }
  const [worker, pingone, todo, inspector] = found as [number, number, number, number];
  return { WORKER_PORT: worker, PINGONE_PORT: pingone, TODO_PORT: todo, INSPECTOR_PORT: inspector };
}
