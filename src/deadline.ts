/**
 * How much time a request has left. It may have to wait for several answers of others, one after the other: each has
 * a time-out (`UPSTREAM_TIMEOUT_SECONDS`), and all of them together have this budget (`REQUEST_BUDGET_SECONDS`).
 */
import { AsyncLocalStorage } from "node:async_hooks";

const currentDeadline = new AsyncLocalStorage<number>();

/** Runs a request's work; what it asks of others must have ended by then. */
export function withBudget<T>(seconds: number, work: () => T): T {
  return currentDeadline.run(Date.now() + seconds * 1000, work);
}

/** When the budget ends, in epoch milliseconds; never where no request is served, as in an alarm. */
export function budgetDeadline(): number {
  return currentDeadline.getStore() ?? Number.POSITIVE_INFINITY;
}

/** Milliseconds, at least one, until the budget of this request ends, or another deadline comes. */
export function budgetLeftMs(deadline = budgetDeadline()): number {
  return Math.max(1, deadline - Date.now());
}

/** What the work yields, or undefined when it takes longer; it goes on by itself then. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  if (milliseconds === Number.POSITIVE_INFINITY) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}
