/** Connectors to something outside the flow: e-mail, analytics, code snippets, texts. */
import { afterAll, describe, expect, it } from "vitest";
import { runNode } from "../../testing/connector-call.ts";
import { richText } from "../../testing/graph-builder.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { analyticsConnector } from "./analytics.ts";
import { codeSnippetConnector } from "./code-snippet.ts";
import { notificationsConnector } from "./notifications.ts";
import { stringsConnector } from "./strings.ts";

describe("PingOne Notifications", () => {
  const send = (properties: Record<string, unknown>) =>
    runNode(notificationsConnector, "sendEmail", {
      properties,
      local: { n1: { payload: { output: { email: "ann@example.com", id: "u1", name: "Ann" } } } },
    });

  it("puts an e-mail into the outbox", async () => {
    const { effect, outbox } = await send({
      email: { value: richText("{{local.n1.payload.output.email}}") },
      userId: { value: richText("{{local.n1.payload.output.id}}") },
      templateVariant: { value: "Password Changed" },
      customTemplateVariant: { value: "{}" },
      templateVariables: {
        value: [
          { name: "firstName", value: richText("{{local.n1.payload.output.name}}") },
          { name: "companyName", value: richText("Example") },
        ],
      },
    });
    const text = "firstName: Ann\ncompanyName: Example";
    expect(outbox.list()).toEqual([
      {
        to: "ann@example.com",
        userId: "u1",
        purpose: "notification",
        code: "",
        subject: "Password Changed",
        text,
        sentAt: Date.parse("2026-11-24T12:00:00Z"),
      },
    ]);
    expect(effect).toMatchObject({
      kind: "success",
      output: {
        rawResponse: {
          user: { id: "u1" },
          address: "ann@example.com",
          subject: "Password Changed",
          body: text,
          createdAt: "2026-11-24T12:00:00.000Z",
        },
      },
    });
  });

  it.each([
    ["", "", "General"],
    ["", "Mine", "Mine"],
    ["Enter Custom Value", "Mine", "Mine"],
    ["Chosen", "Mine", "Chosen"],
    ["Chosen", "{}", "Chosen"],
  ])("names the template %j, %j as %s", async (templateVariant, customTemplateVariant, subject) => {
    const { outbox } = await send({ email: "a@example.com", templateVariant, customTemplateVariant });
    expect(outbox.latest("a@example.com")).toMatchObject({ subject, text: "" });
    expect(outbox.latest("a@example.com")).not.toHaveProperty("userId");
  });

  it("fails without an address, and sends nothing", async () => {
    const { effect, outbox } = await send({ email: { value: richText("{{local.n1.payload.output.none}}") } });
    expect(effect).toMatchObject({ kind: "failure", error: { code: "invalidInput" } });
    expect(outbox.list()).toEqual([]);
  });
});

it("Flow Analytics succeeds, and says that nothing is kept", async () => {
  const { effect, remarks } = await runNode(analyticsConnector, "logOutcome", {
    properties: { outcomeType: { value: "login" } },
  });
  expect(effect).toEqual({ kind: "success" });
  expect(remarks).toEqual([expect.stringContaining("not kept")]);
});

describe("Code Snippet", () => {
  it("asks for a stub when the export has no code", async () => {
    const foreign = () => ({ kind: "success", output: { from: "stub" } }) as const;
    const { effect } = await runNode(codeSnippetConnector, "snippet", { foreign });
    expect(effect).toEqual({ kind: "success", output: { from: "stub" } });
  });

  it("runs the code that is there", async () => {
    const callFunction = async (code: string, params: unknown) =>
      ({ kind: "ok", value: { code, params } }) as const;
    const { effect } = await runNode(codeSnippetConnector, "snippet", {
      properties: {
        code: { value: "module.exports = 1" },
        functionArgumentList: { value: [{ name: "a", value: richText("1") }] },
      },
      services: { sandbox: { callFunction } as unknown as Sandbox },
    });
    expect(effect).toEqual({ kind: "success", output: { code: "module.exports = 1", params: { a: "1" } } });
  });
});

