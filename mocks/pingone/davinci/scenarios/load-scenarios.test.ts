import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { FileFaults, InputFileError } from "../../../kit/input-file.ts";
import { loadScenarioLayers, loadScenarios } from "./load-scenarios.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Creates a folder with these files. Contents other than strings are written as JSON. */
function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "davinci-scenarios-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

const done = { type: "success", authenticationMethods: ["pwd"] };
const button = (next: string, key = "NEXT") => ({ type: "SUBMIT_BUTTON", key, label: "Next", next });
const field = (key: string) => ({ type: "TEXT", key, label: "A" });
const screen = (next: string, more: object = {}) => ({
  type: "screen",
  heading: "Hello",
  buttons: [button(next)],
  ...more,
});
const oops = { type: "errorMessage", message: "No." };
const branch = (value: string, equals: object, otherwise: string) => ({
  type: "branch",
  value,
  equals,
  otherwise,
});
const sendCode = (sent: string) => ({ type: "sendCode", purpose: "mfa", on: { sent } });
const lookedUp = { found: "done", notFound: "done" };
const flow = (nodes: Readonly<Record<string, unknown>>, more: object = {}) => ({
  name: "test",
  description: "For a test.",
  policyId: "0123456789abcdef0123456789abcdef",
  start: "hello",
  nodes,
  ...more,
});

/** A flow of one screen and its end. */
const hello = (more: object) => flow({ hello: screen("done", more), done });

function problemsWithPlaces(files: Readonly<Record<string, unknown>>): readonly string[] {
  const folder = folderWith(files);
  try {
    loadScenarios(folder);
  } catch (error) {
    if (!(error instanceof InputFileError)) throw error;
    return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ""));
  }
  return [];
}

/** By file, without their places in it. */
function problemsOf(files: Readonly<Record<string, unknown>>): readonly string[] {
  return problemsWithPlaces(files)
    .map((problem) => problem.replace(/:\d+:\d+: /, ": "))
    .sort();
}

const problemsOfFlow = (content: unknown) => problemsOf({ "test.json": content });

