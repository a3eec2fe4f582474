import { describe, expect, test } from "vitest";
import { type FlowSpec, richText } from "../../testing/graph-builder.ts";
import { bound, start } from "../../testing/graph-run.ts";

describe("logic operators", () => {
  const both = (first: string, by: string): FlowSpec => ({
    nodes: {
      a: { is: "t.ok" },
      b: { is: `t.${first}` },
      c: { is: "t.ok" },
      end: { is: "t.end", properties: { as: "reached" } },
    },
    ways: [
      ["a", "true", "b"],
      ["a", "true", "c"],
      [["b", "c"], by, "end"],
    ],
  });

  test("true and false take different exits", async () => {
    const nodes = {
      yes: { is: "t.end", properties: { as: "yes" } },
      no: { is: "t.end", properties: { as: "no" } },
    };
    for (const [first, expected] of [
      ["ok", "yes"],
      ["no", "no"],
      ["fail", "no"],
    ]) {
      const { result } = await start([
        {
          nodes: { a: { is: `t.${first}` }, ...nodes },
          ways: [
            ["a", "true", "yes"],
            ["a", "false", "no"],
          ],
        },
      ]);
      expect(result).toMatchObject({ error: expected });
    }
  });

  test("all triggers have to be done before allTriggersTrue fires", async () => {
    const { result, ran } = await start([both("ok", "allTriggersTrue")]);
    expect(result).toMatchObject({ error: "reached" });
    expect(ran.filter((id) => id === "end")).toEqual(["end"]);
  });

  test("one false trigger keeps allTriggersTrue from firing, and the end says so", async () => {
    const { result } = await start([both("no", "allTriggersTrue")]);
    expect(result).toMatchObject({ kind: "died", reason: expect.stringContaining('"ok" (c) ended true') });
  });

  test("an outcome takes only the edges that claim it", async () => {
    const spec = (outcome: string): FlowSpec => ({
      nodes: {
        a: { is: "t.choose", properties: { outcome } },
        one: { is: "t.end", properties: { as: "one" } },
        none: { is: "t.end", properties: { as: "none" } },
        top: { is: "t.end", properties: { as: "top" } },
      },
      ways: [
        ["a", "always", "top"],
        ["a", "=x1", "one"],
        ["a", "=-1", "none"],
      ],
    });
    expect((await start([spec("x1")])).result).toMatchObject({ error: "one" });
    expect((await start([spec("-1")])).result).toMatchObject({ error: "none" });
    expect((await start([spec("x2")])).result).toMatchObject({
      kind: "died",
      reason: expect.stringContaining("outcome x2"),
    });
  });

  test("nodes without a screen run before a screen that is due with them", async () => {
    const { result, screen, ran } = await start([
      {
        nodes: {
          a: { is: "t.ok" },
          s: { is: "t.screen", properties: { shows: bound("global.variables.v") } },
          set: { is: "t.set", properties: { name: "v", to: "new" } },
        },
        ways: [
          ["a", "true", "s"],
          ["a", "true", "set"],
        ],
      },
    ]);
    expect(result.kind).toBe("shown");
    expect(ran).toEqual(["a", "set", "s"]);
    expect(screen()).toBe("new");
  });

  test("a second screen that is due at the same time is dropped, and a remark says so", async () => {
    const { interaction } = await start([
      {
        nodes: { a: { is: "t.ok" }, s: { is: "t.screen" }, other: { is: "t.screen", title: "Other" } },
        ways: [
          ["a", "true", "s"],
          ["a", "true", "other"],
        ],
      },
    ]);
    expect(interaction.state.remarks.join()).toContain('"Other" (other)');
  });

  test("a disabled node is passed over", async () => {
    const { result, ran } = await start([
      {
        nodes: { a: { is: "t.fail", isDisabled: true }, end: { is: "t.end", properties: { as: "past" } } },
        ways: [["a", "true", "end"]],
      },
    ]);
    expect(result).toMatchObject({ error: "past" });
    expect(ran).toEqual(["end"]);
  });
});

