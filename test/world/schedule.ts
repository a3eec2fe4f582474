/**
 * The steps of several people and their apps, in a random order derived from a seed: the same seed gives the same steps
 * on every machine, regardless of their results. `life.ts` runs them.
 */
import type { ProtocolEra } from "../support/mcp-client.ts";
import type { DiscardPlan } from "./inside/discard.ts";
import { PLACES, type PlaceName } from "./places.ts";

/** Test users without a special state. */
export const PEOPLE = ["alice", "bob", "decliner"] as const;
export type PersonName = (typeof PEOPLE)[number];

export const APPS = ["app one", "app two", "app three"] as const;
export type AppName = (typeof APPS)[number];

/** `shared`: several people sign in with it. */
type BrowserName = "own" | "shared";

/** `both`: the requests of the step alternate between the places. */
export type Where = PlaceName | "both";

interface OfConnection {
  readonly person: PersonName;
  readonly app: AppName;
  readonly where: Where;
}

interface InBrowser extends OfConnection {
  readonly browser: BrowserName;
  readonly scope: "todo_api:read" | "todo_api:read todo_api:write";
}

export type Step = (
  | ({ readonly kind: "sign in" } & InBrowser)
  /** The person closes the browser, or the app does not redeem its code. */
  | ({ readonly kind: "sign in half-way"; readonly until: "PingOne" | "code" } & InBrowser)
  | ({
      readonly kind: "call";
      readonly era: ProtocolEra;
      readonly tool: "listTodos" | "addTodo";
    } & OfConnection)
  /** Several concurrent calls of one connection. */
  | ({ readonly kind: "calls at once" } & OfConnection)
  | ({ readonly kind: "refresh" } & OfConnection)
  /** The app revokes its token (RFC 7009). */
  | ({ readonly kind: "revoke" } & OfConnection)
  /** On `/signout`. */
  | ({ readonly kind: "end one" } & OfConnection)
  | { readonly kind: "end all"; readonly person: PersonName; readonly where: Where }
  | { readonly kind: "wait"; readonly seconds: number }
  /** Index of an existing object, modulo their number. */
  | { readonly kind: "discard"; readonly object: number }
) & {
  /** An object is discarded at an await during the step. */
  readonly discard?: DiscardPlan;
};

/** Weights: calls are the most frequent steps. */
const KINDS: readonly (readonly [Step["kind"], number])[] = [
  ["sign in", 6],
  ["sign in half-way", 2],
  ["call", 8],
  ["calls at once", 2],
  ["refresh", 3],
  ["revoke", 1],
  ["end one", 1],
  ["end all", 1],
  ["wait", 4],
  ["discard", 2],
];

/** From a moment to more than the lifetime of an access token. */
const WAITS = [1, 30, 61, 300, 700, 3000, 3601] as const;

/** In how many of ten steps an object is discarded. */
const DISCARDS_OF_TEN = 3;

export function createSchedule(seed: number, length: number): Step[] {
  const random = createRandom(seed);
  return Array.from({ length }, () => createStep(random));
}

function createStep(random: Random): Step {
  const where = random.pick<Where>([...PLACES, "both"]);
  const connection = { person: random.pick(PEOPLE), app: random.pick(APPS), where };
  const browser = {
    browser: random.pick<BrowserName>(["own", "own", "shared"]),
    scope: random.pick<InBrowser["scope"]>([
      "todo_api:read todo_api:write",
      "todo_api:read todo_api:write",
      "todo_api:read",
    ]),
  };
  const discard = createDiscard(random);
  const kind = random.weigh(KINDS);
  switch (kind) {
    case "sign in":
      return { kind, ...connection, ...browser, ...discard };
    case "sign in half-way":
      return {
        kind,
        ...connection,
        ...browser,
        until: random.pick(["PingOne", "code"] as const),
        ...discard,
      };
    case "call": {
      const era = random.pick<ProtocolEra>(["legacy", "modern"]);
      return { kind, ...connection, era, tool: random.pick(["listTodos", "addTodo"] as const), ...discard };
    }
    case "end all":
      return { kind, person: connection.person, where, ...discard };
    case "wait":
      return { kind, seconds: random.pick(WAITS), ...discard };
    case "discard":
      return { kind, object: random.below(1000) };
    default:
      return { kind, ...connection, ...discard };
  }
}

function createDiscard(random: Random): { discard?: DiscardPlan } {
  const discard: DiscardPlan = {
    after: random.below(8),
    isPerformed: random.below(2) === 0,
    lingerMs: random.pick([0, 0, 30]),
  };
  return random.below(10) < DISCARDS_OF_TEN ? { discard } : {};
}

/** One line of the list that is printed after a failure. */
export function describeStep(step: Step): string {
  const { kind, discard, ...rest } = step;
  const words = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  const plan = discard === undefined ? [] : [`discard=${JSON.stringify(discard)}`];
  return [kind, ...words, ...plan].join("  ");
}

interface Random {
  /** A random whole number from 0 on. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  weigh<T>(from: readonly (readonly [T, number])[]): T;
}

/** Mulberry32: a small deterministic generator. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  return {
    below,
    pick,
    weigh: (from) => pick(from.flatMap(([item, weight]) => Array.from({ length: weight }, () => item))),
  };
}
