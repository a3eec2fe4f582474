import { describe, expect, test } from "vitest";
import { type FlowSpec, richText } from "../../testing/graph-builder.ts";
import { bound, start } from "../../testing/graph-run.ts";
import { withoutSecrets } from "./interaction.ts";
import { describeMistake } from "./mistake.ts";

describe("errors of connectors", () => {
  test("take the author's text for their code", async () => {
    const node = (texts: unknown): FlowSpec => {
      const flow: FlowSpec = {
        nodes: {
          a: { is: "t.fail", properties: { code: "notFound" } },
          end: { is: "t.end", properties: { as: bound("local.a.payload.error.message") } },
        },
        ways: [["a", "false", "end"]],
      };
      return {
        ...flow,
        nodes: { ...flow.nodes, a: { is: "t.fail", properties: { code: "notFound", ...(texts as object) } } },
      };
    };
    expect((await start([node({})])).result).toMatchObject({ error: "m" });
    const localized = {
      fail_localizedErrors: { properties: { en: { value: [{ key: "notFound", value: "Who?" }] } } },
    };
    expect((await start([node(localized)])).result).toMatchObject({ error: "Who?" });
  });
});

describe("limits", () => {
  test("a circle without a screen is stopped", async () => {
    const { result, ran } = await start(
      [
        {
          nodes: { z: { is: "t.ok" }, a: { is: "t.ok" }, b: { is: "t.ok" } },
          ways: [
            ["z", "true", "a"],
            ["a", "true", "b"],
            ["b", "true", "a"],
          ],
        },
      ],
      { limits: { steps: 50 } },
    );
    expect(result).toMatchObject({ kind: "died", reason: expect.stringContaining("circle") });
    expect(ran).toHaveLength(50);
  });

  test("a text that doubles at each turn is stopped", async () => {
    const twice = richText("{{global.variables.v}}", "{{global.variables.v}}");
    const { result } = await start([
      {
        nodes: {
          z: { is: "t.set", properties: { name: "v", to: "0123456789" } },
          a: { is: "t.set", properties: { name: "v", to: twice } },
        },
        ways: [
          ["z", "true", "a"],
          ["a", "true", "a"],
        ],
      },
    ]);
    expect(result).toMatchObject({ kind: "died", reason: expect.stringContaining("longer than") });
  });

  test("a state that grows too large ends the flow", async () => {
    const { result } = await start(
      [
        {
          nodes: { a: { is: "t.ok", properties: { output: "x".repeat(2000) } }, s: { is: "t.screen" } },
          ways: [["a", "true", "s"]],
        },
      ],
      { limits: { state: 1000 } },
    );
    expect(result).toMatchObject({ kind: "died", reason: expect.stringContaining("grown") });
  });

  test("a request that takes too long ends the flow", async () => {
    const { result } = await start(
      [{ nodes: { a: { is: "t.ok" }, s: { is: "t.screen" } }, ways: [["a", "true", "s"]] }],
      { limits: { time: -1 } },
    );
    expect(result).toMatchObject({ kind: "died", reason: expect.stringContaining("took longer") });
  });
});

test("prompt=none ends where a screen is due", async () => {
  expect(
    (await start([{ nodes: { s: { is: "t.screen", title: "Sign on" } } }], { context: { silent: true } }))
      .result,
  ).toEqual({
    kind: "died",
    reason: 'prompt=none, but "Sign on" (s) needs a screen',
  });
});

test("a capability that is not implemented is left to the stubs", async () => {
  expect((await start([{ nodes: { a: { is: "foreign.unknown" } } }])).result).toMatchObject({
    reason: "no a",
  });
});

test("names that mean something to JavaScript are ordinary names", async () => {
  const { result } = await start([
    {
      nodes: {
        constructor: { is: "t.set", properties: { name: "__proto__", to: "v" } },
        end: {
          is: "t.end",
          properties: {
            as: richText(
              "[",
              "{{global.variables.__proto__}}",
              "{{local.toString.name}}",
              "{{local.constructor.name}}",
              "]",
            ),
          },
        },
      },
      ways: [["constructor", "true", "end"]],
    },
  ]);
  expect(result).toMatchObject({ error: "[v]" });
});

test("a saved state holds no secret, wherever the flow has copied it to", async () => {
  const { answer, interaction } = await start([
    {
      nodes: {
        ask: { is: "t.screen" },
        set: {
          is: "t.set",
          properties: { name: "copy", to: richText("it is ", "{{local.ask.payload.output.password}}") },
        },
        next: { is: "t.screen" },
      },
      ways: [
        ["ask", "true", "set"],
        ["set", "true", "next"],
      ],
    },
  ]);
  interaction.secrets.add("TEST-ONLY-secret");
  await answer({ password: "TEST-ONLY-secret", username: "alice" });
  expect(interaction.state.frames[0]?.variables.copy).toBe("it is TEST-ONLY-secret");
  const saved = JSON.stringify(withoutSecrets(interaction));
  expect(saved).toContain("alice");
  expect(saved).not.toContain("TEST-ONLY-secret");
});

describe("a mistake of the emulator", () => {
  test("ends the run at its node, without what the exception says", async () => {
    const { result } = await start([{ nodes: { a: { is: "t.throw", properties: { text: "S3cret!" } } } }]);
    expect(result).toMatchObject({ kind: "died" });
    const { reason } = result as { reason: string };
    expect(reason).toMatch(
      /^"throw" \(a\) failed by a mistake of the emulator \(TypeError at [\w-]+\.ts:\d+\)/,
    );
    expect(reason).not.toContain("S3cret!");
  });

  test("says nothing of what was thrown that is no error", () => {
    expect(describeMistake("S3cret!", "the flow")).not.toContain("S3cret!");
    const multiline = new Error("one\nat S3cret.ts:1");
    expect(describeMistake(multiline, "the flow")).not.toContain("S3cret");
  });
});
