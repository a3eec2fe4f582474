/** What a call of a tool answers, in words and in structure, and what it logs. */
import { describe, expect, vi } from "vitest";
import { z } from "zod";
import type { PingSessionOutcome } from "./auth/ping-types.ts";
import { ALL_TODO_SCOPES, type TodoScope } from "./config.ts";
import { testSettings } from "./testing/settings.ts";
import {
  CALLER,
  contextWith,
  GOOD_INPUT,
  it,
  log,
  TODOS,
  toolNamed,
  VALID_TOKEN,
} from "./testing/tool-context.ts";
import type { TodoFailure } from "./todoApi.client.ts";
import { type Caller, createToolContext, runTool, TOOLS } from "./tools.ts";

const PINGONE_IS_DOWN = /^The sign-in service \(PingOne\) cannot be reached .* Try again after 8 seconds\.$/;

describe("runTool", () => {
  it.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "answers %s with structured content that fits its schema, beside a short text",
    async (_name, tool) => {
      const result = await runTool(tool, GOOD_INPUT[tool.name] ?? {}, contextWith());
      expect(result.isError).toBeUndefined();
      expect(z.strictObject(tool.outputSchema.shape).safeParse(result.structuredContent).success).toBe(true);
      expect(result.content).toEqual([{ type: "text", text: expect.stringMatching(/\S/) }]);
    },
  );

  it("hands the arguments to the Todo API", async () => {
    const context = contextWith();
    await runTool(toolNamed("toggleTodo"), { todoId: "7", completed: false }, context);
    expect(context.todoApi.toggleTodo).toHaveBeenCalledWith("7", false);
    await runTool(toolNamed("deleteTodo"), { todoId: "8" }, context);
    expect(context.todoApi.deleteTodo).toHaveBeenCalledWith("8");
  });

  const [DONE, OPEN] = [
    { id: "1", text: "Buy milk", completed: true },
    { id: "2", text: "Sleep", completed: false },
  ];
  it.each([
    [[], "The list is empty."],
    [[DONE, OPEN], "- [x] Buy milk (id 1)\n- [ ] Sleep (id 2)"],
  ])("shows %j in words", async (todos, words) => {
    const context = contextWith({ outcome: { ...TODOS, todos } });
    const { content } = await runTool(toolNamed("listTodos"), {}, context);
    expect(content[0]?.text).toBe(words);
  });

  const scopes = ["todo_api:write"] as const;
  it.each(
    ["addTodo", "toggleTodo", "deleteTodo"].flatMap((name) => [
      { name, who: "its caller", options: { caller: { scopes } } },
      { name, who: "PingOne's token", options: { outcome: { ...TODOS, scopes } } },
    ]),
  )("shows $name nothing of a list that $who may not read", async ({ name, options }) => {
    const result = await runTool(toolNamed(name), GOOD_INPUT[name] ?? {}, contextWith(options));
    expect(result.structuredContent).toEqual({ todos: [] });
    expect(result.content[0]?.text).toBe("Done. This connection may not read the list.");
  });

  it.each([
    ["listTodos", ["todo_api:write"], "todo_api:read"],
    ["addTodo", ["todo_api:read"], "todo_api:write"],
    ["toggleTodo", [], "todo_api:write"],
    ["deleteTodo", ["todo_api:read"], "todo_api:write"],
  ])("[SEC-25] refuses %s to a caller with %j and names what is missing", async (name, scopes, missing) => {
    const context = contextWith({ caller: { scopes } });
    const result = await runTool(toolNamed(name), GOOD_INPUT[name] ?? {}, context);
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(missing) }] });
    for (const operation of Object.values(context.todoApi)) expect(operation).not.toHaveBeenCalled();
  });

  const UNKNOWN = {
    kind: "unavailable",
    detail: "timeout",
    retryAfterSeconds: 9,
    outcomeUnknown: true,
  } as const;
  const KNOWN = { ...UNKNOWN, detail: "http_429", retryAfterSeconds: 42, outcomeUnknown: false };
  it.each<[outcome: TodoFailure | Error, name: string, advice: RegExp]>([
    [{ kind: "sign_in_required" }, "listTodos", /sign in; then repeat this call/],
    [{ kind: "pingone_unavailable", retryAfterSeconds: 8 }, "addTodo", PINGONE_IS_DOWN],
    [
      { kind: "refused" },
      "addTodo",
      /^The Todo API refuses this sign-in although PingOne accepts it .* Try again in a few minutes\./,
    ],
    [{ kind: "missing_scope", scope: "todo_api:write" }, "addTodo", /permission todo_api:write/],
    [{ kind: "forbidden" }, "addTodo", /does not allow this person .* Signing in again does not help\.$/],
    [{ kind: "not_found" }, "deleteTodo", /Call listTodos and use an id/],
    [{ kind: "conflict" }, "toggleTodo", /Call listTodos, then decide again/],
    [{ kind: "invalid_request" }, "addTodo", /Change it/],
    [UNKNOWN, "addTodo", /may or may not have been made: call listTodos after 9 seconds/],
    [UNKNOWN, "toggleTodo", /Try again after 9 seconds/],
    [UNKNOWN, "listTodos", /Try again after 9 seconds/],
    [KNOWN, "addTodo", /Try again after 42 seconds/],
    [{ ...KNOWN, retryAfterSeconds: undefined }, "addTodo", /Try again after 5 seconds/],
    [{ kind: "answer_too_large" }, "addTodo", /has accepted .* Do not repeat this call/],
    [new Error("internal words"), "listTodos", /error in the server \(reference [0-9a-f]{8}\)/],
  ])("turns %o of %s into words on what to do", async (outcome, name, advice) => {
    const result = await runTool(toolNamed(name), GOOD_INPUT[name] ?? {}, contextWith({ outcome }));
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toBeUndefined();
    expect(result.content[0]?.text).toMatch(advice);
    expect(result.content[0]?.text).not.toContain("internal words");
  });

  it.each<[outcome: TodoFailure | Error, error: string, detail: string | undefined]>([
    [{ ...UNKNOWN, detail: "http_500" }, "unavailable", "http_500"],
    [{ kind: "refused" }, "refused", undefined],
    [new TypeError("internal words"), "internal", "TypeError"],
  ])(
    "[SEC-16] logs %o with the reference that the model was told, and no text of a person",
    async (outcome, error, detail) => {
      const context = contextWith({ outcome });
      const { content } = await runTool(toolNamed("addTodo"), { text: "My secret plan" }, context);
      const [, reference] = /reference ([0-9a-f]{8})/.exec(content[0]?.text ?? "") ?? [];
      expect(reference).toBeDefined();
      expect(log).toHaveLength(1);
      const line = JSON.parse(log[0] ?? "");
      expect(line).toMatchObject({ event: "tool.failed", tool: "addTodo", reference, error });
      expect(line.detail).toBe(detail);
      expect(log[0]).not.toContain("secret plan");
      expect(log[0]).not.toContain("internal words");
    },
  );

  it("logs success with the tool's name and duration only", async () => {
    await runTool(toolNamed("addTodo"), { text: "My secret plan" }, contextWith());
    expect(log.map((line) => Object.keys(JSON.parse(line)))).toEqual([["event", "tool", "tool_ms"]]);
  });
});