describe("teleports", () => {
  const startNode = { is: "nodeConnector.startNode" };

  test("a Go to Node with an exit is returned to; one without is not", async () => {
    const { result, screen, answer } = await start([
      {
        nodes: {
          call: { is: "t.go", properties: { to: "sub", given: "first" } },
          sub: startNode,
          ask: { is: "t.screen", properties: { shows: bound("local.sub.payload.output.given") } },
          again: { is: "t.choose", properties: { outcome: bound("local.ask.payload.output.buttonValue") } },
          jump: { is: "t.go", properties: { to: "sub", given: "again" } },
          back: { is: "t.back", properties: { returned: "done" } },
          end: { is: "t.end", properties: { as: bound("local.call.payload.output.returned") } },
        },
        ways: [
          ["call", "true", "end"],
          ["sub", "true", "ask"],
          ["ask", "true", "again"],
          ["again", "=RESEND", "jump"],
          ["again", "=-1", "back"],
        ],
      },
    ]);
    expect([result.kind, screen()]).toEqual(["shown", "first"]);
    expect([(await answer({ buttonValue: "RESEND" })).kind, screen()]).toEqual(["shown", "again"]);
    expect(await answer({ buttonValue: "-1" })).toMatchObject({ error: "done" });
  });

  test("a return without a call, and a Go to Node that leads to no start node, end the flow by name", async () => {
    expect((await start([{ nodes: { a: { is: "t.back", title: "Return" } } }])).result).toMatchObject({
      reason: expect.stringContaining('"Return" (a)'),
    });
    expect(
      (
        await start([
          {
            nodes: { a: { is: "t.go", properties: { to: "b" } }, b: { is: "t.ok" } },
            ways: [["a", "true", "b"]],
          },
        ])
      ).result,
    ).toMatchObject({ reason: expect.stringContaining("no start node") });
  });
});

describe("sub-flows", () => {
  const SUB = "f".repeat(32);
  const main = (properties: Record<string, unknown>): FlowSpec => ({
    nodes: {
      set: { is: "t.set", properties: { name: "mine", to: "secret of main" } },
      sub: { is: "t.sub", properties },
      end: { is: "t.end", properties: { as: bound("local.sub.payload.output.left") } },
      failed: { is: "t.end", properties: { as: "failed" } },
    },
    ways: [
      ["set", "true", "sub"],
      ["sub", "true", "end"],
      ["sub", "false", "failed"],
    ],
  });
  const sub = (output: string, extra: Record<string, unknown> = {}): FlowSpec => ({
    id: SUB,
    name: "Sub",
    nodes: { leave: { is: "t.leave", properties: { output, ...extra } } },
  });

  test("get their inputs, give their output, and see neither the variables nor the nodes of the caller", async () => {
    const given = { flow: SUB, given: "input" };
    expect((await start([main(given), sub(bound("global.parameters.given"))])).result).toMatchObject({
      error: "input",
    });
    expect(
      (
        await start([
          main(given),
          sub(richText("[", "{{global.variables.mine}}", "{{local.set.payload.output}}", "]")),
        ])
      ).result,
    ).toMatchObject({ error: "[]" });
  });

  test("that end with an error make their node false", async () => {
    expect((await start([main({ flow: SUB }), sub("x", { isSuccess: false })])).result).toMatchObject({
      error: "failed",
    });
  });

  test("are found by name when the id is another tenant's; an ambiguous or absent one ends the flow by name", async () => {
    const byLabel = { flow: "0".repeat(32), label: "Sub" };
    expect((await start([main(byLabel), sub("x")])).result).toMatchObject({ error: "x" });
    expect((await start([main(byLabel)])).result).toMatchObject({
      reason: expect.stringContaining("in none of the files"),
    });
    const twin = { ...sub("y"), id: "e".repeat(32) };
    expect((await start([main(byLabel), sub("x"), twin])).result).toMatchObject({
      reason: expect.stringContaining("2 flows of the files have that name"),
    });
  });

  test("that start each other without end are stopped", async () => {
    const endless = {
      nodes: { sub: { is: "t.sub", properties: { flow: "0123456789abcdef0123456789abcdef" } } },
    };
    expect((await start([endless])).result).toMatchObject({
      reason: expect.stringContaining("start each other"),
    });
  });

  test("a terminal of a sub-flow in the main flow ends it without an answer", async () => {
    expect((await start([{ nodes: { leave: { is: "t.leave" } } }])).result).toMatchObject({
      kind: "died",
      reason: expect.stringContaining("yields no code"),
    });
  });
});

