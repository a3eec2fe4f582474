/** Whole flows with a second factor over HTTP: push, FIDO, codes and risk; and that no secret of them is kept anywhere. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TestBrowser, type TestPage } from "./browser.ts";
import { createControlClient, type PingOne, type PingOneControl, startPingOne } from "./index.ts";
import { totpCodeOf } from "./pingone/tenant/totp.ts";
import { type Fields, TestClient } from "./pingone/testing/client.ts";
import { buildFlow, type FlowSpec, type NodeSpec, richText } from "./pingone/testing/graph-builder.ts";
import { SECRET } from "./pingone/testing/mfa-calls.ts";
import { MFA_FLOW } from "./pingone/testing/mfa-flow.ts";

let pingone: PingOne;
let control: PingOneControl;
beforeAll(async () => {
  pingone = await startPingOne();
  control = createControlClient(pingone.origin);
});
afterAll(() => pingone.close());
beforeEach(() => pingone.reset());

const output = (node: string, path: string) => richText(`{{local.${node}.payload.output.${path}}}`);
const AUTHENTICATION = { deviceAuthenticationId: output("begin", "rawResponse.id") };
const { who, find, begin, done, noUser } = MFA_FLOW.nodes as Record<string, NodeSpec>;
const fails = (errorMessage: string): NodeSpec => ({
  is: "pingOneAuthenticationConnector.returnErrorResponseRedirect",
  properties: { errorMessage: richText(errorMessage) },
});
const equals = (left: string, right: string): NodeSpec => ({
  is: "functionsConnector.AEqualsB",
  properties: { leftValueA: left, rightValueB: right },
});

/** Waits at a screen until the phone has answered. */
const PUSH_FLOW: FlowSpec = {
  name: "Push flow",
  nodes: {
    ...({ who, find, begin, done, noUser } as Record<string, NodeSpec>),
    again: { is: "nodeConnector.startNode", title: "Wait" },
    wait: {
      is: "httpConnector.customHTMLTemplate",
      properties: {
        customHTML: '<h1>Look at your phone</h1><div data-skcomponent="skpolling">Waiting</div>',
        enablePolling: true,
      },
    },
    read: { is: "pingOneMfaConnector.readDeviceAuthentication", properties: AUTHENTICATION },
    isDone: equals(output("read", "rawResponse.status"), "COMPLETED"),
    isOpen: equals(output("read", "rawResponse.status"), "PUSH_CONFIRMATION_REQUIRED"),
    back: { is: "nodeConnector.goToNode", properties: { nodeInstanceId: "again" } },
    refused: fails("refused_at_the_phone"),
  },
  ways: [
    ["who", "true", "find"],
    ["find", "true", "begin"],
    ["find", "false", "noUser"],
    ["begin", "true", "wait"],
    ["again", "true", "wait"],
    ["wait", "true", "read"],
    ["read", "true", "isDone"],
    ["isDone", "true", "done"],
    ["isDone", "false", "isOpen"],
    ["isOpen", "true", "back"],
    ["isOpen", "false", "refused"],
  ],
};

const link = (changes: Fields = {}) =>
  `${pingone.issuer}/authorize?${new TestClient(pingone).authorizeParameters(changes)}`;
const newBrowser = () =>
  new TestBrowser({ stopAt: ({ origin }) => origin !== new URL(pingone.issuer).origin });
const resultOf = ({ url }: TestPage) => url.searchParams.get("error") ?? url.searchParams.has("code");

async function open(flow: FlowSpec, files: Record<string, unknown> = {}) {
  await control.flows.add({ flow: buildFlow(flow), choose: true, ...files });
  return newBrowser().open(link());
}

/** All that the emulator tells afterwards, but for the outbox: that is where codes are read. */
async function everythingKept(): Promise<string> {
  const runs = await control.flows.runs();
  const [run] = runs.slice(-1);
  const kept = [
    runs,
    await control.flows.events(run?.id ?? ""),
    await (await fetch(`${pingone.origin}/__mocks/page/runs/${run?.id}`)).text(),
    await (await fetch(`${pingone.origin}/__mocks`)).text(),
    await control.journal.list(),
  ];
  return JSON.stringify(kept);
}

describe("a push", () => {
  it.each([
    ["approve", true],
    ["deny", "refused_at_the_phone"],
  ] as const)("[PING-276] is waited for at a screen until %s of the control API", async (answer, result) => {
    const asked = await (await open(PUSH_FLOW)).submit("Next", { Username: "push" });
    expect(asked.heading).toBe("Look at your phone");
    expect(asked.text).toContain("mfa.approve");
    const waiting = await asked.submit("Check again");
    expect(waiting.heading).toBe("Look at your phone");
    await control.mfa[answer]("push");
    expect(resultOf(await waiting.submit("Check again"))).toBe(result);
  });

  it("[PING-277] that nobody answers ends the wait after two minutes", async () => {
    const asked = await (await open(PUSH_FLOW)).submit("Next", { Username: "push" });
    await control.clock.advance(120);
    expect(resultOf(await asked.submit("Check again"))).toBe("refused_at_the_phone");
  });
});