describe("createToolContext", () => {
  const renewed = { ...VALID_TOKEN, accessToken: "renewed" };
  const session = {
    getAccessToken: vi.fn(async () => renewed),
    reportRefusal: vi.fn(async () => {}),
    reportAcceptance: vi.fn(async () => {}),
  };
  const contextOf = (caller: Partial<Caller>) =>
    createToolContext({ ...CALLER, ...caller }, testSettings(), session).tokens;

  it("asks and tells the PingSession in the name of the request", async () => {
    const requestId = "request-1";
    const tokens = contextOf({ requestId, deadline: Date.now() + 5000 });
    await tokens.getAccessToken({ rejected: "stale" });
    await tokens.reportRefusal("stale");
    await tokens.reportAcceptance();
    const waitAtMostMs = expect.any(Number);
    expect(session.getAccessToken).toHaveBeenCalledWith({ rejected: "stale", requestId, waitAtMostMs });
    expect(session.reportRefusal).toHaveBeenCalledWith({ accessToken: "stale", requestId });
    expect(session.reportAcceptance).toHaveBeenCalledOnce();
  });

  it("asks the PingSession only about a token that was refused, when the request has brought one", async () => {
    session.getAccessToken.mockClear();
    const tokens = contextOf({ token: VALID_TOKEN });
    expect(await tokens.getAccessToken()).toEqual(VALID_TOKEN);
    expect(session.getAccessToken).not.toHaveBeenCalled();
    expect(await tokens.getAccessToken({ rejected: VALID_TOKEN.accessToken })).toEqual(renewed);
    expect(await tokens.getAccessToken()).toEqual(renewed);
    expect(session.getAccessToken).toHaveBeenCalledOnce();
  });
});

