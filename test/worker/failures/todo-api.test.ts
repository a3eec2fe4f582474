/** The Todo API fails: the text for the model, and the number of requests to the API. */
import { describe, expect, vi } from "vitest";
import { parseLog } from "../../support/observe.ts";
import { testWithStack } from "../../support/test.ts";
import { type Answer, connect, type Fault, queueFault, signInAtPingOne, watchCalls } from "./signed-in.ts";

const { it, stack } = testWithStack({ UPSTREAM_TIMEOUT_SECONDS: "2" });

interface Failure {
  readonly answer: Answer;
  /** Endpoints of the Todo API and of PingOne that the call reached. */
  readonly calls: readonly string[];
  /** The log line with the reference of the answer. Without one, in tests that run alone, this tool's newest line. */
  line(): Promise<Record<string, unknown>>;
}

const COUNTED = { "todos.list": "modern", "todos.add": "legacy", "todos.update": "modern" } as const;

/** Calls a tool that meets the fault. `COUNTED` sets the lane of each operation. */
async function callThatMeets(
  endpoint: keyof typeof COUNTED,
  fault: Fault,
  call: { tool: string; input?: Record<string, unknown> },
): Promise<Failure & { listAfterwards: () => Promise<string> }> {
  const { accessToken, login } = await signInAtPingOne(stack);
  const connection = await connect(stack.worker, accessToken, COUNTED[endpoint]);
  await queueFault(stack, endpoint, fault, login);
  const watched = await watchCalls(stack, login);
  const loggedBefore = parseLog(stack.worker).length;
  const answer = await connection.call(call.tool, call.input);
  const calls = await watched.since();
  const reference = /\(reference ([0-9a-f]{8})\)/.exec(answer.text)?.[1];
  const findLine = () =>
    parseLog(stack.worker)
      .slice(loggedBefore)
      .findLast(
        ({ event, tool, reference: logged }) =>
          event === "tool.failed" && tool === call.tool && (reference === undefined || logged === reference),
      );
  return {
    answer,
    calls,
    line: () => vi.waitUntil(findLine, 5000),
    listAfterwards: async () => (await connection.call("listTodos")).text,
  };
}

/** A broken connection is a 500 response in the simulator and an exception at Cloudflare. */
const NO_ANSWER = /^(no_answer|http_500)$/;

const ATTEMPTS = 3;
const JSON_TYPE = { "content-type": "application/json" };
const NOT_NOW =
  /^The Todo API cannot be used at the moment \(reference [0-9a-f]{8}\)\. Try again after 5 seconds\.$/;
const LOOK_FIRST =
  /^The Todo API cannot be used at the moment \(reference [0-9a-f]{8}\)\. The change may or may not have been made: call listTodos after \d+ seconds and look before you repeat it\.$/;
const TOO_LARGE = /its answer is too large to read \(reference [0-9a-f]{8}\)\. Do not repeat this call/;
/** PingOne's token has every scope, so no scope is missing, even if the API reports so. */
const NOT_ALLOWED = /^The Todo API does not allow this person to do this\. Signing in again does not help\.$/;
const HUGE = JSON.stringify({ todos: [{ id: "1", text: "x".repeat(1_100_000), completed: false }] });

describe("listTodos, when the Todo API", () => {
  it.concurrent.each<[what: string, fault: Fault, detail: string | RegExp]>([
    ["[FAIL-44] takes longer than the time-out", { fault: "delay", milliseconds: 2500 }, "timeout"],
    [
      "sends its answer too slowly",
      { fault: "trickle", chunkBytes: 16, intervalMilliseconds: 600 },
      "cut_off",
    ],
    ["[FAIL-46] answers 500", { fault: "server_error", status: 500 }, "http_500"],
    ["answers 503", { fault: "server_error" }, "http_503"],
    ["[FAIL-48] resets the connection", { fault: "reset" }, NO_ANSWER],
    ["answers malformed JSON", { fault: "malformed_json" }, "malformed"],
    ["[FAIL-49] breaks off its answer", { fault: "truncated" }, "cut_off"],
    ["[FAIL-49] answers HTML", { fault: "wrong_content_type" }, "not_json"],
    ["answers something else than a list", { fault: "body", body: { items: [] } }, "unexpected_shape"],
  ])("%s, is asked again twice and then tells the model to wait", async (_what, fault, detail) => {
    const failing = { ...fault, times: ATTEMPTS } as Fault;
    const { answer, calls, line } = await callThatMeets("todos.list", failing, { tool: "listTodos" });
    expect(answer).toMatchObject({ status: 200, isError: true, text: expect.stringMatching(NOT_NOW) });
    expect(calls).toEqual(Array(ATTEMPTS).fill("todos.list"));
    expect(await line()).toMatchObject({ error: "unavailable", detail: expect.stringMatching(detail) });
  });

  it.concurrent.each<[what: string, fault: Fault, times: number]>([
    ["fails once", { fault: "server_error" }, 1],
    ["fails twice", { fault: "reset" }, 2],
  ])("%s, has its list all the same", async (_what, fault, times) => {
    const failing = { ...fault, times } as Fault;
    const { answer, calls } = await callThatMeets("todos.list", failing, { tool: "listTodos" });
    expect(answer.isError).toBe(false);
    expect(calls).toEqual(Array(times + 1).fill("todos.list"));
  });

  // Not concurrent: some of these answers have no reference with which to find the log line.
  it.each<[what: string, fault: Fault, error: string, text: RegExp]>([
    [
      "[FAIL-47] answers 429",
      { fault: "rate_limited", retryAfterSeconds: 7 },
      "unavailable",
      /Try again after 7 seconds\.$/,
    ],
    [
      "[FAIL-46] answers 503 and says when",
      { fault: "status", status: 503, headers: { "retry-after": "40" } },
      "unavailable",
      /Try again after 40 seconds\.$/,
    ],
    ["[FAIL-45] answers 404", { fault: "not_found" }, "unavailable", NOT_NOW],
    ["answers 403", { fault: "forbidden" }, "forbidden", NOT_ALLOWED],
    ["answers 422", { fault: "unprocessable" }, "invalid_request", /did not accept/],
    [
      "answers with a very large list",
      { fault: "very_large_list", count: 20_000 },
      "answer_too_large",
      TOO_LARGE,
    ],
  ])("%s, is not asked again", async (_what, fault, error, text) => {
    const { answer, calls, line } = await callThatMeets("todos.list", fault, { tool: "listTodos" });
    expect(answer).toMatchObject({ status: 200, isError: true, text: expect.stringMatching(text) });
    expect(calls).toEqual(["todos.list"]);
    expect(await line()).toMatchObject({ error });
  });

  it.concurrent("has a list of thousands, gives the model all of it", async () => {
    const fault = { fault: "very_large_list", count: 5000 } as const;
    const { answer } = await callThatMeets("todos.list", fault, { tool: "listTodos" });
    expect(answer.text.split("\n")).toHaveLength(5000);
  });
});

