/** Times the same calls while the amount of data grows. They should stay constant. */
import type { Bench } from "./bench.ts";
import { openSession } from "./calls.ts";
import { measureInTurn, summarize, type Variant } from "./measure.ts";
import { signInAgain } from "./scenarios.ts";

export interface Growth {
  /** What grows. */
  readonly of: string;
  readonly sizes: readonly number[];
  /** Median milliseconds at each size. */
  readonly rows: readonly { readonly name: string; readonly medians: readonly number[] }[];
}

const ACCESSES = [1, 10, 100, 1000];
const TODOS = [1, 100, 10_000];
const PERSON = "bob";

/**
 * Grants of one person with an open session each. The calls of the first grant are measured.
 *
 * @param options.make makes the calls and the steps to measure, when there is one grant. They are measured one after the
 *   other, because the background work of a step would slow down the calls
 */
export async function measureByAccesses(
  { ours }: Bench,
  { make, rounds }: { make: (username: string) => Promise<readonly (readonly Variant[])[]>; rounds: number },
): Promise<Growth> {
  const groups = await make(PERSON);
  const signIn = await signInAgain(ours, PERSON);
  let count = 1;
  return measureAtSizes(
    "grants of one person, with a session each",
    ACCESSES,
    { groups, rounds },
    async (size) => {
      for (; count < size; count += 1) await openSession((call) => ours.call("/mcp", call), await signIn());
    },
  );
}

/** Todos in one answer of the Todo API. */
export async function measureByTodos(
  { upstream }: Bench,
  { variants, rounds }: { variants: readonly Variant[]; rounds: number },
): Promise<Growth> {
  const options = { groups: [variants], rounds };
  const growth = await measureAtSizes("todos in one answer", TODOS, options, async (size) =>
    upstream.setTodos(size),
  );
  upstream.setTodos(1);
  return growth;
}

async function measureAtSizes(
  of: string,
  sizes: readonly number[],
  { groups, rounds }: { groups: readonly (readonly Variant[])[]; rounds: number },
  growTo: (size: number) => Promise<void>,
): Promise<Growth> {
  const medians = new Map<string, number[]>(groups.flat().map(({ name }) => [name, []]));
  for (const size of sizes) {
    await growTo(size);
    for (const variants of groups) {
      for (const [name, times] of await measureInTurn(variants, { rounds })) {
        medians.get(name)?.push(summarize(times).median);
      }
    }
  }
  return { of, sizes, rows: [...medians].map(([name, all]) => ({ name, medians: all })) };
}
