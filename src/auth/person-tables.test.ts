import { expect, it } from "vitest";
import { endingRetrySeconds } from "./person-tables.ts";

it("an ending that fails is tried again after a minute, then ever later, and never given up", () => {
  expect([0, 1, 2, 3, 4].map(endingRetrySeconds)).toEqual([60, 60, 120, 240, 480]);
  expect([9, 10, 1000].map(endingRetrySeconds)).toEqual([15_360, 15_360, 15_360]);
});
