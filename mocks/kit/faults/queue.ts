/**
 * Faults that wait for a request. Within an endpoint and a login they are met in the order in which they were queued.
 * Tests that run in parallel, each with its own login, do not meet each other's.
 */
import { hideState, isOfLogin, type LoginScope, type LoginView } from "../login.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import type { FaultCatalogue } from "./catalogue.ts";
import type { Fault } from "./fault.ts";

export interface PendingFault {
  readonly id: number;
  readonly fault: string;
  readonly endpoint: string;
  /** `state` is shown as a hash. */
  readonly login?: LoginScope;
  /** How many requests will still meet it. */
  readonly remaining: number;
}

export interface FaultQueue {
  /** @throws {ControlRequestError} that lists the valid names. Returns the fault's id. */
  add(request: unknown): number;
  /** The fault that the kit applies to this request; counts as met once. */
  takeOutside(endpoint: string, login: LoginView | undefined): Fault | undefined;
  /** The fault that the emulator builds into its answer to this login; counts as met once. */
  takeInside(endpoint: string, login: LoginView | undefined): Fault | undefined;
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
export function createFaultQueue(catalogue: FaultCatalogue, hash: (value: string) => string): FaultQueue {
  let queued: Queued[] = [];
  let lastId = 0;

  /** Only the first match counts: while it is of the other kind, those behind it wait. */
  const take = (endpoint: string, login: LoginView | undefined, inside: boolean) => {
    const first = queued.find(({ fault }) => fault.endpoint === endpoint && isOfLogin(fault.login, login));
    if (first === undefined || (first.fault.definition.moment === "inside") !== inside) return undefined;
    first.remaining -= 1;
    if (first.remaining === 0) queued = queued.filter((other) => other !== first);
    return first.fault;
  };
  const view = ({ id, fault: { fault, endpoint, login }, remaining }: Queued): PendingFault => ({
    id,
    fault,
    endpoint,
    remaining,
    ...(login !== undefined && { login: hideState(login, hash) }),
  });

  return {
    add: (request) => {
      const fault = catalogue.parse(request);
      lastId += 1;
      queued.push({ id: lastId, fault, remaining: fault.times });
      return lastId;
    },
    takeOutside: (endpoint, login) => take(endpoint, login, false),
    takeInside: (endpoint, login) => take(endpoint, login, true),
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
        `Faults were queued and no request met them:\n${lines.join("\n")}\nRemove them, or make the request happen.`,
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
