/** Makes requests meet the faults that wait for them, on the wire and in the tokens. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import type { TakeTokenFault } from "../../pingone/contracts.ts";
import { type EmulatorName, endpointOf } from "../endpoints.ts";
import type { Journal } from "../journal/journal.ts";
import type { JournalEnv } from "../journal/middleware.ts";
import type { HttpFault } from "./catalogue.ts";
import type { FaultQueue } from "./queue.ts";
import { faultResponse } from "./responses.ts";

export interface FaultInjection {
  readonly queue: FaultQueue;
  readonly journal: Journal;
}

/** Journal number of the request that is being answered, for a fault that is met deep inside it. */
const currentRequest = new AsyncLocalStorage<number>();

export function injectFaults(
  emulator: EmulatorName,
  { queue, journal }: FaultInjection,
): MiddlewareHandler<JournalEnv> {
  return async (c, next) => {
    const observed = c.get("observed");
    // Requests to the control API are not observed and meet no faults.
    if (observed === undefined) return next();
    const endpoint = endpointOf(emulator, observed.method, observed.path);
    const fault = endpoint === undefined ? undefined : queue.takeHttp(endpoint, c.get("login"));
    const number = c.get("journalNumber");
    if (fault === undefined) return currentRequest.run(number, next);
    journal.update(number, { faults: [fault.fault] });
    const wait = fault.fault === "delay" ? fault.milliseconds : fault.delayMilliseconds;
    // Unreferenced: a pending fault never keeps a stopped emulator alive.
    if (wait !== undefined && wait > 0) await sleep(wait, undefined, { ref: false });
    if (isProcessedFirst(fault)) await next();
    await applyFault(c, fault, emulator);
  };
}

/** For `PingOneEmulatorOptions.takeTokenFault`. */
export function createTokenFaultTaker({ queue, journal }: FaultInjection): TakeTokenFault {
  return (login) => {
    const fault = queue.takeToken(login);
    const number = currentRequest.getStore();
    if (fault !== undefined && number !== undefined) journal.update(number, { faults: [fault] });
    return fault;
  };
}

/** Faults that spoil an answer need one; the others replace it, unless asked to lose one that was made. */
function isProcessedFirst(fault: HttpFault): boolean {
  switch (fault.fault) {
    case "delay":
    case "body":
    case "malformed_json":
    case "truncated":
    case "wrong_content_type":
    case "trickle":
    case "very_large_list":
      return true;
    case "status":
    case "reset":
    case "rate_limited":
    case "server_error":
      return fault.afterProcessing;
    default:
      return false;
  }
}

async function applyFault(c: Context<JournalEnv>, fault: HttpFault, emulator: EmulatorName): Promise<void> {
  switch (fault.fault) {
    case "delay":
      return;
    case "reset":
      return breakConnection(c);
    case "truncated":
      return sendHalf(c);
    default: {
      const made = isProcessedFirst(fault) ? c.res : undefined;
      const response = await faultResponse(fault, emulator, made);
      // Hono merges the headers of an answer into the one that replaces it, unless it is taken away first.
      c.res = undefined;
      c.res = response;
    }
  }
}

function breakConnection(c: Context<JournalEnv>): void {
  // A TCP reset, as from a crashed peer, rather than an orderly end.
  c.env.incoming.socket.resetAndDestroy();
  c.env.outgoing.destroy();
  c.res = undefined;
  c.res = RESPONSE_ALREADY_SENT;
}

/** `Content-Length` promises the whole body, so the client can tell that it did not get it. */
async function sendHalf(c: Context<JournalEnv>): Promise<void> {
  const { outgoing } = c.env;
  const { status, headers } = c.res;
  const body = Buffer.from(await c.res.arrayBuffer());
  outgoing.statusCode = status;
  outgoing.setHeaders(headers);
  outgoing.setHeader("content-length", Math.max(body.length, 2));
  outgoing.flushHeaders();
  await new Promise<void>((resolve) => {
    outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => resolve());
  });
  outgoing.destroy();
  c.res = undefined;
  c.res = RESPONSE_ALREADY_SENT;
}
