import { HttpResponse, http } from "msw";
import { describe, expect } from "vitest";
import { network } from "../../src/testing/network.ts";
import {
  COLLECTION,
  createClient,
  goodClient,
  it,
  ORIGIN,
  requests,
  signToken,
  todosOf,
  tokenSource,
  tokenWith,
} from "./todo-api.ts";

describe("the operations", () => {
  it("list, add, toggle and delete, and answer with the whole list each time", async () => {
    const client = await goodClient();
    expect(await todosOf(client.listTodos())).toEqual([
      { id: "a1", text: "Water the plants", completed: false },
    ]);
    const added = await todosOf(client.addTodo("Buy milk"));
    expect(added).toEqual([
      { id: "a1", text: "Water the plants", completed: false },
      { id: expect.any(String), text: "Buy milk", completed: false },
    ]);
    const id = added[1]?.id ?? "";
    expect(await todosOf(client.toggleTodo(id, true))).toContainEqual({
      id,
      text: "Buy milk",
      completed: true,
    });
    expect(await todosOf(client.deleteTodo(id))).toEqual([
      { id: "a1", text: "Water the plants", completed: false },
    ]);
    expect(requests.map(({ method, path, contentType }) => [method, path, contentType])).toEqual([
      ["GET", "/api/todos", null],
      ["POST", "/api/todos", "application/json"],
      ["PATCH", `/api/todos/${id}`, "application/json"],
      ["DELETE", `/api/todos/${id}`, null],
    ]);
    expect(await Promise.all(requests.map(({ body }) => body))).toEqual([
      "",
      '{"todoText":"Buy milk"}',
      '{"completed":true}',
      "",
    ]);
  });

  it.each([
    ["https://todo.example/base", "/base/api/todos"],
    ["https://todo.example/base/", "/base/api/todos"],
    ["https://todo.example/", "/api/todos"],
  ])("keep the path of API_URL: %s", async (baseUrl, path) => {
    network.use(http.get(`${ORIGIN}${path}`, () => HttpResponse.json({ todos: [] })));
    expect(await todosOf((await goodClient({ baseUrl })).listTodos())).toEqual([]);
    expect(requests.map((request) => request.path)).toEqual([path]);
  });

  it("encode an id, so that it stays one path segment", async () => {
    const outcome = await (await goodClient()).deleteTodo("../../admin?x=1#y");
    expect(outcome).toEqual({ kind: "not_found" });
    expect(requests.map(({ path }) => path)).toEqual(["/api/todos/..%2F..%2Fadmin%3Fx%3D1%23y"]);
  });

  it("read a numeric id as text", async () => {
    network.use(
      http.get(COLLECTION, () => HttpResponse.json({ todos: [{ id: 7, text: "x", completed: true }] })),
    );
    expect(await todosOf((await goodClient()).listTodos())).toEqual([
      { id: "7", text: "x", completed: true },
    ]);
  });

  it("drop fields that nobody has asked for", async () => {
    const todo = { id: "1", text: "x", completed: true, internalNote: "secret" };
    network.use(http.get(COLLECTION, () => HttpResponse.json({ todos: [todo], debug: "secret" })));
    expect(JSON.stringify(await todosOf((await goodClient()).listTodos()))).not.toContain("secret");
  });
});

