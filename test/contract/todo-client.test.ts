import { HttpResponse, http } from "msw";
import { describe, expect } from "vitest";
import type { PingSessionOutcome } from "../../src/auth/ping-types.ts";
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
    expect(await todosOf(createClient(tokens).addTodo("Buy milk"))).toHaveLength(2);
    expect(tokens.getAccessToken.mock.calls).toEqual([[], [{ rejected: "stale" }]]);
    expect(requests.map(({ token }) => token)).toEqual(["stale", fresh]);
    expect(tokens.reportRefusal).not.toHaveBeenCalled();
  });

  it("is tried once more when no other comes: the refusal may have been a hiccup", async () => {
    const token = await signToken();
    const tokens = tokenSource(token);
    network.use(http.post(COLLECTION, () => new HttpResponse(null, { status: 401 }), { once: true }));
    expect(await todosOf(createClient(tokens).addTodo("Buy milk"))).toHaveLength(2);
    expect(requests.map((request) => request.token)).toEqual([token, token]);
    expect(tokens.reportRefusal).not.toHaveBeenCalled();
  });

  it("ends the call in the same way when the report fails", async () => {
    const tokens = tokenSource("stale");
    tokens.reportRefusal.mockRejectedValue(new Error("the object was restarted"));
    expect(await createClient(tokens).listTodos()).toEqual({ kind: "refused" });
  });
});

const UNAVAILABLE = { kind: "unavailable", retryAfterSeconds: 9 } as const;
const PINGONE_UNAVAILABLE = { kind: "pingone_unavailable", retryAfterSeconds: 9 };
const EXPIRED = { kind: "expired" } as const;

describe("a call without a token that is accepted ends", () => {
  it.each<[when: string, handedOut: (PingSessionOutcome | string)[], outcome: object, sent: string[]]>([
    ["when a fresh one is refused too", ["stale", "stale-too"], { kind: "refused" }, ["stale", "stale-too"]],
    ["when the same one is refused again", ["stale"], { kind: "refused" }, ["stale", "stale"]],
    ["when PingOne cannot be reached for another", ["stale", UNAVAILABLE], PINGONE_UNAVAILABLE, ["stale"]],
    ["when PingOne has ended the session", ["stale", EXPIRED], { kind: "sign_in_required" }, ["stale"]],
    ["at once when PingOne has ended the session before", [EXPIRED], { kind: "sign_in_required" }, []],
    ["at once when PingOne is unavailable", [UNAVAILABLE], PINGONE_UNAVAILABLE, []],
  ])("%s", async (_when, handedOut, outcome, sent) => {
    const tokens = tokenSource(...handedOut);
    expect(await createClient(tokens).listTodos()).toEqual(outcome);
    expect(requests.map(({ token }) => token)).toEqual(sent);
    expect(tokens.getAccessToken).toHaveBeenCalledTimes(sent.length === 0 ? 1 : 2);
    // Only the second refusal is reported.
    expect(tokens.reportRefusal.mock.calls.flat()).toEqual(sent.slice(1));
  });
});

describe("an accepted token", () => {
  it.each([
    ["is reported after a refusal that was reported", { refused: true }, 200, 1],
    ["is not what a failure of another kind shows", { refused: true }, 503, 0],
    ["is not reported when no refusal stands", {}, 200, 0],
  ] as const)("%s", async (_what, state, status, acceptances) => {
    network.use(http.post(COLLECTION, () => HttpResponse.json({ todos: [] }, { status })));
    const tokens = tokenSource(tokenWith("token", state));
    await createClient(tokens).addTodo("x");
    expect(tokens.reportAcceptance).toHaveBeenCalledTimes(acceptances);
  });

  it("stays one when its report fails", async () => {
    const tokens = tokenSource(tokenWith(await signToken(), { refused: true }));
    tokens.reportAcceptance.mockRejectedValue(new Error("the object was restarted"));
    expect(await todosOf(createClient(tokens).addTodo("x"))).toHaveLength(2);
  });
});
