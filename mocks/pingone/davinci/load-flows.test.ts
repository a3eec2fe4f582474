import { expect, it } from "vitest";
import { loadFlows } from "./load-flows.ts";

it("loads every shipped flow", () => {
  expect(loadFlows("fixtures/davinci").map(({ name }) => name)).toContain("sign-on-with-consent");
});
