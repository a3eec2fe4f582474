/**
 * Random steps of several people and apps at two places, with stale KV and discarded objects. `WORLD_SEED` and
 * `WORLD_STEPS` choose the steps; `npm run test:world -- --seed N --steps M` sets them.
 */
import { expect, it } from "vitest";
import { liveThrough } from "./life.ts";
import { createSchedule } from "./schedule.ts";
import { startWorld } from "./world.ts";

/** Fixed seeds, so that a failure is caused by a change and not by chance. */
const SEEDS = [20261127, 1400157203];
const SHORT = 40;

/** Time limit for a step on a busy machine, and for the final checks. */
const STEP_MS = 4000;

const asked = process.env.WORLD_SEED;
const steps = Number(process.env.WORLD_STEPS ?? SHORT);
const seeds = asked === undefined ? SEEDS : [Number(asked)];

it("the same seed gives the same steps, and another seed others", () => {
  expect(createSchedule(7, 50)).toEqual(createSchedule(7, 50));
  expect(createSchedule(7, 10)).toEqual(createSchedule(7, 50).slice(0, 10));
  expect(createSchedule(8, 50)).not.toEqual(createSchedule(7, 50));
});

it.concurrent.each(seeds)(
  "whatever happens by seed %i, nobody sees another's todos, loses access or keeps it",
  async (seed) => {
    await using world = await startWorld();
    const { broken, trail } = await liveThrough(world, createSchedule(seed, steps));
    if (broken === undefined) return;
    const repeat = `Repeat it with: npm run test:world -- --seed ${seed} --steps ${steps}`;
    expect.fail([broken, "", ...trail, "", repeat].join("\n"));
  },
  120_000 + steps * STEP_MS,
);
