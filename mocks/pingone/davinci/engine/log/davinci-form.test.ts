import { expect, it } from "vitest";
import { exportedFlow } from "../../../testing/exported-flow.ts";
import { createTestEngine } from "../../../testing/flow-driver.ts";
import { richText } from "../../../testing/graph-builder.ts";
import { interactionsOf, toDaVinciEvents } from "./davinci-form.ts";

it("gives a sub-flow an interaction of its own, found by the transaction id of the main flow", async () => {
  const sub = "f".repeat(32);
  const { engine, open } = createTestEngine({
    flows: [
      exportedFlow(
        {
          nodes: {
            a: {
              is: "flowConnector.startUiSubFlow",
              title: "Start it",
              properties: { subFlowId: { value: sub, label: "Sub" } },
            },
            b: {
              is: "httpConnector.customHtmlMessage",
              title: "After",
              properties: { title: richText("After") },
            },
          },
          ways: [["a", "true", "b"]],
        },
        {
          id: sub,
          name: "Sub",
          nodes: { s: { is: "httpConnector.createSuccessResponse", title: "Leave" } },
        },
      ),
    ],
  });
  const { interactionId } = await open("Test flow");
  const [main] = interactionsOf(engine.log, engine.flows[0] ? (engine.log.runs()[0]?.flow.id ?? "") : "");
  const [own] = interactionsOf(engine.log, sub);
  expect(main).toMatchObject({ id: interactionId, transactionId: interactionId, isSubFlow: false });
  expect(own).toMatchObject({
    transactionId: interactionId,
    isSubFlow: true,
    flow: { id: sub, name: "Sub" },
  });
  expect(own?.id).not.toBe(interactionId);

  const events = engine.log.events(interactionId) ?? [];
  const shown = (id: string) =>
    toDaVinciEvents(events, id).map(({ message, nodeTitle, success }) => [message, nodeTitle, success]);
  expect(shown(interactionId)).toEqual([
    ["Start Interaction", undefined, undefined],
    ["Receive Request", "Start it", undefined],
    ["Starting subflow", "Start it", undefined],
    ["Send Response", "Start it", "true"],
    ["Receive Request", "After", undefined],
    ["Send Response", "After", "true"],
  ]);
  expect(shown(own?.id ?? "")).toEqual([
    ["Start Interaction", undefined, undefined],
    ["Receive Request", "Leave", undefined],
    ["Send Response", "Leave", "true"],
  ]);
  expect(toDaVinciEvents(events, interactionId)[2]).toMatchObject({
    properties: { subFlowId: { value: { value: sub } } },
  });
});
