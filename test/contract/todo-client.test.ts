import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { HttpResponse, http, passthrough, type RequestHandler } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTodoHandlers } from "../../mocks/todo/handlers.ts";
import { createTodoStore, type TodoStore } from "../../mocks/todo/store.ts";
import type { PingSessionOutcome } from "../../src/auth/ping-types.ts";
import { ALL_TODO_SCOPES, type TodoScope } from "../../src/config.ts";
import {
  type AccessTokenSource,
  type Todo,
  TodoApiClient,
  type TodoOutcome,
} from "../../src/todoApi.client.ts";

const ORIGIN = "https://todo.example";
const ISSUER = "https://auth.pingone.example/env/as";
const AUDIENCE = "https://todo.api.com";
const COLLECTION = `${ORIGIN}/api/todos`;

const server = setupServer();
/** Requests that reached the Todo API: method, path and bearer token. */
let requests: {
  method: string;
  path: string;
  token: string;
  contentType: string | null;
  body: Promise<string>;
}[] = [];
let keys: CryptoKeyPair;
let publicKeys: ReturnType<typeof createLocalJWKSet>;
let store: TodoStore;

beforeAll(async () => {
  keys = await generateKeyPair("RS256");
  publicKeys = createLocalJWKSet({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: "k" }] });
  server.listen({ onUnhandledFrame: "error" });
  server.events.on("request:start", ({ request }) => {
    requests.push({
      method: request.method,
      path: new URL(request.url).pathname,
      token: request.headers.get("Authorization")?.replace("Bearer ", "") ?? "",
      contentType: request.headers.get("Content-Type"),
      body: request.clone().text(),
    });
  });
});

afterAll(() => server.close());

