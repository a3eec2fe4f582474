import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { HttpResponse, http } from "msw";
import { describe, expect, it } from "vitest";
import { listen } from "../kit/listen.ts";
import { answer, createTodoApp } from "./server.ts";
import { TodoStore } from "./store.ts";
import { createTestIssuer, TEST_AUDIENCE } from "./testing/issuer.ts";

const ORIGIN = "http://127.0.0.1:1";

/** Starts the API and an issuer whose tokens it accepts. */
async function startTodo() {
  const issuer = await createTestIssuer();
  const store = new TodoStore({ seeds: { default: [], users: {} }, usernameOf: () => undefined });
  const app = createTodoApp({
    issuer: issuer.issuer,
    jwks: issuer.jwksUri,
    audience: TEST_AUDIENCE,
    store,
    clock: Date.now,
  });
  const { origin, close } = await listen(app, { port: 0, need: "the Todo API emulator" });
  return {
    origin,
    issuer,
    [Symbol.asyncDispose]: () => Promise.all([close(), issuer[Symbol.asyncDispose]()]).then(() => {}),
  };
}

describe("the Todo API emulator over HTTP", () => {
  it("adds and lists todos with keys fetched from the issuer", async () => {
    await using todo = await startTodo();
    const headers = {
      authorization: `Bearer ${await todo.issuer.sign()}`,
      "content-type": "application/json",
    };
    const url = `${todo.origin}/api/todos`;
    const added = await fetch(url, { method: "POST", headers, body: '{"todoText":"Buy milk"}' });
    expect(added.status).toBe(200);
    expect(await (await fetch(url, { headers })).json()).toEqual(await added.json());
  });

  it("answers 413 to a body of 3 MB, with its length and in chunks", async () => {
    await using todo = await startTodo();
    const headers = {
      authorization: `Bearer ${await todo.issuer.sign()}`,
      "content-type": "application/json",
    };
    const text = JSON.stringify({ todoText: "x".repeat(3_000_000) });
    for (const body of [text, new Blob([text]).stream()]) {
      const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
      const response = await fetch(`${todo.origin}/api/todos`, init);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ error: "body_too_large" });
    }
  });

  it("answers 501 with method, path and what there is when nothing matches", async () => {
    await using todo = await startTodo();
    const response = await fetch(`${todo.origin}/api/lists`, { method: "POST" });
    expect(response.status).toBe(501);
    const { message } = (await response.json()) as { message: string };
    expect(message).toContain("POST /api/lists");
    expect(message).toContain("PATCH /api/todos/:id");
  });

  it("answers on loopback only, whatever name the caller uses", async () => {
    await using todo = await startTodo();
    expect(todo.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const sent = request(`${todo.origin}/api/todos`, { headers: { host: "elsewhere.example" } }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(401);
  });
});

describe("the adapter for MSW handlers", () => {
  it("answers 500 with the cause when a handler throws", async () => {
    const handlers = [
      http.get(`${ORIGIN}/boom`, () => {
        throw new Error("wires crossed");
      }),
    ];
    const response = await answer(handlers, ORIGIN, new Request("http://localhost:9/boom"));
    expect(response?.status).toBe(500);
    expect(await response?.text()).toContain("wires crossed");
  });

  it("asks for a broken connection when a handler returns a network error", async () => {
    const handlers = [http.get(`${ORIGIN}/gone`, () => HttpResponse.error())];
    expect(await answer(handlers, ORIGIN, new Request("http://localhost:9/gone"))).toBeUndefined();
  });

  it("passes on the query and the body", async () => {
    const handlers = [
      http.post(`${ORIGIN}/echo`, async ({ request: received }) =>
        HttpResponse.text(`${new URL(received.url).search} ${await received.text()}`),
      ),
    ];
    const sent = new Request("http://localhost:9/echo?a=1", { method: "POST", body: "hello" });
    expect(await (await answer(handlers, ORIGIN, sent))?.text()).toBe("?a=1 hello");
  });
});

describe("listen", () => {
  it("passes on an error that is not about the port", async () => {
    await expect(listen({ fetch: undefined } as never, { port: 70_000, need: "x" })).rejects.toThrow(/port/i);
  });
});
