import { describe, expect, it } from "vitest";
import { exportedFlow } from "../../../testing/exported-flow.ts";
import { createTestEngine, PASSWORD } from "../../../testing/flow-driver.ts";
import { richText } from "../../../testing/graph-builder.ts";
import type { LogEvent, NodeEvent } from "./event.ts";

const FLOW = "sign-on-with-consent";

const nodesOf = (events: readonly LogEvent[] = []) =>
  events.filter((event): event is NodeEvent => event.kind === "node");
const titlesOf = (events: readonly LogEvent[] | undefined) => nodesOf(events).map(({ node }) => node.title);

const message = (title: string) => ({
  is: "httpConnector.customHtmlMessage",
  title,
  properties: { title: richText(title) },
});
const fails = (title: string, text: string) => ({
  is: "errorConnector.customErrorMessage",
  title,
  properties: { errorMessage: richText(text) },
});
/** Sets the variable `word`. */
const saves = (title: string, value: string) => ({
  is: "variablesConnector.saveValue",
  title,
  properties: { saveVariables: [{ name: "word", value }] },
});

describe("the log of a run", () => {
  it("tells the whole of a sign-on", async () => {
    const { engine, open } = createTestEngine();
    const person = await (await open(FLOW)).signOn("alice");
    expect(engine.log.run(person.interactionId)?.result).toEqual({
      kind: "waiting",
      screen: "Application Consent",
    });
    await person.press("ACCEPTED");

    const run = engine.log.run(person.interactionId);
    expect(engine.log.runs()).toEqual([run]);
    expect(run).toMatchObject({
      flow: { name: FLOW },
      application: { name: "Remote MCP Server" },
      userId: person.outcome?.kind === "success" && person.outcome.userId,
      result: { kind: "success" },
      droppedEvents: 0,
    });
    const events = engine.log.events(person.interactionId) ?? [];
    expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
    expect(run?.eventCount).toBe(events.length);
    expect(events[0]).toMatchObject({ kind: "flowStarted", depth: 0 });
    expect(events.at(-1)).toMatchObject({ kind: "ended", result: { kind: "success" } });
    const screens = events.flatMap((event): unknown[][] => {
      if (event.kind === "screenShown") return [[event.kind, event.title]];
      return event.kind === "screenAnswered" ? [[event.kind, event.fields]] : [];
    });
    expect(screens).toEqual([
      ["screenShown", "Sign On"],
      ["screenAnswered", { buttonValue: "SIGNON", username: "alice", password: "[hidden]" }],
      ["screenShown", "Application Consent"],
      ["screenAnswered", { buttonValue: "ACCEPTED" }],
    ]);
    const lookup = nodesOf(events).find(({ node }) => node.capabilityName === "userLookup");
    expect(lookup).toMatchObject({
      node: { connectorId: "pingOneSSOConnector" },
      properties: { userIdentifierForFindUser: "alice" },
      output: { matchedUser: { username: "alice" } },
      success: true,
      next: [{ capabilityName: expect.any(String) }],
    });
    expect(nodesOf(events).every(({ success }) => success !== undefined)).toBe(true);
  });

  it("gives the path of a run: each node leads to the next one", async () => {
    const { engine, open } = createTestEngine({
      flows: [
        exportedFlow({
          nodes: {
            a: saves("Save", "x"),
            b: message("Hello"),
            c: { is: "pingOneAuthenticationConnector.returnErrorResponseRedirect", title: "Return" },
          },
          ways: [
            ["a", "true", "b"],
            ["b", "true", "c"],
          ],
        }),
      ],
    });
    const person = await open("Test flow");
    await person.press("continue");
    const nodes = nodesOf(engine.log.events(person.interactionId));
    expect(nodes.map(({ node, next }) => [node.title, next.map(({ title }) => title)])).toEqual([
      ["Save", ["Hello"]],
      ["Hello", ["Return"]],
      ["Return", []],
    ]);
  });

  it("says why a flow died, and at which node", async () => {
    const { engine, open } = createTestEngine({
      flows: [exportedFlow({ nodes: { a: fails("Too early", "Sorry") } })],
    });
    const { interactionId, outcome } = await open("Test flow");
    expect(outcome?.kind).toBe("died");
    expect(engine.log.run(interactionId)).toMatchObject({
      result: { kind: "died", reason: expect.stringContaining("shows an error before any screen: Sorry") },
      node: { id: "a", title: "Too early" },
      nodeFlow: { name: "Test flow" },
    });
    expect(nodesOf(engine.log.events(interactionId))).toEqual([
      expect.objectContaining({ success: false, output: { message: "Sorry" } }),
    ]);
  });

  it("names the node without an exit for what it ended with", async () => {
    const { engine, open } = createTestEngine({
      flows: [
        exportedFlow({ nodes: { a: saves("Save", "x"), b: message("Hi") }, ways: [["a", "false", "b"]] }),
      ],
    });
    const { interactionId } = await open("Test flow");
    expect(engine.log.run(interactionId)?.node?.title).toBe("Save");
    expect(nodesOf(engine.log.events(interactionId))[0]).toMatchObject({ success: true, next: [] });
  });

  it("names the node whose input became too long", async () => {
    const long = "x".repeat(600_000);
    const { engine, open } = createTestEngine({
      flows: [
        exportedFlow({
          nodes: {
            a: saves("Save", long),
            b: saves("Double", richText("{{global.variables.word}}", "{{global.variables.word}}")),
          },
          ways: [["a", "true", "b"]],
        }),
      ],
    });
    const { interactionId } = await open("Test flow");
    expect(engine.log.run(interactionId)).toMatchObject({
      result: { kind: "died", reason: expect.stringContaining("longer than") },
      node: { title: "Double" },
    });
  });

  it("follows sub-flows, each run of one under an id of its own", async () => {
    const sub = "f".repeat(32);
    const starts = (title: string) => ({
      is: "flowConnector.startUiSubFlow",
      title,
      properties: { subFlowId: { value: sub, label: "Sub" }, given: richText("a word") },
    });
    const { engine, open } = createTestEngine({
      flows: [
        exportedFlow(
          {
            nodes: { a: starts("First"), b: starts("Second"), c: message("Done") },
            ways: [
              ["a", "true", "b"],
              ["b", "false", "c"],
            ],
          },
          {
            id: sub,
            name: "Sub",
            nodes: {
              s: saves("Inside", "x"),
              t: { is: "httpConnector.createSuccessResponse", title: "Leave" },
            },
            ways: [["s", "true", "t"]],
          },
        ),
      ],
    });
    const { interactionId } = await open("Test flow");
    const events = engine.log.events(interactionId) ?? [];
    const started = events.filter(({ kind }) => kind === "flowStarted");
    expect(started).toMatchObject([
      { flow: { name: "Test flow" }, depth: 0, flowRunId: interactionId },
      { flow: { name: "Sub" }, depth: 1, caller: { title: "First" }, parameters: { given: "a word" } },
      { flow: { name: "Sub" }, depth: 1, caller: { title: "Second" } },
    ]);
    expect(new Set(started.map(({ flowRunId }) => flowRunId)).size).toBe(3);
    expect(events.filter(({ kind }) => kind === "flowLeft")).toHaveLength(2);
    expect(titlesOf(events)).toEqual(["First", "Inside", "Leave", "Second", "Inside", "Leave"]);
    expect(nodesOf(events)[0]).toMatchObject({ success: true, next: [{ title: "Second" }], depth: 0 });
    expect(nodesOf(events)[2]).toMatchObject({ success: true, depth: 1 });
  });

  it("shows a message as the screen that is shown again, and a refused form", async () => {
    const { engine, open } = createTestEngine();
    const person = await (await open(FLOW)).signOn("alice", "Wr0ng-secret!");
    await person.post({});
    const events = engine.log.events(person.interactionId) ?? [];
    expect(events.filter(({ kind }) => kind === "screenShown").at(-1)).toMatchObject({
      title: "Sign On",
      error: "Invalid username and/or password",
    });
    expect(events.at(-1)).toMatchObject({
      kind: "screenAnswered",
      refused: expect.stringContaining("choose one of the buttons"),
    });
    expect(engine.log.run(person.interactionId)?.result.kind).toBe("waiting");
    const wrong = nodesOf(events).find(({ node }) => node.capabilityName === "checkPassword");
    expect(wrong).toMatchObject({ success: false, error: { code: expect.any(String) } });
    expect(JSON.stringify(events)).not.toContain("Wr0ng-secret!");
  });

  it("is empty after a reset", async () => {
    const { engine, open } = createTestEngine();
    const { interactionId } = await open(FLOW);
    engine.reset();
    expect(engine.log.runs()).toEqual([]);
    expect(engine.log.events(interactionId)).toBeUndefined();
  });
});

