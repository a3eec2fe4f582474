import { expect, it } from "vitest";
import { printable } from "./finding.ts";

it("takes from a title what a terminal would obey", () => {
  expect(printable("a\u001B[2J\u0007\r\n\u202Eb\u2028c\u2066d \u{1F600} \u00E9")).toBe(
    "a [2J    b c d \u{1F600} \u00E9",
  );
});