describe("whoAmI", () => {
  async function whoAmI(options: Parameters<typeof contextWith>[0]) {
    const result = await runTool(toolNamed("whoAmI"), {}, contextWith(options));
    return { ...result, text: result.content[0]?.text ?? "" };
  }

  it("says who, what is allowed, for which API and until when", async () => {
    const { structuredContent, text } = await whoAmI({});
    expect(structuredContent).toEqual({
      ...CALLER.person,
      scopes: ALL_TODO_SCOPES,
      audience: "https://todo.api.com",
      expiresAt: "2026-11-24T12:00:00.000Z",
    });
    expect(text).toBe("Signed in as Alice Ames. Scopes: todo_api:read todo_api:write.");
  });

  it("[SEC-16] shows PingOne's access token only where the deployment says so, and never in the text", async () => {
    const shown = await whoAmI({ settings: testSettings({ WHOAMI_ACCESS_TOKEN: "include" }) });
    expect(shown.structuredContent).toMatchObject({ accessToken: "the-access-token" });
    expect(shown.text).not.toContain("the-access-token");
    const hidden = await whoAmI({ settings: testSettings({ WHOAMI_ACCESS_TOKEN: "redact" }) });
    expect(JSON.stringify(hidden)).not.toContain("the-access-token");
  });

  it.each<[callers: readonly TodoScope[], tokens: readonly TodoScope[], isShown: boolean]>([
    [["todo_api:read"], ["todo_api:read"], true],
    [["todo_api:read", "todo_api:write"], ["todo_api:read"], true],
    [["todo_api:read"], ["todo_api:read", "todo_api:write"], false],
    [["todo_api:read"], ["todo_api:write"], false],
    [[], ["todo_api:read"], false],
  ])("lets a connection with %j have a token with %j: %s", async (callers, tokens, isShown) => {
    const { structuredContent } = await whoAmI({
      settings: testSettings({ WHOAMI_ACCESS_TOKEN: "include" }),
      caller: { scopes: callers },
      token: { ...VALID_TOKEN, scopes: tokens },
    });
    expect(structuredContent?.accessToken).toBe(isShown ? "the-access-token" : undefined);
    expect(structuredContent?.scopes).toEqual(tokens.filter((scope) => callers.includes(scope)));
  });

  it.each([
    [{ sub: "b7c1", username: "alice", email: "a@example.com" }, "alice"],
    [{ sub: "b7c1", email: "a@example.com" }, "a@example.com"],
    [{ sub: "b7c1" }, "b7c1"],
  ])("makes do with what PingOne says of a person: %j", async (person, who) => {
    const { text, structuredContent } = await whoAmI({ caller: { person } });
    expect(text).toContain(`Signed in as ${who}.`);
    expect(structuredContent).toMatchObject(person);
  });

  it.each<[PingSessionOutcome, RegExp]>([
    [{ kind: "expired" }, /sign-in at PingOne has ended/],
    [{ kind: "unavailable", retryAfterSeconds: 8 }, PINGONE_IS_DOWN],
  ])("explains %j", async (token, advice) => {
    const { isError, text } = await whoAmI({ token });
    expect(isError).toBe(true);
    expect(text).toMatch(advice);
  });
});
