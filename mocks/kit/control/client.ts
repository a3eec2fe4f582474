/**
 * The control API over HTTP with the verbs of `Control`, for tests that run beside the emulators in another process.
 * Disposing of it fails if a fault that was queued has not been met.
 */
import { z } from "zod";
import type { LiveRefreshToken } from "../../pingone/contracts.ts";
import type { PendingFault } from "../faults/queue.ts";
import type { JournalEntry } from "../journal/journal.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import type { Control, ControlState } from "./control.ts";
import { VERBS, type VerbName } from "./verbs.ts";

export interface ControlClient extends Control, AsyncDisposable {
  /** Waits until the emulator answers. */
  health(): Promise<{ status: "ok"; emulator: string }>;
}

const refusalSchema = z.object({ error: z.string(), message: z.string() });

/**
 * @param emulatorOrigin Origin of either emulator; both serve the same control API.
 * @param send For tests; `fetch` otherwise.
 */
export function createControlClient(emulatorOrigin: string, send: typeof fetch = fetch): ControlClient {
  const base = `${new URL(emulatorOrigin).origin}${CONTROL_PATH}`;

  const request = async (method: string, path: string, input?: unknown): Promise<unknown> => {
    const response = await send(`${base}${path}`, {
      method,
      ...(input !== undefined && {
        body: JSON.stringify(input),
        headers: { "content-type": "application/json" },
      }),
    });
    if (response.status === 204) return undefined;
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { error, message } = refusalSchema.parse(answer);
    if (error === "invalid_request") throw new ControlRequestError(message);
    if (error === "expectation_failed") throw new ExpectationError(message);
    throw new Error(`${method} ${base}${path}: ${message}`);
  };
  /** The shape of each answer is the server's of the same version, so it is taken as it comes. */
  const call = async <T = unknown>(name: VerbName, input?: unknown): Promise<T> =>
    (await request(VERBS[name].method, VERBS[name].path, input)) as T;

  const client: ControlClient = {
    health: async () => (await request("GET", "/health")) as { status: "ok"; emulator: string },
    state: () => call<ControlState>("state"),
    requests: async (pattern) => {
      type Answer = { requests: JournalEntry[] };
      return (
        await (pattern === undefined ? call<Answer>("requests") : call<Answer>("findRequests", pattern))
      ).requests;
    },
    lastRequestNumber: async () => (await client.state()).journal.lastRequestNumber,
    clearRequests: () => call("clearRequests"),
    expectRequest: async (pattern, options) =>
      (await call<{ requests: JournalEntry[] }>("expectRequest", { ...options, pattern })).requests,
    expectNoRequest: async (pattern, options) => {
      await call("expectRequest", { ...options, pattern, times: 0 });
    },
    queueFault: async (fault) => (await call<{ id: number }>("queueFault", fault)).id,
    pendingFaults: async () => (await call<{ faults: PendingFault[] }>("pendingFaults")).faults,
    removeFault: (id) => call("removeFault", { id }),
    clearFaults: () => call("clearFaults"),
    assertNoPendingFaults: () => call("assertNoPendingFaults"),
    advanceClock: (advanceSeconds) => call("advanceClock", { advanceSeconds }),
    resetClock: () => call("resetClock"),
    rotateKeys: async (options = {}) => (await call<{ kid: string }>("rotateKeys", options)).kid,
    refreshTokens: async () => (await call<{ tokens: LiveRefreshToken[] }>("refreshTokens")).tokens,
    expireTokens: async (user) => (await call<{ count: number }>("expireTokens", { user })).count,
    revokeTokens: async (user) => (await call<{ count: number }>("revokeTokens", { user })).count,
    endSession: async (user) => (await call<{ count: number }>("endSession", { user })).count,
    chooseFlow: (flow, application) =>
      call("chooseFlow", { flow, ...(application !== undefined && { application }) }),
    setSwitches: (switches) => call("setSwitches", switches),
    reset: () => call("reset"),
    [Symbol.asyncDispose]: () => client.assertNoPendingFaults(),
  };
  return client;
}
