/**
 * The monthly cost at Cloudflare: the operations that the benchmark counts, times their frequency, at the prices of the
 * Workers paid plan. PingOne's prices depend on the contract and are not included.
 */
import type { Operations } from "./count.ts";
import type { Report } from "./report.ts";

/** Usage by one person on an average day. */
export interface Usage {
  readonly people: number;
  /** Sign-ins of all kinds; one in ten is the first of an app, the others are silent. */
  readonly signInsPerDay: number;
  readonly callsPerDay: number;
}

export type Lane = "stateless lane" | "session lane";

/** The meters of a Cloudflare bill, each in its billing unit. */
export const METERS = {
  requests: { title: "requests", included: 10e6, perMillion: 0.3, freePerDay: 100_000 },
  cpuMs: { title: "processor time", included: 30e6, perMillion: 0.02 },
  kvReads: { title: "KV reads", included: 10e6, perMillion: 0.5, freePerDay: 100_000 },
  kvWrites: { title: "KV writes", included: 1e6, perMillion: 5, freePerDay: 1000 },
  kvDeletes: { title: "KV deletes", included: 1e6, perMillion: 5, freePerDay: 1000 },
  kvLists: { title: "KV lists", included: 1e6, perMillion: 5, freePerDay: 1000 },
  objectRequests: { title: "Durable Object requests", included: 1e6, perMillion: 0.15, freePerDay: 100_000 },
  objectSeconds: {
    title: "Durable Object time",
    included: 400_000 / 0.128,
    perMillion: 12.5 * 0.128,
    freePerDay: 13_000 / 0.128,
  },
  rowsRead: { title: "rows read", included: 25e9, perMillion: 0.001, freePerDay: 5e6 },
  rowsWritten: { title: "rows written", included: 50e6, perMillion: 1, freePerDay: 100_000 },
  logLines: { title: "log lines", included: 20e6, perMillion: 0.6, freePerDay: 200_000 },
} as const satisfies Record<string, Meter>;

interface Meter {
  readonly title: string;
  /** Included in the paid plan's base price, per month. */
  readonly included: number;
  /** Dollars for each further million. */
  readonly perMillion: number;
  /** The limit of the free plan, if it has one. */
  readonly freePerDay?: number;
}

export type MeterName = keyof typeof METERS;
const METER_NAMES = Object.keys(METERS) as MeterName[];

/** Dollars a month for the plan itself. */
export const BASE_PRICE = 5;
const DAYS = 30;

/** One sign-in in this many is the first of its app. */
export const SIGN_INS_PER_FIRST = 10;
/** The Worker's access tokens are valid for an hour: one refresh for each hour in which an app is used. */
export const CALLS_PER_REFRESH = 20;
/** A client of the old protocol opens a session when it starts, and keeps it. */
export const CALLS_PER_SESSION = 20;
/** Requests besides tool calls, such as `tools/list`: each is counted as a call. */
export const OTHERS_PER_CALL = 0.15;
/** Seconds for which a call keeps an object active, besides waiting. */
const BUSY_SECONDS = 0.005;
/**
 * Seconds for which an object of the session lane waits for the Todo API; objects of the stateless lane do not wait for
 * it.
 */
export const TODO_API_SECONDS = 0.2;

/**
 * WebSocket messages to an object, of which Cloudflare bills twenty as one request; the tail reports them as "other".
 */
const MESSAGES_PER_REQUEST = 20;

function billedObjectRequests({ objects }: Operations): number {
  return Object.entries(objects).reduce(
    (sum, [name, count]) => sum + (name.endsWith(".other") ? count / MESSAGES_PER_REQUEST : count),
    0,
  );
}

export type Amounts = Readonly<Record<MeterName, number>>;

/** The operations of one run of a row. @throws {Error} if the benchmark has not counted it */
function amountsOf(report: Report, name: string): Amounts {
  const row = report.rows.find((candidate) => candidate.name === name);
  if (row?.operations === undefined) throw new Error(`The benchmark has not counted "${name}".`);
  const { operations, cpuMs = 0 } = row;
  const objectRequests = billedObjectRequests(operations);
  const waits = name === "session lane" ? TODO_API_SECONDS : 0;
  return {
    requests: operations.requests,
    cpuMs,
    kvReads: operations.kv.get,
    kvWrites: operations.kv.put,
    kvDeletes: operations.kv.delete,
    kvLists: operations.kv.list,
    objectRequests,
    objectSeconds: objectRequests * BUSY_SECONDS + waits,
    rowsRead: operations.rows.read,
    rowsWritten: operations.rows.written,
    logLines: operations.logLines,
  };
}

/** The operations of all people in a month. */
export function monthlyAmounts(report: Report, lane: Lane, usage: Usage): Amounts {
  const perDay: [name: string, times: number][] = [
    ["first sign-in", usage.signInsPerDay / SIGN_INS_PER_FIRST],
    ["silent reconnect", usage.signInsPerDay * (1 - 1 / SIGN_INS_PER_FIRST)],
    ["refresh", usage.callsPerDay / CALLS_PER_REFRESH],
    [lane, usage.callsPerDay * (1 + OTHERS_PER_CALL)],
    ...(lane === "session lane"
      ? [["open a session", usage.callsPerDay / CALLS_PER_SESSION] satisfies [string, number]]
      : []),
  ];
  const factors = perDay.map(([name, times]) => ({ amounts: amountsOf(report, name), times }));
  const total = (meter: MeterName) =>
    factors.reduce((sum, { amounts, times }) => sum + amounts[meter] * times, 0) * usage.people * DAYS;
  return Object.fromEntries(METER_NAMES.map((meter) => [meter, total(meter)])) as Record<MeterName, number>;
}

export interface Bill {
  /** Dollars a month, the plan's base price included. */
  readonly total: number;
  /** Dollars by meter beyond the included amounts; the most expensive first, without those that cost nothing. */
  readonly parts: readonly { readonly meter: MeterName; readonly dollars: number }[];
}

export function billOf(amounts: Amounts): Bill {
  const parts = METER_NAMES.map((meter) => {
    const { included, perMillion } = METERS[meter];
    return { meter, dollars: (Math.max(0, amounts[meter] - included) * perMillion) / 1e6 };
  })
    .filter(({ dollars }) => dollars > 0)
    .toSorted((left, right) => right.dollars - left.dollars);
  return { total: BASE_PRICE + parts.reduce((sum, { dollars }) => sum + dollars, 0), parts };
}

/** The number of people at which a plan reaches its first limit, and the meter, extrapolated from one person. */
export function firstLimit(
  onePerson: Amounts,
  plan: "free" | "paid",
): { readonly meter: MeterName; readonly people: number } {
  const limits = METER_NAMES.flatMap((meter) => {
    const { included, ...rest }: Meter = METERS[meter];
    const limit =
      plan === "paid" ? included : rest.freePerDay === undefined ? undefined : rest.freePerDay * DAYS;
    if (limit === undefined || onePerson[meter] === 0) return [];
    return [{ meter, people: Math.floor(limit / onePerson[meter]) }];
  });
  const [first] = limits.toSorted((left, right) => left.people - right.people);
  if (first === undefined) throw new Error("One person asks for nothing.");
  return first;
}