describe("String", () => {
  const run = async (capability: string, properties: Record<string, unknown>) =>
    (await runNode(stringsConnector, capability, { properties })).effect;

  it.each([
    ["toLowerCase", { originalValue: " Frank" }, " frank"],
    ["toLowerCase", { originalValue: " Frank ", shouldTrim: true }, "frank"],
    ["toLowerCase", { originalValue: 12 }, "12"],
    ["toLowerCase", {}, ""],
    ["toUpperCase", { originalValue: "Frank" }, "FRANK"],
    ["toTitleCase", { originalValue: "my vALUE" }, "My Value"],
    ["trimWhiteSpace", { originalValue: " my value\n" }, "my value"],
    ["encodeString", { originalValue: "johnsmith@example.com" }, "am9obnNtaXRoQGV4YW1wbGUuY29t"],
    ["encodeString", { originalValue: "a b&c", method: "url" }, "a%20b%26c"],
    ["encodeString", { originalValue: "???>>>", method: "base64Url" }, "Pz8_Pj4-"],
    ["decodeString", { originalValue: "am9obg==" }, "john"],
    ["decodeString", { originalValue: "a%20b", method: "URL" }, "a b"],
  ])("%s of %j", async (capability, properties, newValue) => {
    expect(await run(capability, properties)).toMatchObject({ kind: "success", output: { newValue } });
  });

  it("makes no text of more than a million characters", async () => {
    const long = "ä".repeat(400_000);
    await expect(run("encodeString", { originalValue: long, method: "url" })).rejects.toThrow("1000000");
    await expect(run("toLowerCase", { originalValue: long.repeat(3) })).rejects.toThrow("1000000");
    await expect(run("concatenateStrings", { concatenateInput: [long, long, long] })).rejects.toThrow(
      "1000000",
    );
    expect(await run("concatenateStrings", { concatenateInput: [long, long] })).toMatchObject({
      kind: "success",
    });
  });

  it("keeps the text as it was beside it", async () => {
    expect(await run("toLowerCase", { originalValue: " A", shouldTrim: true })).toEqual({
      kind: "success",
      output: { originalValue: " A", newValue: "a" },
    });
  });

  it("fails on what cannot be decoded", async () => {
    expect(await run("decodeString", { originalValue: "%E0%A4%A", method: "url" })).toMatchObject({
      kind: "failure",
      error: { code: "invalidInput" },
    });
  });

  it.each([
    [{}, "a1b"],
    [{ concatenateDelimiter: "-" }, "a-1-b"],
    [{ concatenateDelimiter: "-", finalDelimiter: "true" }, "a-1-b-"],
  ])("joins with %j", async (options, newValue) => {
    const concatenateInput = [{ value: "a" }, 1, { id: "x", value: richText("b") }];
    expect(await run("concatenateStrings", { concatenateInput, ...options })).toMatchObject({
      output: { newValue },
    });
  });

  it.each([
    ["exa", { match: ["exa"], index: 10, found: true }],
    ["EXA", { match: [], index: -1, found: false }],
    ["", { match: [], index: -1, found: false }],
  ])("finds %j", async (finder, output) => {
    expect(await run("findString", { originalValue: "johnsmith@example.com", finder })).toMatchObject({
      kind: "success",
      output,
    });
  });

  it("makes a random text of the length asked for", async () => {
    expect(await run("generateRandomString", { length: "200" })).toMatchObject({
      output: { generatedString: expect.stringMatching(/^[A-Za-z]{200}$/) },
    });
    expect(await run("generateRandomString", { length: 200, isAlphaNumeric: true })).toMatchObject({
      output: { generatedString: expect.stringMatching(/^(?=.*\d)[A-Za-z\d]{200}$/) },
    });
  });

  it.each([[undefined], [0], [1.5], [1001], ["many"]])("makes no text of the length %j", async (length) => {
    expect(await run("generateRandomString", { length })).toMatchObject({ kind: "failure" });
  });
});

describe("messages to phones", () => {
  it.each([
    ["sendSms", "SMS", "SMS"],
    ["sendVoice", "VOICE", "Voice"],
  ])("%s goes into the outbox", async (name, channel, deliveryMethod) => {
    const { effect, outbox } = await runNode(notificationsConnector, name, {
      properties: { phone: "+41310000000", userId: "u1", templateVariables: [{ name: "code", value: "x" }] },
    });
    expect(outbox.list()).toMatchObject([{ to: "+41310000000", userId: "u1", channel, text: "code: x" }]);
    expect(effect).toMatchObject({ output: { rawResponse: { deliveryMethod, phone: "+41310000000" } } });
    const { effect: none } = await runNode(notificationsConnector, name, { properties: { phone: " " } });
    expect(none).toMatchObject({ kind: "failure", error: { code: "invalidInput" } });
  });
});

describe("Change Data Type", () => {
  const change = async (properties: Record<string, unknown>) =>
    (await runNode(stringsConnector, "changeDataType", { properties })).effect;

  it.each([
    [{ inputValue: "3", dataType: "number" }, 3],
    [{ inputValue: 3 }, "3"],
    [{ inputValue: " TRUE ", dataType: "Boolean", shouldTrim: true }, true],
  ])("%j", async (properties, newValue) => {
    expect(await change(properties)).toMatchObject({ kind: "success", output: { newValue } });
  });

  it("is false where the value does not read as the type", async () => {
    expect(await change({ inputValue: "P123456AA", dataType: "number" })).toMatchObject({
      kind: "failure",
      error: { code: "invalidInput", httpResponseCode: 400 },
    });
  });
});

describe("Find and Replace", () => {
  const sandbox = createSandbox();
  afterAll(() => sandbox.close());
  const replace = async (properties: Record<string, unknown>) =>
    (await runNode(stringsConnector, "replace", { properties, services: { sandbox } })).effect;
  const given = { originalValue: "a test, a test", oldToken: "test", newToken: "$&" };

  it.each([
    [given, "a $&, a test"],
    [{ ...given, replaceMode: "All Matches" }, "a $&, a $&"],
    [{ ...given, oldToken: "none" }, "a test, a test"],
    [{ ...given, oldToken: "" }, "a test, a test"],
    [
      {
        originalValue: "jsmith@example.com",
        oldToken: "/(?<=.{2}).(?=[^@]*?@)/g",
        newToken: "*",
        useRegex: true,
      },
      "js****@example.com",
    ],
  ])("%j", async (properties, newValue) => {
    expect(await replace(properties)).toMatchObject({ kind: "success", output: { newValue } });
  });

  it("ends an expression that takes for ever, and refuses what is none", async () => {
    const endless = {
      originalValue: `${"a".repeat(40)}!`,
      oldToken: "/^(a+)+$/",
      newToken: "",
      useRegex: true,
    };
    expect(await replace(endless)).toMatchObject({ kind: "failure", error: { code: "invalidInput" } });
    expect(await replace({ ...endless, oldToken: "/(/" })).toMatchObject({ kind: "failure" });
    expect(await replace({ ...endless, oldToken: "(a" })).toMatchObject({ kind: "failure" });
  });
});