describe("messages", () => {
  test("show the last screen again, in the flow that it belongs to", async () => {
    const SUB = "f".repeat(32);
    const { answer, interaction, screen } = await start([
      {
        nodes: {
          ask: { is: "t.screen", properties: { shows: "ask" } },
          sub: { is: "t.sub", properties: { flow: SUB } },
        },
        ways: [["ask", "true", "sub"]],
      },
      { id: SUB, nodes: { error: { is: "t.error", properties: { text: "Wrong." } } } },
    ]);
    expect((await answer()).kind).toBe("shown");
    expect(screen()).toBe("ask");
    expect(interaction.state.shown?.messages).toEqual({ error: "Wrong." });
    expect(interaction.state.frames).toHaveLength(1);
    expect((await answer()).kind).toBe("shown");
  });

  test("show a screen of a sub-flow that has ended since, in its own flow", async () => {
    const SUB = "f".repeat(32);
    const { answer, interaction } = await start([
      {
        nodes: {
          sub: { is: "t.sub", properties: { flow: SUB } },
          error: { is: "t.error", properties: { text: "Wrong." } },
        },
        ways: [["sub", "true", "error"]],
      },
      {
        id: SUB,
        nodes: { ask: { is: "t.screen" }, leave: { is: "t.leave" } },
        ways: [["ask", "true", "leave"]],
      },
    ]);
    expect((await answer()).kind).toBe("shown");
    expect(interaction.state.frames.map(({ flowId }) => flowId)).toEqual([expect.any(String), SUB]);
    expect((await answer()).kind).toBe("shown");
  });

  test("forget the calls that were made since the screen, so that these are returned to once", async () => {
    const { answer, ran } = await start([
      {
        nodes: {
          enter: { is: "t.go", properties: { to: "inside" } },
          inside: { is: "nodeConnector.startNode" },
          ask: { is: "t.screen" },
          validate: { is: "t.go", properties: { to: "validation" } },
          validation: { is: "nodeConnector.startNode" },
          choose: { is: "t.choose", properties: { outcome: bound("local.ask.payload.output.is") } },
          error: { is: "t.error", properties: { text: "Wrong." } },
          valid: { is: "t.back" },
          after: { is: "t.ok" },
          leave: { is: "t.back" },
          end: { is: "t.end" },
        },
        ways: [
          ["enter", "true", "end"],
          ["inside", "true", "ask"],
          ["ask", "true", "validate"],
          ["validation", "true", "choose"],
          ["choose", "=bad", "error"],
          ["choose", "=good", "valid"],
          ["validate", "true", "after"],
          ["after", "true", "leave"],
        ],
      },
    ]);
    expect((await answer({ is: "bad" })).kind).toBe("shown");
    expect((await answer({ is: "bad" })).kind).toBe("shown");
    expect((await answer({ is: "good" })).kind).toBe("error");
    expect(ran.filter((id) => id === "after")).toHaveLength(1);
  });

  test("before any screen end the flow with their text", async () => {
    expect(
      (
        await start([
          { nodes: { e: { is: "t.error", title: "Oops", properties: { text: "No connection." } } } },
        ])
      ).result,
    ).toEqual({
      kind: "died",
      reason: '"Oops" (e) shows an error before any screen: No connection.',
    });
  });
});