beforeEach(() => {
  requests = [];
  store = createTodoStore({
    seeds: { default: [{ id: "a1", text: "Water the plants", completed: false }], users: {} },
    usernameOf: () => undefined,
  });
  server.resetHandlers(
    ...createTodoHandlers({
      origin: ORIGIN,
      issuer: ISSUER,
      jwks: publicKeys,
      audience: AUDIENCE,
      store,
      clock: Date.now,
    }),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
});

function signToken(scope = "todo_api:read todo_api:write"): Promise<string> {
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: "RS256", kid: "k" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject("alice-id")
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(keys.privateKey);
}

interface TokenLog {
  readonly source: AccessTokenSource;
  readonly asked: ({ rejected?: string } | undefined)[];
  /** Tokens that were reported as refused, and how often one was reported as accepted. */
  readonly refusals: string[];
  readonly acceptances: number;
}

function tokenWith(
  accessToken: string,
  options: { scopes?: readonly TodoScope[]; refused?: true } = {},
): PingSessionOutcome {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  return { kind: "valid", accessToken, expiresAt, scopes: ALL_TODO_SCOPES, ...options };
}

/** Hands out one outcome after the other, the last one for ever. */
function tokenSource(...outcomes: (PingSessionOutcome | string)[]): TokenLog {
  const asked: TokenLog["asked"] = [];
  const refusals: string[] = [];
  let acceptances = 0;
  return {
    asked,
    refusals,
    get acceptances() {
      return acceptances;
    },
    source: {
      getAccessToken: async (options) => {
        const outcome = outcomes[Math.min(asked.length, outcomes.length - 1)] ?? { kind: "expired" as const };
        asked.push(options);
        return typeof outcome === "string" ? tokenWith(outcome) : outcome;
      },
      reportRefusal: async (accessToken) => {
        refusals.push(accessToken);
      },
      reportAcceptance: async () => {
        acceptances += 1;
      },
    },
  };
}

function createClient(
  tokens: AccessTokenSource,
  options: { baseUrl?: string; timeoutMs?: number; budgetMs?: number } = {},
): TodoApiClient {
  return new TodoApiClient({
    baseUrl: new URL(options.baseUrl ?? ORIGIN),
    timeoutMs: options.timeoutMs ?? 5000,
    deadline: Date.now() + (options.budgetMs ?? 20_000),
    tokens,
  });
}

async function goodClient(options: Parameters<typeof createClient>[1] = {}): Promise<TodoApiClient> {
  return createClient(tokenSource(await signToken()).source, options);
}

/** Replaces an operation of the API until the next test. */
function replace(handler: RequestHandler): void {
  server.use(handler);
}

async function todosOf(work: Promise<TodoOutcome>): Promise<readonly Todo[]> {
  const outcome = await work;
  if (outcome.kind !== "todos") throw new Error(`Expected todos, got ${JSON.stringify(outcome)}.`);
  return outcome.todos;
}

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
    replace(http.get(`${ORIGIN}${path}`, () => HttpResponse.json({ todos: [] })));
    expect(await todosOf((await goodClient({ baseUrl })).listTodos())).toEqual([]);
    expect(requests.map((request) => request.path)).toEqual([path]);
  });

  it("encode an id, so that it stays one path segment", async () => {
    const outcome = await (await goodClient()).deleteTodo("../../admin?x=1#y");
    expect(outcome).toEqual({ kind: "not_found" });
    expect(requests.map(({ path }) => path)).toEqual(["/api/todos/..%2F..%2Fadmin%3Fx%3D1%23y"]);
  });

  it("read a numeric id as text", async () => {
    replace(
      http.get(COLLECTION, () => HttpResponse.json({ todos: [{ id: 7, text: "x", completed: true }] })),
    );
    expect(await todosOf((await goodClient()).listTodos())).toEqual([
      { id: "7", text: "x", completed: true },
    ]);
  });

  it("drop fields that nobody has asked for", async () => {
    const todo = { id: "1", text: "x", completed: true, internalNote: "secret" };
    replace(http.get(COLLECTION, () => HttpResponse.json({ todos: [todo], debug: "secret" })));
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
    replace(http.post(COLLECTION, () => new HttpResponse(null, { status: 401 }), { once: true }));
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
    replace(http.post(COLLECTION, () => new HttpResponse(null, { status: 503 })));
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

describe("an answer that is no success", () => {
  it.each([
    [400, "invalid_request"],
    [409, "conflict"],
    [413, "invalid_request"],
    [415, "invalid_request"],
    [422, "invalid_request"],
  ])("%i is final and is %s", async (status, kind) => {
    replace(http.post(COLLECTION, () => HttpResponse.json({ message: "upstream words" }, { status })));
    expect(await (await goodClient()).addTodo("x")).toEqual({ kind });
    expect(requests).toHaveLength(1);
  });

  it("404 of a todo is final, and 404 of the list means that the API is somewhere else", async () => {
    replace(http.all(`${COLLECTION}*`, () => new HttpResponse(null, { status: 404 })));
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
    const outcome = await call(createClient(tokenSource(token).source));
    expect(outcome).toEqual({ kind: "missing_scope", scope: needed });
    expect(requests).toHaveLength(1);
  });

  it.each<[challenge: string | undefined, scopes: readonly TodoScope[], kind: string]>([
    ['Bearer realm="x", error="insufficient_scope"', ["todo_api:read"], "missing_scope"],
    ["Bearer error=insufficient_scope", ["todo_api:read"], "missing_scope"],
    ['Basic realm="x", Bearer Error = "insufficient_scope", scope="y"', ["todo_api:read"], "missing_scope"],
    // PingOne's token has the scope, so another sign-in would bring the same.
    ['Bearer error="insufficient_scope"', ALL_TODO_SCOPES, "forbidden"],
    ['Bearer error="access_denied"', ["todo_api:read"], "forbidden"],
    ['Bearer error="x", error_description="no error=insufficient_scope"', ["todo_api:read"], "forbidden"],
    ['Bearer realm="insufficient_scope"', ["todo_api:read"], "forbidden"],
    [undefined, ["todo_api:read"], "forbidden"],
    [undefined, ALL_TODO_SCOPES, "forbidden"],
  ])("403 with %s of a token with %j is %s", async (challenge, scopes, kind) => {
    const headers = challenge === undefined ? {} : { "WWW-Authenticate": challenge };
    replace(http.post(COLLECTION, () => new HttpResponse(null, { status: 403, headers })));
    const tokens = tokenSource(tokenWith("token", { scopes }));
    expect(await createClient(tokens.source).addTodo("x")).toMatchObject({ kind });
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
    replace(http.post(COLLECTION, () => new HttpResponse(null, { status, headers })));
    const outcome = await (await goodClient()).addTodo("x");
    const detail = `http_${status}`;
    expect(outcome).toEqual({ kind: "unavailable", detail, retryAfterSeconds, outcomeUnknown });
    expect(requests, "adding is never repeated").toHaveLength(1);
  });

  it("does not follow a redirect, which could carry the token elsewhere", async () => {
    replace(http.get(COLLECTION, () => HttpResponse.redirect("https://evil.example/api/todos", 307)));
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
    replace(http.post(COLLECTION, answer));
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
    replace(http.post(`http://127.0.0.1:${port}/api/todos`, () => passthrough()));
    const client = await goodClient({ baseUrl: `http://127.0.0.1:${port}` });
    expect(await client.addTodo("x")).toMatchObject({ detail: "cut_off", outcomeUnknown: true });
    expect(requests).toHaveLength(1);
    await new Promise((resolve) => api.close(resolve));
  });

  it("a list of more than a mebibyte is refused and not asked for again", async () => {
    const todos = Array.from({ length: 20_000 }, (_, id) => ({ id, text: "x".repeat(40), completed: false }));
    replace(http.get(COLLECTION, () => HttpResponse.json({ todos })));
    const outcome = await (await goodClient()).listTodos();
    expect(outcome).toEqual({ kind: "answer_too_large" });
    expect(requests).toHaveLength(1);
  });

  it("an answer to adding that is too large is no reason to add again", async () => {
    replace(http.post(COLLECTION, () => HttpResponse.json({ todos: "x".repeat(1_100_000) })));
    const outcome = await (await goodClient()).addTodo("x");
    expect(outcome).toEqual({ kind: "answer_too_large" });
    expect(requests).toHaveLength(1);
  });

  it("a large list within the limit is read", async () => {
    const todos = Array.from({ length: 5000 }, (_, id) => ({ id, text: "é".repeat(20), completed: false }));
    replace(http.get(COLLECTION, () => HttpResponse.json({ todos })));
    expect(await todosOf((await goodClient()).listTodos())).toHaveLength(5000);
  });
});

describe("no answer", () => {
  it("a refused connection leaves open whether adding has happened", async () => {
    replace(http.post(COLLECTION, () => HttpResponse.error()));
    const outcome = await (await goodClient()).addTodo("x");
    expect(outcome).toMatchObject({ detail: "no_answer", outcomeUnknown: true });
    expect(requests).toHaveLength(1);
  });

  it("a slow API is given up after the time-out", async () => {
    replace(http.post(COLLECTION, () => new Promise<Response>(() => {})));
    const outcome = await (await goodClient({ timeoutMs: 30 })).addTodo("x");
    expect(outcome).toMatchObject({ detail: "timeout", outcomeUnknown: true });
  });

  it("a request is not sent when nothing is left of the budget", async () => {
    const outcome = await (await goodClient({ budgetMs: 0 })).addTodo("x");
    expect(outcome).toMatchObject({ detail: "budget_spent", outcomeUnknown: false });
    expect(requests).toEqual([]);
  });

  it("a request gets no more time than is left of the budget", async () => {
    replace(http.post(COLLECTION, () => new Promise<Response>(() => {})));
    const outcome = await (await goodClient({ timeoutMs: 60_000, budgetMs: 30 })).addTodo("x");
    expect(outcome).toMatchObject({ detail: "timeout" });
  });
});

describe("reading again after a passing failure", () => {
  /** The shortest waits that the jitter allows. */
  beforeEach(() => {
    vi.spyOn(Math, "random").mockReturnValue(0);
  });

  it("succeeds when a later attempt does", async () => {
    let attempts = 0;
    replace(
      http.get(COLLECTION, () => {
        attempts += 1;
        return attempts < 3 ? new HttpResponse(null, { status: 503 }) : HttpResponse.json({ todos: [] });
      }),
    );
    expect(await todosOf((await goodClient()).listTodos())).toEqual([]);
    expect(attempts).toBe(3);
  });

  it("gives up after three attempts", async () => {
    replace(http.get(COLLECTION, () => new HttpResponse(null, { status: 500 })));
    expect(await (await goodClient()).listTodos()).toMatchObject({ detail: "http_500" });
    expect(requests).toHaveLength(3);
  });

  it("does not wait beyond the budget", async () => {
    replace(http.get(COLLECTION, () => new HttpResponse(null, { status: 500 })));
    await (await goodClient({ budgetMs: 100 })).listTodos();
    expect(requests).toHaveLength(1);
  });

  it("does not happen before the time that the API itself names", async () => {
    replace(
      http.get(COLLECTION, () => new HttpResponse(null, { status: 503, headers: { "Retry-After": "1" } })),
    );
    expect(await (await goodClient()).listTodos()).toMatchObject({ retryAfterSeconds: 1 });
    expect(requests).toHaveLength(1);
  });

  it.each([429, 404, 403, 302])("does not happen for %i", async (status) => {
    replace(http.get(COLLECTION, () => new HttpResponse(null, { status })));
    await (await goodClient()).listTodos();
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["toggling", (client: TodoApiClient) => client.toggleTodo("a1", true)],
    ["deleting", (client: TodoApiClient) => client.deleteTodo("a1")],
  ])("does not happen for %s", async (_what, call) => {
    replace(http.all(`${COLLECTION}/a1`, () => new HttpResponse(null, { status: 503 })));
    expect(await call(await goodClient())).toMatchObject({ kind: "unavailable" });
    expect(requests).toHaveLength(1);
  });
});