describe("a flow file is refused, by path and node, with", () => {
  it.each<[string, unknown, ...string[]]>([
    ["no JSON", "{", "is not JSON: "],
    ["no object", [], "Invalid input: expected object, received array"],
    ["an unknown start", flow({ done }), 'start leads to the unknown node "hello"; known are: done.'],
    [
      "an unknown node after a button",
      flow({ hello: screen("gone") }),
      'node "hello", button NEXT, leads to the unknown node "gone"; known are: hello.',
    ],
    [
      "an unknown node after an outcome",
      flow({ hello: sendCode("gone") }),
      'node "hello", on sent, leads to the unknown node "gone"',
    ],
    [
      "an unknown node after a branch",
      flow({ hello: branch("parameters.x", { y: "gone" }, "lost"), lost: done }),
      'node "hello", equals "y", leads to the unknown node "gone"',
    ],
    [
      "an outcome that leads nowhere",
      flow({ hello: { type: "checkCode", purpose: "mfa", input: "x", on: { ok: "done" } }, done }),
      "nodes.hello.on.invalid: is a dead end; name the node that it leads to",
    ],
    [
      "a screen without buttons",
      flow({ hello: screen("done", { buttons: [] }) }),
      'node "hello" is a dead end: a screen without buttons (say "deadEnd": true',
    ],
    [
      "screens that only lead to each other",
      flow({ hello: screen("again"), again: screen("hello") }),
      'node "again" is a dead end: no end of the flow',
      'node "hello" is a dead end: no end of the flow',
    ],
    [
      "a message that only leads back",
      flow({ hello: screen("oops"), oops }),
      'node "hello" is a dead end',
      'node "oops" is a dead end',
    ],
    [
      "an unreachable node",
      flow({ hello: screen("done"), done, lost: done }),
      'node "lost" is unreachable: no way leads to it from "hello".',
    ],
    [
      "a circle without a screen",
      flow({ hello: branch("user.enabled", { true: "done" }, "send"), send: sendCode("hello"), done }),
      'node "hello" can run in a circle without a screen.',
      'node "send" can run in a circle without a screen.',
    ],
    [
      "a circle through a consent that may be remembered",
      flow({
        hello: { type: "consent", promptConsent: false, next: "answer" },
        answer: branch("consent.status", { DECLINED: "done" }, "hello"),
        done,
      }),
      'node "answer" can run in a circle',
      'node "hello" can run in a circle',
    ],
    [
      "an unknown node type",
      flow({ hello: { type: "magic" } }),
      "nodes.hello.type: is no known node type; known are: screen, checkSession, ",
    ],
    ["an unknown property", hello({ colour: "red" }), "nodes.hello.colour: is not known here"],
    [
      "an unknown variable in a text",
      hello({ text: ["Dear {{person.nickname}}"] }),
      'node "hello" uses the unknown variable "person.nickname"; known are: application.id, ',
    ],
    [
      "an unknown variable in a branch",
      flow({ hello: branch("height", {}, "done"), done }),
      'node "hello" uses the unknown variable "height"',
    ],
    [
      "a branch on a word that never comes",
      flow({ hello: branch("consent.status", { REFUSED: "done" }, "done"), done }),
      'node "hello" waits for "consent.status" to be "REFUSED"; it is only ever: ACCEPTED, DECLINED.',
    ],
    [
      "an input that no screen asks for",
      flow({ hello: { type: "userLookup", by: ["email"], input: "address", on: lookedUp }, done }),
      'node "hello" reads the input "address", which no screen asks for.',
    ],
    [
      "two fields of one key",
      hello({ fields: [field("a"), field("a")] }),
      'node "hello" has two fields with the key "a".',
    ],
    [
      "two buttons of one key",
      hello({ buttons: [button("done"), button("done")] }),
      'node "hello" has two buttons with the key "NEXT".',
    ],
    [
      "a field that the form itself uses",
      hello({ fields: [field("step")] }),
      'node "hello" has a field with the key "step", which the form itself uses.',
    ],
    [
      "a text with an open variable",
      hello({ text: ["Dear {{user.email"] }),
      'node "hello" has a text in which {{ is not closed by }}.',
    ],
    [
      "the field of an unknown screen",
      flow({ hello: branch("fields.form.city", {}, "done"), done }),
      'node "hello" uses "fields.form.city", but there is no screen "form".',
    ],
    [
      "an unknown field of a screen",
      hello({ fields: [field("city")], text: ["{{fields.hello.town}}"] }),
      'node "hello" uses "fields.hello.town", but that screen has no field "town"; it has: city.',
    ],
    [
      "an unknown type of field",
      hello({ fields: [{ ...field("a"), type: "RADIO" }] }),
      "nodes.hello.fields[0].type: is no known field type; known are: TEXT, PASSWORD, CHECKBOX, DROPDOWN",
    ],
    [
      "a node that writes nothing to the user",
      flow({ hello: { type: "updateUser", saves: {}, on: { done: "done", failed: "done" } }, done }),
      "nodes.hello.saves: says nothing to write",
    ],
    [
      "an attribute that is none",
      flow({
        hello: { type: "updateUser", saves: { "a..b": "x" }, on: { done: "done", failed: "done" } },
        done,
      }),
      'nodes.hello.saves["a..b"]: is no name of an attribute',
    ],
    [
      "a sub-flow that begins nowhere",
      flow({ hello: screen("done"), done }, { subFlows: { gone: "Gone" } }),
      'sub-flow "gone" begins with a node that is not there',
    ],
    [
      "a sub-flow that begins with an end",
      flow({ hello: screen("done"), done }, { subFlows: { done: "Done" } }),
      'sub-flow "done" begins with a node of the type success, which only a main flow can have.',
    ],
    [
      "a sub-flow of a single message",
      flow(
        { hello: screen("done", { buttons: [button("done"), button("oops", "OOPS")] }), done, oops },
        { subFlows: { oops: "Oops" } },
      ),
      'sub-flow "oops" is a single node that nothing follows',
    ],
    [
      "a node whose name every object has",
      flow({ hello: screen("constructor") }, { start: "__proto__" }),
      'node "hello", button NEXT, leads to the unknown node "constructor"',
      'start leads to the unknown node "__proto__"',
    ],
    ["a dead end with buttons", hello({ deadEnd: true }), 'node "hello" says deadEnd but has buttons'],
    [
      "a policy id of another shape",
      flow({ hello: done }, { policyId: "my-policy" }),
      "policyId: a DaVinci policy id is 32 lower-case hexadecimal digits",
    ],
    [
      "a name of another shape",
      flow({ hello: done }, { name: "My flow" }),
      "name: a flow name is lower-case words with dashes",
    ],
  ])("%s", (_, content, ...starts) => {
    const expected = starts.map((start) => expect.stringContaining(`test.json: ${start}`));
    expect(problemsOfFlow(content)).toEqual(expected);
  });

  it("every fault of every file at once", () => {
    const problems = problemsOf({
      "a.json": "{",
      "b.json": flow({ hello: screen("gone"), lost: done }),
      "c.json": [],
    });
    expect(problems.map((problem) => problem.slice(0, 6))).toEqual(["a.json", "b.json", "c.json"]);
  });

  it("the name or the policy id of another file", () => {
    expect(problemsOf({ "a.json": flow({ hello: done }), "b.json": flow({ hello: done }) })).toEqual([
      'b.json: name "test" is already that of a.json; give this flow its own.',
      'b.json: policyId "0123456789abcdef0123456789abcdef" is already that of a.json; give this flow its own.',
    ]);
  });
});

