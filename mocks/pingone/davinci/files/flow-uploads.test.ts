import { beforeEach, describe, expect, it } from "vitest";
import { TestBrowser } from "../../../kit/browser.ts";
import { ControlRequestError, parseInput } from "../../../kit/refusal.ts";
import { buildFlow } from "../../testing/graph-builder.ts";
import { tenant, withTenant } from "../../testing/with-tenant.ts";
import { addFlowInput, describeAdded } from "./flow-uploads.ts";

withTenant({}, { once: true });
beforeEach(() => {
  tenant.emulator.flows.clear();
  return tenant.emulator.admin.reset();
});

const SUB = "b".repeat(32);
const screen = (heading: string) => ({
  is: "httpConnector.customHTMLTemplate",
  properties: { customHTML: `<h1>${heading}</h1>` },
});
const hello = buildFlow({
  id: "a".repeat(32),
  name: "Hello",
  nodes: {
    ask: { is: "acmeConnector.ask", title: "Ask Acme" },
    show: screen("{{local.ask.payload.output.word}} {{global.company.variables.city}}"),
  },
  ways: [["ask", "true", "show"]],
});
const caller = buildFlow({
  id: "c".repeat(32),
  name: "Caller",
  nodes: {
    sub: {
      is: "flowConnector.startUiSubFlow",
      properties: { subFlowId: { label: "Sub", value: SUB } },
    },
  },
});
const sub = buildFlow({ id: SUB, name: "Sub", nodes: { show: screen("In the sub-flow") } });

const add = (given: object) => tenant.emulator.flows.add(addFlowInput.parse(given));
const headingOf = async (changes: Record<string, string> = {}) =>
  (await new TestBrowser().open(`${tenant.issuer}/authorize?${tenant.authorizeParameters(changes)}`)).heading;

describe("an uploaded flow", () => {
  it("runs once it is chosen or asked for, with the variables and stubs that came with it", async () => {
    const added = await add({
      flow: hello,
      name: "Greeting",
      variables: { company: { city: "Bern" } },
      stubs: { capabilities: { "acmeConnector.ask": { output: { word: "Hello" } } } },
    });
    expect(added).toMatchObject({
      policyId: "a".repeat(32),
      name: "Greeting",
      runnable: false,
      missing: ["acmeConnector.ask"],
    });
    expect(added.findings.map(({ flow, code, node }) => [flow, code, node])).toEqual([
      ["Hello", "screen-without-exit", "show"],
      ["Hello", "capability-not-implemented", "ask"],
    ]);
    expect(await headingOf({ acr_values: added.policyId })).toBe("Hello Bern");
    expect(await headingOf()).toBe("Sign On");
    tenant.emulator.admin.chooseFlow("Greeting");
    expect(await headingOf()).toBe("Hello Bern");
  });

  it("finds its sub-flow when that comes later", async () => {
    const first = await add({ flow: JSON.stringify(caller) });
    expect(first.findings.map(({ code }) => code)).toContain("sub-flow-not-found");
    await add({ flow: sub });
    tenant.emulator.admin.chooseFlow("Caller");
    expect(await headingOf()).toBe("In the sub-flow");
    const again = await add({ flow: caller });
    expect(again.findings.map(({ code }) => code)).not.toContain("sub-flow-not-found");
    expect(again.findings.map(({ flow }) => flow)).not.toContain("Sub");
  });

  it("replaces the one of its id", async () => {
    await add({ flow: sub });
    await add({ flow: { ...hello, flowId: SUB, name: "Other" } });
    expect(tenant.emulator.admin.describe().flows.filter(({ policyId }) => policyId === SUB)).toMatchObject([
      { name: "Other" },
    ]);
  });

  it("is gone after a reset, as is its policy", async () => {
    const { policyId } = await add({ flow: caller });
    tenant.emulator.flows.clear();
    await tenant.emulator.admin.reset();
    expect(tenant.emulator.admin.describe().flows.map(({ name }) => name)).not.toContain("Caller");
    expect(await tenant.authorizeError({ acr_values: policyId })).toMatchObject({ error: "invalid_request" });
    await add({ flow: sub });
    expect(tenant.emulator.admin.describe().flows.map(({ name }) => name)).not.toContain("Caller");
  });

  it.each([
    ["what is no export", { flow: "<html></html>" }, /cannot be used: this is not JSON/],
    ["an archive", { flow: "PK\u0003\u0004" }, /ZIP archive/],
  ])("is refused when it is %s", async (_, given, reason) => {
    const failed = add(given);
    await expect(failed).rejects.toThrow(ControlRequestError);
    await expect(failed).rejects.toThrow(reason);
  });

  it("is the 50th at most", async () => {
    const nth = (index: number) => ({ ...sub, flowId: index.toString(16).padStart(32, "0") });
    for (let index = 0; index < 50; index += 1) await add({ flow: nth(index) });
    await expect(add({ flow: nth(50) })).rejects.toThrow(/50 uploaded flows already/);
    await add({ flow: nth(49) });
  });

  it("is described to a person in a few sentences", () => {
    const finding = { flow: "F", level: "error", code: "x", node: "n", title: "T", text: "Wrong." } as const;
    const added = { policyId: "p", name: "F", runnable: false, missing: ["a.b"], findings: [finding] };
    expect(describeAdded(added)).toBe(
      '"F" has the policy id p. It cannot run to every end here: missing a.b. The check finds 1 error, 0 warnings and 0 notes. "T" (n): Wrong.',
    );
  });
});

it("says of a stub's key what it has to look like", () => {
  const given = { flow: hello, stubs: { capabilities: { ask: {} } } };
  expect(() => parseInput(addFlowInput, given, "The flow")).toThrow(
    "The flow is not valid. stubs.capabilities.ask: is not of the form connectorId.capabilityName, such as acmeConnector.score.",
  );
});