describe("FIDO", () => {
  const FLOW: FlowSpec = {
    name: "Passkey flow",
    nodes: {
      ...({ who, find, begin, done, noUser } as Record<string, NodeSpec>),
      use: {
        is: "httpConnector.customHTMLTemplate",
        properties: {
          customHTML:
            '<h1>Use your passkey</h1><form id="f"><input type="hidden" name="assertion"><button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skform="f" data-skbuttonvalue="GO">Go</button></form>',
          formFieldsList: [{ propertyName: "assertion" }],
        },
      },
      check: {
        is: "pingOneMfaConnector.validateAssertionDeviceAuthentication",
        properties: { ...AUTHENTICATION, assertion: output("use", "assertion") },
      },
      refused: fails("refused_by_the_device"),
    },
    ways: [
      ["who", "true", "find"],
      ["find", "true", "begin"],
      ["find", "false", "noUser"],
      ["begin", "true", "use"],
      ["use", "true", "check"],
      ["check", "true", "done"],
      ["check", "false", "refused"],
    ],
  };

  it.each([
    [false, true],
    [true, "refused_by_the_device"],
  ])("is answered by the emulator, which says so; denied: %s", async (isDenied, result) => {
    const asked = await (await open(FLOW)).submit("Next", { Username: "passkey" });
    expect(asked.heading).toBe("Use your passkey");
    expect(asked.text).toContain("The FIDO device is simulated");
    if (isDenied) await control.mfa.deny("passkey");
    expect(resultOf(await asked.submit("Go"))).toBe(result);
  });
});

describe("risk", () => {
  const FLOW: FlowSpec = {
    name: "Risk flow",
    nodes: {
      ...({ who, find, done, noUser } as Record<string, NodeSpec>),
      risk: {
        is: "pingOneRiskConnector.createRiskEvaluation",
        properties: { userId: output("find", "matchedUser.id") },
      },
      isBot: equals(output("risk", "rawResponse.result.recommendedAction"), "BOT_MITIGATION"),
      isHigh: equals(output("risk", "rawResponse.result.level"), "HIGH"),
      isMedium: equals(output("risk", "rawResponse.result.level"), "MEDIUM"),
      bot: fails("bot"),
      high: fails("high"),
      medium: fails("medium"),
    },
    ways: [
      ["who", "true", "find"],
      ["find", "true", "risk"],
      ["find", "false", "noUser"],
      ["risk", "true", "isBot"],
      ["isBot", "true", "bot"],
      ["isBot", "false", "isHigh"],
      ["isHigh", "true", "high"],
      ["isHigh", "false", "isMedium"],
      ["isMedium", "true", "medium"],
      ["isMedium", "false", "done"],
    ],
  };

  it.each([
    ["is low by default", {}, true],
    ["can be medium", { level: "MEDIUM" }, "medium"],
    ["can be high", { level: "HIGH" }, "high"],
    ["can be a bot", { bot: true }, "bot"],
  ])("of a rule %s", async (_, answer, result) => {
    const rules = [{ when: { user: "bob" }, level: "HIGH" }];
    const own = { when: { user: "alice" }, ...answer };
    const asked = await open(FLOW, { risk: { rules: "level" in answer || "bot" in answer ? [own] : rules } });
    expect(resultOf(await asked.submit("Next", { Username: "alice" }))).toBe(result);
  });
});

describe("codes", () => {
  it("are in the outbox, and nowhere else when the flow has ended", async () => {
    await control.seed.user({
      username: "carol",
      password: "TEST-ONLY-carol-1",
      devices: [
        { type: "EMAIL", email: "carol@example.com" },
        { type: "SMS", phone: "+1.2025550111" },
        { type: "TOTP", secret: SECRET },
      ],
    });
    await control.switches.set({ mfaDeviceSelection: "PROMPT_TO_SELECT" });
    const secrets = [SECRET];
    for (const device of ["EMAIL", "SMS", "TOTP"]) {
      const choice = await (await open(MFA_FLOW)).submit("Next", { Username: "carol" });
      const button = choice.root.querySelectorAll("main button").find(({ text }) => text.startsWith(device));
      const asked = await choice.submit(button?.text.trim() ?? "");
      const sent = (await control.outbox.messages({ to: "carol" })).at(-1)?.code ?? "";
      const otp = device === "TOTP" ? totpCodeOf(SECRET, Date.now()).code : sent;
      secrets.push(otp);
      expect(otp).toMatch(/^\d{6}$/);
      const again = await asked.submit("Next", { Code: "000000" });
      expect(again.text).toContain("This code is not right.");
      expect(resultOf(await again.submit("Next", { Code: otp }))).toBe(true);
      const kept = await everythingKept();
      for (const secret of secrets) expect(kept, device).not.toContain(secret);
    }
    const state = JSON.stringify(await control.state.export());
    for (const code of secrets.slice(1)) expect(state).not.toContain(code);
  });
});
