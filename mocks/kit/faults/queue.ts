/**
 * Faults that wait for a request. First come, first served within an endpoint and a login, so that tests which run
 * side by side, each with a login of its own, do not meet each other's.
 */
import type { LoginView, TokenFault } from "../../pingone/contracts.ts";
import type { EndpointName } from "../endpoints.ts";
import { ControlRequestError, ExpectationError, parseInput, requireName } from "../refusal.ts";
import {
  endpointsOf,
  FAULT_NAMES,
  type Fault,
  type FaultRequest,
  faultSchema,
  type HttpFault,
  isTokenFault,
  type LoginScope,
  optionsOf,
} from "./catalogue.ts";

export interface PendingFault {
  readonly id: number;
  readonly fault: Fault["fault"];
  readonly endpoint: EndpointName;
  /** `state` is shown as a hash. */
  readonly login?: LoginScope;
  /** Requests that have still to meet it. */
  readonly remaining: number;
}

export interface FaultQueue {
  /** @throws {ControlRequestError} that lists the valid names. Returns the fault's id. */
  add(request: FaultRequest): number;
  /** The fault that this request meets on the wire, used up by one. */
  takeHttp(endpoint: EndpointName, login: LoginView | undefined): HttpFault | undefined;
  /** The defect to build into the tokens about to be issued to this login, used up by one. */
  takeToken(login: LoginView): TokenFault | undefined;
  pending(): readonly PendingFault[];
  /** @throws {ControlRequestError} when no such fault is pending. */
  remove(id: number): void;
  clear(): void;
  /** @throws {ExpectationError} that names each fault which no request has met. */
  assertNonePending(): void;
}

interface Queued {
  readonly id: number;
  readonly fault: Fault;
  remaining: number;
}

/** @param hash Hides `state`, which is a capability at the client's callback. */
export function createFaultQueue(hash: (value: string) => string): FaultQueue {
  let queued: Queued[] = [];
  let lastId = 0;

  const firstFor = (endpoint: EndpointName, login: LoginView | undefined) =>
    queued.find(({ fault }) => fault.endpoint === endpoint && loginFits(fault.login, login));
  const useUp = (entry: Queued) => {
    entry.remaining -= 1;
    if (entry.remaining === 0) queued = queued.filter((other) => other !== entry);
  };
  const view = ({ id, fault, remaining }: Queued): PendingFault => ({
    id,
    fault: fault.fault,
    endpoint: fault.endpoint,
    remaining,
    ...(fault.login !== undefined && {
      login:
        fault.login.state === undefined ? fault.login : { ...fault.login, state: hash(fault.login.state) },
    }),
  });

  return {
    add: (request) => {
      const fault = parseFault(request);
      lastId += 1;
      queued.push({ id: lastId, fault, remaining: fault.times });
      return lastId;
    },
    takeHttp: (endpoint, login) => {
      const entry = firstFor(endpoint, login);
      // A token fault at the head of the queue is met when tokens are signed, by takeToken.
      if (entry === undefined || isTokenFault(entry.fault)) return undefined;
      useUp(entry);
      return entry.fault as HttpFault;
    },
    takeToken: (login) => {
      const entry = firstFor("token", login);
      if (entry === undefined || !isTokenFault(entry.fault)) return undefined;
      useUp(entry);
      return entry.fault.fault;
    },
    pending: () => queued.map(view),
    remove: (id) => {
      if (!queued.some((entry) => entry.id === id)) {
        const ids = queued.map((entry) => entry.id).join(", ");
        throw new ControlRequestError(`No fault ${id} is pending. Pending: ${ids === "" ? "none" : ids}.`);
      }
      queued = queued.filter((entry) => entry.id !== id);
    },
    clear: () => {
      queued = [];
    },
    assertNonePending: () => {
      if (queued.length === 0) return;
      const lines = queued.map((entry) => `  ${describePendingFault(view(entry))}`);
      throw new ExpectationError(
        [
          "Faults were queued and no request met them:",
          ...lines,
          "Remove them, or make the request happen.",
        ].join("\n"),
      );
    },
  };
}

/** `wrong_nonce on token for user alice, 1 time` */
export function describePendingFault({ fault, endpoint, login, remaining }: PendingFault): string {
  const scope = Object.entries(login ?? {}).map(([name, value]) => `${name} ${value}`);
  const whose = scope.length > 0 ? ` for ${scope.join(", ")}` : "";
  return `${fault} on ${endpoint}${whose}, ${remaining} ${remaining === 1 ? "time" : "times"}`;
}

function parseFault(request: FaultRequest): Fault {
  const name = requireName("fault", request?.fault, FAULT_NAMES);
  const endpoint = requireName(`endpoint for the fault ${name}`, request.endpoint, endpointsOf(name));
  const valid = ["fault", "endpoint", ...optionsOf(name)];
  return parseInput(faultSchema, { ...request, endpoint }, `The fault ${name}`, valid);
}

function loginFits(scope: LoginScope | undefined, login: LoginView | undefined): boolean {
  if (scope === undefined) return true;
  if (login === undefined) return false;
  const names = [login.username, login.userId, login.loginHint];
  return (
    (scope.user === undefined || names.includes(scope.user)) &&
    (scope.state === undefined || scope.state === login.state) &&
    (scope.clientId === undefined || scope.clientId === login.clientId)
  );
}
