import { expect, it } from "vitest";
import { MovableClock } from "./clock.ts";

it("runs with real time, as far from it as it was moved", () => {
  let real = 1000;
  const clock = new MovableClock(() => real);
  clock.offsetMilliseconds += 300;
  real += 10;
  expect(clock.now()).toBe(1310);
});
