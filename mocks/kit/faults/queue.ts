/**
 * Faults that wait for a request. Within an endpoint and a login they are met in the order in which they were queued.
 * Tests that run in parallel, each with its own login, do not meet each other's.
 */
import { hideState, isOfLogin, type LoginView } from "../login.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import type { FaultCatalogue } from "./catalogue.ts";
import type { Fault, PendingFault } from "./fault.ts";

interface Queued {
  readonly id: number;
  readonly fault: Fault;
  remaining: number;
}

export class FaultQueue {
  readonly #catalogue: FaultCatalogue;
  readonly #hash: (value: string) => string;
  #queued: Queued[] = [];
  #lastId = 0;

  /** @param hash Hides `state`, which is a capability at the client's callback. */
  constructor(catalogue: FaultCatalogue, hash: (value: string) => string) {
    this.#catalogue = catalogue;
    this.#hash = hash;
  }

  /** @throws {ControlRequestError} that lists the valid names. Returns the fault's id. */
  add(request: unknown): number {
    const fault = this.#catalogue.parse(request);
    this.#lastId += 1;
    this.#queued.push({ id: this.#lastId, fault, remaining: fault.times });
    return this.#lastId;
  }

  /** The fault that the kit applies to this request; counts as met once. */
  takeOutside(endpoint: string, login: LoginView | undefined): Fault | undefined {
    return this.#take(endpoint, login, (fault) => fault.definition.moment !== "inside");
  }

  /** The fault that the emulator builds into its answer to this login; counts as met once. */
  takeInside(endpoint: string, login: LoginView | undefined): Fault | undefined {
    return this.#take(endpoint, login, (fault) => fault.definition.moment === "inside");
  }

  pending(): readonly PendingFault[] {
    return this.#queued.map(({ id, fault: { fault, endpoint, login }, remaining }) => ({
      id,
      fault,
      endpoint,
      remaining,
      ...(login !== undefined && { login: hideState(login, this.#hash) }),
    }));
  }

  /** @throws {ControlRequestError} when no such fault is pending. */
  remove(id: number): void {
    const others = this.#queued.filter((entry) => entry.id !== id);
    if (others.length === this.#queued.length) {
      const ids = others.map((entry) => entry.id).join(", ");
      throw new ControlRequestError(`No fault ${id} is pending. Pending: ${ids === "" ? "none" : ids}.`);
    }
    this.#queued = others;
  }

  clear(): void {
    this.#queued = [];
  }

  /** @throws {ExpectationError} that names each fault which no request has met. */
  assertNonePending(): void {
    if (this.#queued.length === 0) return;
    const lines = this.pending().map((fault) => `  ${describePendingFault(fault)}\n`);
    throw new ExpectationError(
      `Faults were queued and no request met them:\n${lines.join("")}Remove them, or make the request happen.`,
    );
  }

  /** Only the first match counts: while it is not eligible, those behind it wait. */
  #take(endpoint: string, login: LoginView | undefined, isEligible: (fault: Fault) => boolean) {
    const first = this.#queued.find(
      ({ fault }) => fault.endpoint === endpoint && isOfLogin(fault.login, login),
    );
    if (first === undefined || !isEligible(first.fault)) return undefined;
    first.remaining -= 1;
    if (first.remaining === 0) this.#queued = this.#queued.filter((other) => other !== first);
    return first.fault;
  }
}

/** `wrong_nonce on token for user alice, 1 time` */
export function describePendingFault({ fault, endpoint, login, remaining }: PendingFault): string {
  const scope = Object.entries(login ?? {}).map(([name, value]) => `${name} ${value}`);
  const whose = scope.length > 0 ? ` for ${scope.join(", ")}` : "";
  return `${fault} on ${endpoint}${whose}, ${remaining} ${remaining === 1 ? "time" : "times"}`;
}
