import { HttpResponse, http, passthrough } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTodoHandlers } from "./handlers.ts";
import { MAX_BODY_BYTES } from "./json-body.ts";
import { TodoStore } from "./store.ts";
import { createTestIssuer, TEST_AUDIENCE, type TestIssuer } from "./testing/issuer.ts";

const ORIGIN = "http://todo.test";
const COLLECTION = `${ORIGIN}/api/todos`;

let issuer: TestIssuer;
let store: TodoStore;
let now = () => Date.now();
const server = setupServer();

beforeAll(async () => {
  issuer = await createTestIssuer();
  server.listen({ onUnhandledFrame: "error" });
});
afterAll(async () => {
  server.close();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(async () => {
  issuer.failWith(undefined);
  now = () => Date.now();
  store = new TodoStore({
    seeds: {
      default: [],
      users: {
        alice: [{ id: "a1", text: "Buy oat milk", completed: false }],
        bob: [{ id: "b1", text: "Water", completed: false }],
      },
    },
    usernameOf: (subject) => subject.replace("-id", ""),
  });
  server.resetHandlers(
    http.get(issuer.jwksUri.href, () => passthrough()),
    ...createTodoHandlers({
      origin: ORIGIN,
      issuer: issuer.issuer,
      jwks: issuer.jwksUri,
      audience: TEST_AUDIENCE,
      store,
      clock: () => now(),
    }),
  );
});

async function call(
  method: string,
  url: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const token = options.token ?? (await issuer.sign());
  return fetch(url, {
    method,
    headers: {
      ...(token !== "" && { authorization: `Bearer ${token}` }),
      ...(options.body !== undefined && { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body !== undefined && {
      body: typeof options.body === "string" ? options.body : JSON.stringify(options.body),
    }),
  });
}

describe("todos", () => {
  it("lists the todos that the fixtures give this user", async () => {
    const response = await call("GET", COLLECTION);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ todos: [{ id: "a1", text: "Buy oat milk", completed: false }] });
  });

  it("gives a user without fixtures the default list", async () => {
    const response = await call("GET", COLLECTION, { token: await issuer.sign({ sub: "carol-id" }) });
    expect(await response.json()).toEqual({ todos: [] });
  });

  it("adds, completes and deletes a todo", async () => {
    const added = await call("POST", COLLECTION, { body: { todoText: "  Learn DaVinci " } });
    expect(added.status).toBe(200);
    const { todos } = (await added.json()) as { todos: { id: string }[] };
    const todo = todos.at(-1) ?? { id: "none" };
    expect(todo).toEqual({ id: expect.any(String), text: "Learn DaVinci", completed: false });

    const completed = await call("PATCH", `${COLLECTION}/${todo.id}`, { body: { completed: true } });
    expect(completed.status).toBe(200);
    expect(await completed.json()).toEqual({ todos: [todos[0], { ...todo, completed: true }] });

    const deleted = await call("DELETE", `${COLLECTION}/${todo.id}`);
    expect(await deleted.json()).toEqual({ todos: [todos[0]] });
    expect(store.list("alice-id").map(({ id }) => id)).toEqual(["a1"]);
  });

  it.each([
    ["PATCH", { completed: true }],
    ["DELETE", undefined],
  ])(
    "answers 404 to %s for an id that is another user's, as for one that never was",
    async (method, body) => {
      const foreign = await call(method, `${COLLECTION}/b1`, { body });
      const unknown = await call(method, `${COLLECTION}/zzz`, { body });
      expect(foreign.status).toBe(404);
      expect(await foreign.text()).toBe(await unknown.text());
      expect(store.list("bob-id")).toEqual([{ id: "b1", text: "Water", completed: false }]);
    },
  );
});

describe("bearer tokens", () => {
  it("accepts a string audience and at+jwt as well", async () => {
    const token = await issuer.sign({ aud: TEST_AUDIENCE }, { typ: "at+jwt" });
    expect((await call("GET", COLLECTION, { token })).status).toBe(200);
  });

  it("answers 401 without an error code when no token is sent (RFC 6750 section 3.1)", async () => {
    const response = await call("GET", COLLECTION, { token: "" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="todo-api"');
  });

  it("ignores a token in the query", async () => {
    const response = await call("GET", `${COLLECTION}?access_token=${await issuer.sign()}`, { token: "" });
    expect(response.status).toBe(401);
  });

  it.each(["Bearer", "Bearer one two", "Bearer <x>"])(
    "answers 400 to the header %j",
    async (authorization) => {
      const response = await call("GET", COLLECTION, { token: "", headers: { authorization } });
      expect(response.status).toBe(400);
      expect(response.headers.get("www-authenticate")).toContain('error="invalid_request"');
    },
  );

  const HOUR = 3600;
  const seconds = () => Math.floor(Date.now() / 1000);
  it.each<[string, (signed: TestIssuer) => Promise<string>]>([
    ["another issuer", (signed) => signed.sign({ iss: "https://evil.example/as" })],
    ["another audience", (signed) => signed.sign({ aud: ["https://api.pingone.com"] })],
    ["an expiry in the past", (signed) => signed.sign({ iat: seconds() - 2 * HOUR, exp: seconds() - HOUR })],
    ["no expiry", (signed) => signed.sign({ exp: undefined })],
    ["no time of issue", (signed) => signed.sign({ iat: undefined })],
    ["our key, but RS512", (signed) => signed.sign({}, { alg: "RS512" })],
    ["no subject", (signed) => signed.sign({ sub: undefined })],
    ["an empty subject", (signed) => signed.sign({ sub: "" })],
    ["a nonce, as ID tokens have", (signed) => signed.sign({ nonce: "n" })],
    ["an at_hash, as ID tokens have", (signed) => signed.sign({ at_hash: "h" })],
    ["an unknown kid", (signed) => signed.sign({}, { kid: "nobody" })],
    ["no kid", (signed) => signed.sign({}, { kid: undefined })],
    ["a changed signature", async (signed) => `${(await signed.sign()).slice(0, -6)}AAAAAA`],
    ["no JWT at all", async () => "opaque"],
  ])("answers 401 invalid_token to a token with %s", async (_, sign) => {
    const response = await call("GET", COLLECTION, { token: await sign(issuer) });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(await response.text()).not.toContain("eyJ");
  });

  it("judges expiry by the emulator's clock", async () => {
    now = () => Date.now() + 2 * HOUR * 1000;
    expect((await call("GET", COLLECTION)).status).toBe(401);
  });

  it.each([
    ["GET", COLLECTION, "todo_api:write openid", "todo_api:read"],
    ["GET", COLLECTION, "todo_api:readonly", "todo_api:read"],
    ["GET", COLLECTION, "openid profile", "todo_api:read"],
    ["POST", COLLECTION, "todo_api:read", "todo_api:write"],
    ["PATCH", `${COLLECTION}/a1`, "todo_api:read", "todo_api:write"],
    ["DELETE", `${COLLECTION}/a1`, "todo_api:read", "todo_api:write"],
  ])(
    "answers 403 to %s %s with the scope %j and names the one it needs",
    async (method, url, scope, needed) => {
      const response = await call(method, url, { token: await issuer.sign({ scope }) });
      expect(response.status).toBe(403);
      expect(response.headers.get("www-authenticate")).toContain(`error="insufficient_scope"`);
      expect(response.headers.get("www-authenticate")).toContain(`scope="${needed}"`);
      expect(store.list("alice-id")).toEqual([{ id: "a1", text: "Buy oat milk", completed: false }]);
    },
  );

  it("answers 403 to a token whose scope is a list instead of a string", async () => {
    const token = await issuer.sign({ scope: ["todo_api:read"] });
    expect((await call("GET", COLLECTION, { token })).status).toBe(403);
  });

  it("meets a rolled key at the next request, and refuses the old one once it is gone", async () => {
    const before = await issuer.sign();
    expect((await call("GET", COLLECTION, { token: before })).status).toBe(200);
    await issuer.rotate();
    expect((await call("GET", COLLECTION, { token: await issuer.sign() })).status).toBe(200);
    expect((await call("GET", COLLECTION, { token: before })).status).toBe(200);
    await issuer.rotate({ drop: true });
    expect((await call("GET", COLLECTION, { token: await issuer.sign() })).status).toBe(200);
    expect((await call("GET", COLLECTION, { token: before })).status).toBe(401);
  });

  it("fetches the keys once for many requests", async () => {
    const before = issuer.jwksRequests();
    for (let i = 0; i < 3; i += 1) await call("GET", COLLECTION);
    expect(issuer.jwksRequests() - before).toBe(1);
  });

  it.each([
    ["fails", () => issuer.failWith(500)],
    ["sends no keys", () => server.use(http.get(issuer.jwksUri.href, () => HttpResponse.json({})))],
  ])("answers 503, not 401, when the issuer %s", async (_, fail) => {
    fail();
    const response = await call("GET", COLLECTION);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: "issuer_unavailable" });
  });
});

describe("bodies", () => {
  it.each([
    ["POST", COLLECTION, {}],
    ["POST", COLLECTION, { todoText: "" }],
    ["POST", COLLECTION, { todoText: "   " }],
    ["POST", COLLECTION, { todoText: 7 }],
    ["POST", COLLECTION, { todoText: "x".repeat(1001) }],
    ["POST", COLLECTION, []],
    ["POST", COLLECTION, "null"],
    ["PATCH", `${COLLECTION}/a1`, {}],
    ["PATCH", `${COLLECTION}/a1`, { completed: "true" }],
  ])("answers 422 to %s %s with %j", async (method, url, body) => {
    const response = await call(method, url, { body });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: "invalid_body" });
  });

  it("answers 400 to malformed JSON", async () => {
    expect((await call("POST", COLLECTION, { body: '{"todoText":' })).status).toBe(400);
  });

  it("answers 415 to a form", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await call("POST", COLLECTION, { body: "todoText=x", headers })).status).toBe(415);
  });

  it("answers 413 to more than the limit", async () => {
    const body = { todoText: "x".repeat(MAX_BODY_BYTES) };
    expect((await call("POST", COLLECTION, { body })).status).toBe(413);
  });
});

describe("other requests", () => {
  it.each([
    ["PUT", COLLECTION, "GET, POST"],
    ["DELETE", COLLECTION, "GET, POST"],
    ["GET", `${COLLECTION}/a1`, "PATCH, DELETE"],
  ])("answers 405 to %s %s with the methods there are", async (method, url, allow) => {
    const response = await call(method, url);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
  });

  it("makes an unmatched request fail the test that sent it", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    await expect(call("GET", `${ORIGIN}/api/lists`)).rejects.toThrow();
    expect(said.mock.calls.flat().join(" ")).toContain(`GET ${ORIGIN}/api/lists`);
    said.mockRestore();
  });
});
