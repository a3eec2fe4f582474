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

it("has no codes, links and texts of messages, and says so where one was sent", async () => {
  await using first = await start();
  first.emulator.admin.chooseFlow("one-time-code-for-all");
  const browser = first.openBrowser();
  const asked = await (await first.open({}, browser)).submit("Sign On", {
    Username: "alice",
    Password: "2FederateM0re!",
  });
  const code = first.emulator.admin.messages("alice").at(-1)?.code ?? "";
  expect(asked.text).toContain(code);
  const saved = JSON.stringify(first.emulator.snapshot());
  expect(code).toMatch(/^\d{6}$/);
  expect(saved).not.toContain(code);

  await using second = await start(JSON.parse(saved));
  expect(second.emulator.admin.messages("alice")).toMatchObject([{ purpose: "mfa", code: "" }]);
  const waiting = await browser.open(new URL(asked.url.pathname, second.emulator.origin));
  expect(waiting.text).toContain("Ask for another one.");
  const resent = await waiting.submit("Resend Passcode");
  expect(resent.text).not.toContain("Ask for another one.");
  expect(resent.text).toContain(second.emulator.admin.messages("alice").at(-1)?.code);
});

it("leaves out what a message says, also of a state that was saved with it", () => {
  const outbox = createOutbox();
  const message = { to: "a@example.com", purpose: "challenge", subject: "123456", text: "to /x", link: "/x" };
  outbox.send({ ...message, challenge: "x", code: "123456", sentAt: 1 });
  const kept = [{ to: "a@example.com", purpose: "challenge", sentAt: 1 }];
  expect(outbox.snapshot()).toEqual(kept);
  outbox.restore(outbox.list());
  expect(outbox.list()).toEqual([{ ...kept[0], code: "" }]);
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
