import { describe, expect, it } from "vitest";
import { type FaultRequest, httpFaultSchema } from "./catalogue.ts";
import { faultResponse } from "./responses.ts";

const made = (body: unknown, init?: ResponseInit) => Response.json(body, init);
const respond = (fault: FaultRequest, answer?: Response) =>
  faultResponse(httpFaultSchema.parse(fault), "todo", answer);

describe("faultResponse for the Todo API", () => {
  it.each([
    ["unauthorized", 401, "invalid_token"],
    ["forbidden", 403, "insufficient_scope"],
    ["not_found", 404, "not_found"],
    ["conflict", 409, "conflict"],
    ["unprocessable", 422, "invalid_body"],
    ["rate_limited", 429, "too_many_requests"],
    ["server_error", 503, "server_error"],
  ] as const)("answers %s with %i in the API's own form", async (fault, status, error) => {
    const response = await respond({ endpoint: "todos.add", fault });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error, message: expect.any(String) });
  });

  it.each([
    ["unauthorized", 'error="invalid_token"'],
    ["forbidden", 'error="insufficient_scope"'],
  ] as const)("challenges with %s as RFC 6750 says", async (fault, challenge) => {
    const response = await respond({ endpoint: "todos.list", fault });
    expect(response.headers.get("www-authenticate")).toContain(challenge);
  });

  it("says when to come back", async () => {
    const response = await respond({ endpoint: "todos.list", fault: "rate_limited", retryAfterSeconds: 30 });
    expect(response.headers.get("retry-after")).toBe("30");
  });

  it("answers with the 5xx that is asked for", async () => {
    expect((await respond({ endpoint: "todos.list", fault: "server_error", status: 500 })).status).toBe(500);
  });

  it("lists as many todos as are asked for, each with an id of its own", async () => {
    const response = await respond(
      { endpoint: "todos.list", fault: "very_large_list", count: 5000 },
      made({ todos: [] }),
    );
    const { todos } = (await response.json()) as {
      todos: { id: string; text: string; completed: boolean }[];
    };
    expect(new Set(todos.map(({ id }) => id)).size).toBe(5000);
    expect(todos[0]).toEqual({
      id: expect.any(String),
      text: expect.any(String),
      completed: expect.any(Boolean),
    });
  });

  it("lists nothing to a request that was refused", async () => {
    const refused = made({ error: "invalid_token" }, { status: 401 });
    expect((await respond({ endpoint: "todos.list", fault: "very_large_list" }, refused)).status).toBe(401);
  });

  it.each(["malformed_json", "wrong_content_type", "trickle"] as const)(
    "leaves an answer that has no body without one under %s",
    async (fault) => {
      const response = await respond(
        { endpoint: "todos.delete", fault },
        new Response(null, { status: 204 }),
      );
      expect(response.status).toBe(204);
      expect(await response.text()).toBe("");
    },
  );

  it("cuts even the shortest body into something that is not JSON", async () => {
    const response = await respond({ endpoint: "todos.list", fault: "malformed_json" }, new Response("1"));
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it("keeps no length that is no longer true", async () => {
    const answer = new Response('{"todos":[]}', { headers: { "content-length": "12" } });
    const response = await respond({ endpoint: "todos.list", fault: "malformed_json" }, answer);
    expect(response.headers.get("content-length")).toBeNull();
  });

  it("calls the body what it is told", async () => {
    const fault: FaultRequest = {
      endpoint: "todos.list",
      fault: "wrong_content_type",
      contentType: "image/png",
    };
    const response = await respond(fault, made({ todos: [] }));
    expect(response.headers.get("content-type")).toBe("image/png");
  });
});
