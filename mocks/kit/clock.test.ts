import { expect, it } from "vitest";
import { createClock } from "./clock.ts";

it("runs with its source, moves both ways and comes back", () => {
  let real = 1000;
  const clock = createClock(() => real);
  clock.advance(500);
  clock.advance(-200);
  real += 10;
  expect(clock.now()).toBe(1310);
  expect(clock.offsetMilliseconds()).toBe(300);
  clock.reset();
  expect(clock.now()).toBe(1010);
});
