/** What outlives a run is part of a saved state. */
import { expect, it } from "vitest";
import { buildFlow, richText } from "../../testing/graph-builder.ts";
import { startTenant, type Tenant } from "../../testing/tenant.ts";
import { createOutbox } from "../outbox.ts";
import type { RunnableFlow } from "./flows.ts";
import { VariableStore } from "./variables.ts";

const CLIENT_ERROR = "pingOneAuthenticationConnector.returnErrorResponseRedirect";
const WRITER = buildFlow({
  id: "11111111111111111111111111111111",
  name: "Writer",
  nodes: {
    save: {
      is: "variablesConnector.saveValue",
      properties: {
        saveVariables: [
          { name: "brand", label: "brand (string - company)", value: richText("Example"), variableId: "v" },
        ],
      },
    },
    end: { is: CLIENT_ERROR, properties: { errorMessage: richText("written") } },
  },
  ways: [["save", "true", "end"]],
});
const READER = buildFlow({
  id: "22222222222222222222222222222222",
  name: "Reader",
  nodes: {
    end: {
      is: CLIENT_ERROR,
      properties: {
        errorMessage: richText("read"),
        errorDescription: richText("{{global.company.variables.brand}}"),
      },
    },
  },
  ways: [],
});

const start = (snapshot?: unknown) =>
  startTenant({ own: { "davinci/writer.json": WRITER, "davinci/reader.json": READER }, snapshot });

async function answerOf(tenant: Tenant, flow: string) {
  tenant.emulator.admin.chooseFlow(flow);
  const { searchParams } = new URL((await tenant.authorize()).headers.get("location") ?? "");
  return [searchParams.get("error"), searchParams.get("error_description") ?? ""];
}

it("has the variables that flows have written, until a reset", async () => {
  await using first = await start();
  expect(await answerOf(first, "Writer")).toEqual(["written", expect.anything()]);

  await using second = await start(JSON.parse(JSON.stringify(first.emulator.snapshot())));
  expect(await answerOf(second, "Reader")).toEqual(["read", "Example"]);
  await second.emulator.admin.reset();
  expect(second.emulator.snapshot()).toMatchObject({ variables: [] });
});

it("is to be saved after each variable and each e-mail, and after they are forgotten", () => {
  let changes = 0;
  const store = new VariableStore(() => {
    changes += 1;
  });
  store.write("company", { policyId: "p" } as RunnableFlow, "f", undefined, "brand", "Example");
  expect(changes).toBe(1);
  store.clear();
  expect(changes).toBe(2);

  const outbox = createOutbox(() => {
    changes += 1;
  });
  outbox.send({ to: "alice@example.com", purpose: "notification", sentAt: 0 });
  expect(changes).toBe(3);
  outbox.clear();
  expect(changes).toBe(4);
});