describe("secrets in the log", () => {
  it("are hidden where a flow copies what was typed, and the code that it has sent", async () => {
    const { engine, open } = createTestEngine();
    const person = await open(FLOW);
    await (await person.press("TROUBLE")).press("CONTINUE", { username: "alice" });
    const { code } = engine.outbox.latest("alice@example.com");
    await person.press("UPDATE", { recoveryCode: code, newPassword: PASSWORD, verifyNewPassword: PASSWORD });
    const text = JSON.stringify([engine.log.runs(), engine.log.events(person.interactionId)]);
    expect(text).toContain("recoverPassword");
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain(code);
  });

  it("are hidden in what was kept before they were known as secrets", async () => {
    const { engine, open } = createTestEngine({
      flows: [
        exportedFlow({
          nodes: {
            a: saves("Save", richText("The word is Kn0wn-later.")),
            b: {
              is: "httpConnector.customHTMLTemplate",
              title: "Ask",
              properties: {
                customHTML:
                  '<input id="word" type="password"><button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button>',
                formFieldsList: [
                  { propertyName: "word", preferredControlType: "textField", hashedVisibility: true },
                ],
              },
            },
            c: message("After"),
          },
          ways: [
            ["a", "true", "b"],
            ["b", "true", "c"],
          ],
        }),
      ],
    });
    const person = await open("Test flow");
    const before = engine.log.events(person.interactionId);
    expect(JSON.stringify(before)).toContain("Kn0wn-later");
    await person.press("GO", { word: "Kn0wn-later" });
    expect(person.heading).toBe("After");
    expect(JSON.stringify(engine.log.events(person.interactionId))).not.toContain("Kn0wn-later");
  });

  it("are hidden wherever a flow copies a field that is named like one, marked or not", async () => {
    const { engine, open } = createTestEngine({
      flows: [
        exportedFlow({
          nodes: {
            a: {
              is: "httpConnector.customHTMLTemplate",
              title: "Ask",
              properties: {
                customHTML:
                  '<input id="otp"><button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button>',
                formFieldsList: [{ propertyName: "otp", preferredControlType: "textField" }],
              },
            },
            b: saves("Save", richText("Typed: ", "{{local.a.payload.output.otp}}")),
            c: message("After"),
          },
          ways: [
            ["a", "true", "b"],
            ["b", "true", "c"],
          ],
        }),
      ],
    });
    const person = await open("Test flow");
    await person.press("GO", { otp: "918273" });
    const text = JSON.stringify(engine.log.events(person.interactionId));
    expect(text).toContain("Typed: [hidden]");
    expect(text).not.toContain("918273");
  });

  it("of the authorization request are left out", async () => {
    const { engine, open } = createTestEngine();
    const parameters = {
      client_id: "c",
      state: "s-e-c-r-e-t",
      code_challenge: "challenge-1",
      prompt: "login",
    };
    const { interactionId } = await open(FLOW, { parameters });
    expect(engine.log.events(interactionId)?.[0]).toMatchObject({
      parameters: {
        authorizationRequest: { prompt: "login", state: "[hidden]", code_challenge: "[hidden]" },
      },
    });
  });
});
