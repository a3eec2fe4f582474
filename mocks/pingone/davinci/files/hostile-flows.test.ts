import { beforeEach, describe, expect, it } from "vitest";
import { TestBrowser } from "../../../kit/browser.ts";
import { buildFlow, richText } from "../../testing/graph-builder.ts";
import { tenant, withTenant } from "../../testing/with-tenant.ts";
import { addFlowInput } from "./flow-uploads.ts";

withTenant({}, { once: true });
beforeEach(() => tenant.emulator.admin.reset());

const ID = "d".repeat(32);
const add = (flow: unknown) => tenant.emulator.flows.add(addFlowInput.parse({ flow }));
const authorize = (changes: Record<string, string> = {}) =>
  fetch(`${tenant.issuer}/authorize?${tenant.authorizeParameters(changes)}`, { redirect: "manual" });
const goToStart = { is: "nodeConnector.goToNode", properties: { nodeInstanceId: "start" } };
const save = {
  is: "variablesConnector.saveValue",
  properties: { saveVariables: [{ name: "n", type: "number", value: "0" }] },
};

describe("a hostile export", () => {
  it.each([
    ["a ZIP archive", "PK\u0003\u0004", "ZIP archive"],
    ["cut off", '{"flows": [', "cut off"],
    ["without a graph", '{"name": "x"}', "graphData"],
    ["20 MB of nothing", " ".repeat(20_000_000), "empty"],
  ])("is refused with the reason when it is %s", async (_, text, reason) => {
    await expect(add(text)).rejects.toThrow(reason);
  });

  it("of comments without an end is checked in a moment", async () => {
    // A search that goes back at each of them would take minutes, which the time limit of a test ends.
    const markup = `${"<!--".repeat(150_000)}<button data-skcomponent="skbutton" data-skbuttonvalue="GO">Go</button>`;
    const properties = { customHTML: markup };
    const flow = buildFlow({
      id: ID,
      nodes: {
        ask: { is: "httpConnector.customHTMLTemplate", properties },
        which: {
          is: "functionsConnector.AEqualsMultipleB",
          properties: { leftValueA: richText("{{local.ask.payload.output.buttonValue}}") },
        },
      },
      ways: [["ask", "true", "which"]],
    });
    expect(await add(flow)).toMatchObject({ policyId: ID });
  });

  it("may begin with a byte order mark", async () => {
    const flow = buildFlow({ id: ID, nodes: { only: { is: "nodeConnector.startNode" } } });
    expect(await add(`\uFEFF${JSON.stringify(flow)}`)).toMatchObject({ policyId: ID });
  });

  it.each([
    [
      "starts itself as a sub-flow",
      /they start each other/,
      buildFlow({
        id: ID,
        nodes: {
          sub: { is: "flowConnector.startUiSubFlow", properties: { subFlowId: { label: "", value: ID } } },
        },
      }),
    ],
    [
      "goes round without a screen",
      /ran 500 nodes without a screen/,
      buildFlow({
        id: ID,
        nodes: { first: goToStart, start: { is: "nodeConnector.startNode" }, again: goToStart },
        ways: [["start", "true", "again"]],
      }),
    ],
    [
      "has 10,000 nodes in a row",
      /ran 500 nodes without a screen/,
      buildFlow({
        id: ID,
        nodes: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`n${index}`, save])),
        ways: Array.from({ length: 9_999 }, (_, index) => [`n${index}`, "true", `n${index + 1}`] as const),
      }),
    ],
  ])("that %s ends with a note, while another person signs on", async (_, reason, flow) => {
    await add(flow);
    const [died, other] = await Promise.all([
      authorize({ acr_values: ID }),
      new TestBrowser().open(`${tenant.issuer}/authorize?${tenant.authorizeParameters()}`),
    ]);
    expect(died.status).toBe(302);
    expect(died.headers.get("location")).toContain("error=login_required");
    expect(died.headers.get("X-Emulator-Note")).toMatch(reason);
    expect(other.heading).toBe("Sign On");
  });
});
