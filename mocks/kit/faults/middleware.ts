/** Makes requests meet the faults that wait for them. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { MiddlewareHandler } from "hono";
import type { Journal } from "../journal/journal.ts";
import type { JournalEnv } from "../journal/middleware.ts";
import type { LoginView } from "../login.ts";
import type { FaultCatalogue } from "./catalogue.ts";
import type { Fault } from "./fault.ts";
import type { FaultQueue } from "./queue.ts";

export interface FaultInjection {
  readonly catalogue: FaultCatalogue;
  readonly queue: FaultQueue;
  readonly journal: Journal;
}

/** Journal number of the request that is being answered, for a fault that is met deep inside it. */
const currentRequest = new AsyncLocalStorage<number>();

/** Runs behind the journal, which says what the request is. */
export function injectFaults(
  { catalogue, queue, journal }: FaultInjection,
  errorBody: (status: number) => unknown,
): MiddlewareHandler<JournalEnv> {
  return async (c, next) => {
    const observed = c.get("observed");
    // Requests to the control API are not observed and meet no faults.
    if (observed === undefined) return next();
    const { endpoint, login, number } = observed;
    const fault = endpoint === undefined ? undefined : queue.takeOutside(endpoint, login);
    if (fault === undefined) return currentRequest.run(number, next);
    journal.update(number, { faults: [fault.fault] });
    const { moment, respond } = catalogue.get(fault.fault).definition;
    // Unreferenced: a pending fault never keeps a stopped emulator alive.
    await sleep(waitOf(fault), undefined, { ref: false });
    if (moment !== "instead" || fault.afterProcessing === true) await next();
    if (respond === undefined) return;
    const made = moment === "after" ? c.res : new Response();
    const response = await respond({ ...fault }, { c, made, errorBody });
    // Hono merges the headers of an answer into the one that replaces it, unless it is taken away first.
    c.res = undefined;
    c.res = response;
  };
}

/** `delay` is a wait and nothing else; the other faults may begin with one. */
function waitOf(fault: Fault & { readonly milliseconds?: number }): number {
  return fault.milliseconds ?? fault.delayMilliseconds ?? 0;
}

/** Gives an emulator the name of the defect that it is to build into the answer it is making, once. */
export function takeInsideFault(
  { queue, journal }: FaultInjection,
  endpoint: string,
  login: LoginView,
): string | undefined {
  const fault = queue.takeInside(endpoint, login);
  const number = currentRequest.getStore();
  if (fault !== undefined && number !== undefined) journal.update(number, { faults: [fault.fault] });
  return fault?.fault;
}