describe("a fault of a flow file", () => {
  it("has the place of the node, or of the value, that it is about", () => {
    const text = `{
  "name": "test",
  "description": "For a test.",
  "policyId": "0123456789abcdef0123456789abcdef",
  "start": "gone",
  "nodes": {
    "hello": { "type": "screen", "heading": "{{nonsense}}", "deadEnd": true },
    "done": { "type": "success", "authenticationMethods": ["pwd"] }
  }
}`;
    expect(problemsWithPlaces({ "a.json": text, "b.json": text.replace('["pwd"]', "[]") })).toEqual([
      expect.stringMatching(/^a\.json:5:12: start leads to the unknown node "gone"/),
      expect.stringMatching(/^a\.json:7:14: node "hello" uses the unknown variable "nonsense"/),
      expect.stringMatching(/^b\.json:8:59: nodes\.done\.authenticationMethods: /),
    ]);
  });
});

describe("a folder is refused", () => {
  it("without any flow", () => {
    expect(() => loadScenarios(folderWith({ "readme.txt": "" }))).toThrow("holds no flow");
  });

  it("when there is none", () => {
    expect(() => loadScenarios("/nowhere/davinci")).toThrow(
      "/nowhere/davinci: is not a folder that can be read.",
    );
  });
});

describe("a screen that is meant to strand the person", () => {
  it("is accepted when it says so", () => {
    expect(problemsOfFlow(flow({ hello: screen("x", { buttons: [], deadEnd: true }) }))).toEqual([]);
  });
});

describe("a variant", () => {
  const base = flow({ hello: screen("done"), done });
  const variant = (more: object) => ({
    name: "variant",
    description: "A variant.",
    policyId: "f123456789abcdef0123456789abcdef",
    extends: "test",
    ...more,
  });

  it("replaces, adds and removes nodes, and may start elsewhere", () => {
    const changes = { start: "hi", nodes: { hi: screen("end"), end: done, hello: null, done: null } };
    const loaded = loadScenarios(folderWith({ "a.json": variant(changes), "b.json": base }));
    expect(loaded.map(({ scenario: { name, start, nodes } }) => [name, start, Object.keys(nodes)])).toEqual([
      ["variant", "hi", ["hi", "end"]],
      ["test", "hello", ["hello", "done"]],
    ]);
  });

  it.each([
    [
      "an unknown flow",
      { extends: "toast" },
      'extends: there is no whole flow "toast" without faults; there are: test.',
    ],
    ["itself", { extends: "variant" }, 'extends: there is no whole flow "variant"'],
    ["a node that is not there", { nodes: { gone: null } }, 'nodes.gone: null removes a node, but "test"'],
    [
      "nodes that leave a hole",
      { nodes: { done: null } },
      'node "hello", button NEXT, leads to the unknown node "done"',
    ],
    ["an unknown property", { node: {} }, "node: is not known here; take it out."],
  ])("is refused with %s", (_, changes, problem) => {
    const problems = problemsOf({ "a.json": base, "b.json": variant(changes) });
    expect(problems).toEqual([expect.stringContaining(`b.json: ${problem}`)]);
  });
});

describe("a folder with exports", () => {
  const exported = { flowId: "f".repeat(32), name: "Exported", graphData: { elements: { nodes: [] } } };

  it("names them, and does not take them or what lies beside them for scenarios", () => {
    const folder = folderWith({
      "a.json": flow({ hello: screen("done"), done }),
      "b.json": exported,
      "c.json": '{"graphData": {',
      "variables.json": {},
      "b.stubs.json": {},
    });
    const faults = new FileFaults();
    const { scenarios, exports } = loadScenarioLayers([folder], faults);
    expect(faults.count).toBe(0);
    expect(scenarios.map(({ scenario }) => scenario.name)).toEqual(["test"]);
    expect(exports).toEqual([join(folder, "b.json"), join(folder, "c.json")]);
  });

  it("needs no scenario", () => {
    const faults = new FileFaults();
    loadScenarioLayers([folderWith({ "b.json": exported })], faults);
    expect(faults.count).toBe(0);
  });
});
