/**
 * The time budget of a request. It waits for its body and for several upstream responses in turn: each response has a
 * timeout (`UPSTREAM_TIMEOUT_SECONDS`), and all of them together have this budget (`REQUEST_BUDGET_SECONDS`).
 */
import { AsyncLocalStorage } from "node:async_hooks";

const currentDeadline = new AsyncLocalStorage<number>();

/** Runs the work of a request with this deadline for everything that it waits for. */
export function withBudget<T>(seconds: number, work: () => T): T {
  return currentDeadline.run(Date.now() + seconds * 1000, work);
}

/** The end of the budget in epoch milliseconds; infinite outside a request, as in an alarm. */
export function budgetDeadline(): number {
  return currentDeadline.getStore() ?? Number.POSITIVE_INFINITY;
}

/** Milliseconds, at least one, until the budget of this request or another deadline ends. */
export function budgetLeftMs(deadline = budgetDeadline()): number {
  return Math.max(1, deadline - Date.now());
}

/** The result of the work, or undefined if it takes longer; the work then continues. */
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