describe("a refused token", () => {
  it("is replaced by force once, and the request is repeated with the new one", async () => {
    const fresh = await signToken();
    const tokens = tokenSource("stale", fresh);
    expect(await todosOf(createClient(tokens.source).addTodo("Buy milk"))).toHaveLength(2);
    expect(tokens.asked.map((options) => options?.rejected)).toEqual([undefined, "stale"]);
    expect(requests.map(({ token }) => token)).toEqual(["stale", fresh]);
    expect(tokens.refusals).toEqual([]);
  });

  it("is tried once more when no other comes: the refusal may have been a hiccup", async () => {
    const token = await signToken();
    const tokens = tokenSource(token);
    network.use(http.post(COLLECTION, () => new HttpResponse(null, { status: 401 }), { once: true }));
    expect(await todosOf(createClient(tokens.source).addTodo("Buy milk"))).toHaveLength(2);
    expect(requests.map((request) => request.token)).toEqual([token, token]);
    expect(tokens.refusals).toEqual([]);
  });

  it.each([
    ["a fresh one", ["stale", "stale-too"], "stale-too"],
    ["the same one", ["stale"], "stale"],
  ])("is reported when %s is refused too, after two requests", async (_which, handedOut, reported) => {
    const tokens = tokenSource(...handedOut);
    expect(await createClient(tokens.source).listTodos()).toEqual({ kind: "refused" });
    expect(requests).toHaveLength(2);
    expect(tokens.refusals).toEqual([reported]);
  });

  it("ends the call in the same way when the report fails", async () => {
    const { source } = tokenSource("stale");
    const reportRefusal = () => Promise.reject(new Error("the object was restarted"));
    expect(await createClient({ ...source, reportRefusal }).listTodos()).toEqual({ kind: "refused" });
  });

  it("is never sent again when PingOne cannot be reached for another", async () => {
    const tokens = tokenSource("stale", { kind: "unavailable", retryAfterSeconds: 9 });
    const outcome = await createClient(tokens.source).addTodo("x");
    expect(outcome).toEqual({ kind: "pingone_unavailable", retryAfterSeconds: 9 });
    expect(requests).toHaveLength(1);
    expect(tokens.refusals).toEqual([]);
  });

  it("means that the person signs in again when PingOne has ended the session", async () => {
    const tokens = tokenSource("stale", { kind: "expired" });
    expect(await createClient(tokens.source).listTodos()).toEqual({ kind: "sign_in_required" });
    expect(requests).toHaveLength(1);
    expect(tokens.refusals).toEqual([]);
  });
});

describe("after a refusal that was reported", () => {
  it("a success is reported, too", async () => {
    const tokens = tokenSource(tokenWith(await signToken(), { refused: true }));
    expect(await todosOf(createClient(tokens.source).listTodos())).toHaveLength(1);
    expect(tokens.acceptances).toBe(1);
  });

  it("a failure of another kind is no acceptance", async () => {
    network.use(http.post(COLLECTION, () => new HttpResponse(null, { status: 503 })));
    const tokens = tokenSource(tokenWith(await signToken(), { refused: true }));
    await createClient(tokens.source).addTodo("x");
    expect(tokens.acceptances).toBe(0);
  });

  it("a success stays one when its report fails", async () => {
    const { source } = tokenSource(tokenWith(await signToken(), { refused: true }));
    const reportAcceptance = () => Promise.reject(new Error("the object was restarted"));
    expect(await todosOf(createClient({ ...source, reportAcceptance }).addTodo("x"))).toHaveLength(2);
  });
});

it("a success is not reported when no refusal stands", async () => {
  const tokens = tokenSource(await signToken());
  await todosOf(createClient(tokens.source).listTodos());
  expect(tokens.acceptances).toBe(0);
});

describe("without a token", () => {
  it("asks for a new sign-in when PingOne's session is over, and sends nothing", async () => {
    const outcome = await createClient(tokenSource({ kind: "expired" }).source).listTodos();
    expect(outcome).toEqual({ kind: "sign_in_required" });
    expect(requests).toEqual([]);
  });

  it("says when to try again while PingOne is unavailable, and sends nothing", async () => {
    const tokens = tokenSource({ kind: "unavailable", retryAfterSeconds: 11 });
    const outcome = await createClient(tokens.source).listTodos();
    expect(outcome).toEqual({ kind: "pingone_unavailable", retryAfterSeconds: 11 });
    expect(requests).toEqual([]);
    expect(tokens.asked).toHaveLength(1);
  });
});