describe.concurrent("addTodo is sent once, when the Todo API", () => {
  it.each<[what: string, fault: Fault, text: RegExp, added: boolean]>([
    ["[FAIL-44] takes longer than the time-out", { fault: "delay", milliseconds: 2500 }, LOOK_FIRST, true],
    ["answers 500", { fault: "server_error", status: 500 }, LOOK_FIRST, false],
    [
      "[FAIL-46] answers 503 after it was added",
      { fault: "server_error", afterProcessing: true },
      LOOK_FIRST,
      true,
    ],
    ["resets the connection", { fault: "reset" }, LOOK_FIRST, false],
    [
      "[FAIL-48] resets the connection after it was added",
      { fault: "reset", afterProcessing: true },
      LOOK_FIRST,
      true,
    ],
    ["[FAIL-49] answers malformed JSON", { fault: "malformed_json" }, LOOK_FIRST, true],
    ["breaks off its answer", { fault: "truncated" }, LOOK_FIRST, true],
    ["answers HTML", { fault: "wrong_content_type" }, LOOK_FIRST, true],
    ["answers something else than a list", { fault: "body", body: { ok: true } }, LOOK_FIRST, true],
    [
      "[FAIL-49] answers more than can be read",
      { fault: "body", body: HUGE, headers: JSON_TYPE },
      TOO_LARGE,
      true,
    ],
    [
      "[FAIL-47] answers 429",
      { fault: "rate_limited", retryAfterSeconds: 7 },
      /Try again after 7 seconds\.$/,
      false,
    ],
    ["[FAIL-45] answers 403", { fault: "forbidden" }, NOT_ALLOWED, false],
    ["answers 404", { fault: "not_found" }, NOT_NOW, false],
    ["[FAIL-45] answers 409", { fault: "conflict" }, /Call listTodos, then decide again\.$/, false],
    ["answers 422", { fault: "unprocessable" }, /did not accept this input/, false],
  ])("%s", async (what, fault, text, added) => {
    const todo = `Buy milk, when the API ${what}`;
    const call = { tool: "addTodo", input: { text: todo } };
    const { answer, calls, listAfterwards } = await callThatMeets("todos.add", fault, call);
    expect(answer).toMatchObject({ status: 200, isError: true, text: expect.stringMatching(text) });
    expect(calls).toEqual(["todos.add"]);
    // A model that lists the todos before it repeats the call finds the todo once or not at all, and never twice.
    const entry = `${todo} (id `;
    if (added) await vi.waitFor(async () => expect(await listAfterwards()).toContain(entry), 10_000);
    expect((await listAfterwards()).split(entry)).toHaveLength(added ? 2 : 1);
  });
});

it("toggleTodo may be repeated, when its answer was lost", async () => {
  const { accessToken, login } = await signInAtPingOne(stack);
  const connection = await connect(stack.worker, accessToken, "legacy");
  const [, todoId = ""] = /\(id ([^)]+)\)/.exec((await connection.call("listTodos")).text) ?? [];
  await queueFault(stack, "todos.update", { fault: "reset", afterProcessing: true }, login);
  const watched = await watchCalls(stack, login);
  const answer = await connection.call("toggleTodo", { todoId, completed: true });
  expect(answer.text).toMatch(NOT_NOW);
  expect((await connection.call("toggleTodo", { todoId, completed: true })).isError).toBe(false);
  expect(await watched.since()).toEqual(["todos.update", "todos.update"]);
});
