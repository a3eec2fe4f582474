/** How the client of the Todo API handles refusals, invalid responses and time-outs. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpResponse, http, passthrough } from "msw";
import { describe, expect, vi } from "vitest";
import { ALL_TODO_SCOPES, type TodoScope } from "../../src/config.ts";
import { network } from "../../src/testing/network.ts";
import type { TodoApiClient } from "../../src/todoApi.client.ts";
import {
  COLLECTION,
  createClient,
  goodClient,
  it,
  requests,
  signToken,
  todosOf,
  tokenSource,
  tokenWith,
} from "./todo-api.ts";

describe("an answer that is no success", () => {
  it.each([
    [400, "invalid_request"],
    [409, "conflict"],
    [413, "invalid_request"],
    [415, "invalid_request"],
    [422, "invalid_request"],
  ])("%i is final and is %s", async (status, kind) => {
    network.use(http.post(COLLECTION, () => HttpResponse.json({ message: "upstream words" }, { status })));
    expect(await (await goodClient()).addTodo("x")).toEqual({ kind });
    expect(requests).toHaveLength(1);
  });

  it("404 of a todo is final, and 404 of the list means that the API is somewhere else", async () => {
    network.use(http.all(`${COLLECTION}*`, () => new HttpResponse(null, { status: 404 })));
    const client = await goodClient();
    expect(await client.deleteTodo("a1")).toEqual({ kind: "not_found" });
    for (const outcome of [await client.listTodos(), await client.addTodo("x")]) {
      expect(outcome).toMatchObject({ kind: "unavailable", detail: "http_404", outcomeUnknown: false });
    }
    expect(requests).toHaveLength(3);
  });

  it.each([
    ["todo_api:read", "todo_api:write", (client: TodoApiClient) => client.addTodo("x")],
    ["todo_api:read", "todo_api:write", (client: TodoApiClient) => client.toggleTodo("a1", true)],
    ["todo_api:read", "todo_api:write", (client: TodoApiClient) => client.deleteTodo("a1")],
    ["todo_api:write", "todo_api:read", (client: TodoApiClient) => client.listTodos()],
  ] as const)("403 of a token with %s names %s", async (scope, needed, call) => {
    const token = tokenWith(await signToken(scope), { scopes: [scope] });
    const outcome = await call(createClient(tokenSource(token)));
    expect(outcome).toEqual({ kind: "missing_scope", scope: needed });
    expect(requests).toHaveLength(1);
  });

  it.each<[challenge: string | undefined, scopes: readonly TodoScope[], kind: string]>([
    ['Bearer realm="x", error="insufficient_scope"', ["todo_api:read"], "missing_scope"],
    ["Bearer error=insufficient_scope", ["todo_api:read"], "missing_scope"],
    ['Basic realm="x", Bearer Error = "insufficient_scope", scope="y"', ["todo_api:read"], "missing_scope"],
    // PingOne's token has every scope, so another sign-in would not change the refusal.
    ['Bearer error="insufficient_scope"', ALL_TODO_SCOPES, "forbidden"],
    ['Bearer error="access_denied"', ["todo_api:read"], "forbidden"],
    ['Bearer error="x", error_description="no error=insufficient_scope"', ["todo_api:read"], "forbidden"],
    ['Bearer realm="insufficient_scope"', ["todo_api:read"], "forbidden"],
    [undefined, ["todo_api:read"], "forbidden"],
    [undefined, ALL_TODO_SCOPES, "forbidden"],
  ])("[FAIL-45] 403 with %s of a token with %j is %s", async (challenge, scopes, kind) => {
    const headers = challenge === undefined ? {} : { "WWW-Authenticate": challenge };
    network.use(http.post(COLLECTION, () => new HttpResponse(null, { status: 403, headers })));
    const tokens = tokenSource(tokenWith("token", { scopes }));
    expect(await createClient(tokens).addTodo("x")).toMatchObject({ kind });
    expect(requests).toHaveLength(1);
  });

  it.each([
    [429, { "Retry-After": "42" }, 42, false],
    [429, {}, undefined, false],
    [503, { "Retry-After": "7" }, 7, true],
    [500, {}, undefined, true],
    [504, {}, undefined, true],
    [302, { Location: "https://evil.example/" }, undefined, false],
    [304, {}, undefined, false],
  ])("%i with %j can be tried again, adding knows whether it may have happened", async (...row) => {
    const [status, headers, retryAfterSeconds, outcomeUnknown] = row;
    network.use(http.post(COLLECTION, () => new HttpResponse(null, { status, headers })));
    const outcome = await (await goodClient()).addTodo("x");
    const detail = `http_${status}`;
    expect(outcome).toEqual({ kind: "unavailable", detail, retryAfterSeconds, outcomeUnknown });
    expect(requests, "adding is never repeated").toHaveLength(1);
  });

  it("[SEC-17] does not follow a redirect, which could carry the token elsewhere", async () => {
    network.use(http.get(COLLECTION, () => HttpResponse.redirect("https://evil.example/api/todos", 307)));
    const outcome = await (await goodClient()).listTodos();
    expect(outcome).toMatchObject({ detail: "http_307" });
    expect(requests.map(({ path }) => path)).toEqual(["/api/todos"]);
  });
});

describe("an answer that cannot be read", () => {
  const json = { headers: { "Content-Type": "application/json" } };

  it.each<[what: string, detail: string, answer: () => Response]>([
    ["malformed JSON", "malformed", () => new HttpResponse('{"todos":[', json)],
    ["an empty body", "malformed", () => new HttpResponse("", json)],
    ["HTML", "not_json", () => HttpResponse.html("<h1>Welcome to the captive portal</h1>")],
    ["no content type", "not_json", () => new HttpResponse(new Uint8Array(2))],
    [
      "a content type that only begins like JSON",
      "not_json",
      () => new HttpResponse("{}", { headers: { "Content-Type": "application/jsonp" } }),
    ],
    ["no list", "unexpected_shape", () => HttpResponse.json({ items: [] })],
    ["a bare array", "unexpected_shape", () => HttpResponse.json([])],
    ["null", "unexpected_shape", () => HttpResponse.json(null)],
    [
      "a todo without text",
      "unexpected_shape",
      () => HttpResponse.json({ todos: [{ id: "1", completed: true }] }),
    ],
  ])("%s leaves open whether adding has happened", async (_what, detail, answer) => {
    network.use(http.post(COLLECTION, answer));
    const outcome = await (await goodClient()).addTodo("x");
    expect(outcome).toMatchObject({ kind: "unavailable", detail, outcomeUnknown: true });
    expect(requests).toHaveLength(1);
  });

  it("a body that breaks off leaves open whether adding has happened", async () => {
    const api = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" });
      response.write('{"todos":[', () => response.destroy());
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const { port } = api.address() as AddressInfo;
    network.use(http.post(`http://127.0.0.1:${port}/api/todos`, () => passthrough()));
    const client = await goodClient({ baseUrl: `http://127.0.0.1:${port}` });
    expect(await client.addTodo("x")).toMatchObject({ detail: "cut_off", outcomeUnknown: true });
    expect(requests).toHaveLength(1);
    await new Promise((resolve) => api.close(resolve));
  });

  it.each([
    ["[SEC-32] a list", (client: TodoApiClient) => client.listTodos()],
    ["an answer to adding", (client: TodoApiClient) => client.addTodo("x")],
  ])("%s of more than a mebibyte is refused, and the request not repeated", async (_what, call) => {
    const todos = Array.from({ length: 20_000 }, (_, id) => ({ id, text: "x".repeat(40), completed: false }));
    network.use(http.all(COLLECTION, () => HttpResponse.json({ todos })));
    expect(await call(await goodClient())).toEqual({ kind: "answer_too_large" });
    expect(requests).toHaveLength(1);
  });

  it("a large list within the limit is read", async () => {
    const todos = Array.from({ length: 5000 }, (_, id) => ({ id, text: "é".repeat(20), completed: false }));
    network.use(http.get(COLLECTION, () => HttpResponse.json({ todos })));
    expect(await todosOf((await goodClient()).listTodos())).toHaveLength(5000);
  });
});

describe("no answer", () => {
  const NEVER = () => new Promise<Response>(() => {});

  it.each([
    ["no_answer", "a refused connection", () => HttpResponse.error(), {}],
    ["timeout", "an API that is slower than the time-out", NEVER, { timeoutMs: 30 }],
    ["timeout", "an API that is slower than the budget", NEVER, { timeoutMs: 60_000, budgetMs: 30 }],
  ])("is %s for %s, and leaves open whether adding has happened", async (detail, _what, answer, options) => {
    network.use(http.post(COLLECTION, answer));
    expect(await (await goodClient(options)).addTodo("x")).toMatchObject({ detail, outcomeUnknown: true });
    expect(requests).toHaveLength(1);
  });

  it("can come when nothing is left of the budget: the request is not sent", async () => {
    const outcome = await (await goodClient({ budgetMs: 0 })).addTodo("x");
    expect(outcome).toMatchObject({ detail: "budget_spent", outcomeUnknown: false });
    expect(requests).toEqual([]);
  });
});

describe("reading again after a passing failure", () => {
  /** Sets the jitter to its minimum. */
  it.beforeEach(() => {
    vi.spyOn(Math, "random").mockReturnValue(0);
  });
  it.afterEach(() => {
    vi.restoreAllMocks();
  });

  it("succeeds when a later attempt does", async () => {
    let attempts = 0;
    network.use(
      http.get(COLLECTION, () => {
        attempts += 1;
        return attempts < 3 ? new HttpResponse(null, { status: 503 }) : HttpResponse.json({ todos: [] });
      }),
    );
    expect(await todosOf((await goodClient()).listTodos())).toEqual([]);
    expect(attempts).toBe(3);
  });

  it("gives up after three attempts", async () => {
    network.use(http.get(COLLECTION, () => new HttpResponse(null, { status: 500 })));
    expect(await (await goodClient()).listTodos()).toMatchObject({ detail: "http_500" });
    expect(requests).toHaveLength(3);
  });

  it.each<[why: string, status: number, headers: Record<string, string>, budgetMs?: number]>([
    ["is beyond the budget", 500, {}, 100],
    ["would be before the time that the API itself names", 503, { "Retry-After": "1" }],
    ["would be of no use", 429, {}],
    ["would be of no use", 404, {}],
    ["would be of no use", 403, {}],
    ["would be of no use", 302, {}],
  ])("does not happen where it %s: %i", async (_why, status, headers, budgetMs = 20_000) => {
    network.use(http.get(COLLECTION, () => new HttpResponse(null, { status, headers })));
    await (await goodClient({ budgetMs })).listTodos();
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["toggling", (client: TodoApiClient) => client.toggleTodo("a1", true)],
    ["deleting", (client: TodoApiClient) => client.deleteTodo("a1")],
  ])("does not happen for %s", async (_what, call) => {
    network.use(http.all(`${COLLECTION}/a1`, () => new HttpResponse(null, { status: 503 })));
    expect(await call(await goodClient())).toMatchObject({ kind: "unavailable" });
    expect(requests).toHaveLength(1);
  });
});
