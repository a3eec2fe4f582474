import { describe, expect, it } from "vitest";
import { endpointOf } from "../kit/emulator.ts";
import { createFaultCatalogue } from "../kit/faults/catalogue.ts";
import { TODO } from "./definition.ts";

it.each([
  ["GET", "/api/todos", "todos.list"],
  ["POST", "/api/todos", "todos.add"],
  ["PATCH", "/api/todos/1", "todos.update"],
  ["DELETE", "/api/todos/1", "todos.delete"],
  ["PUT", "/api/todos", undefined],
  ["GET", "/api/todos/1", undefined],
  ["GET", "/", undefined],
])("calls %s %s %s", (method, path, name) => {
  expect(endpointOf(TODO, { method, path })).toBe(name);
});

const catalogue = createFaultCatalogue([TODO]);
const respond = async (fault: { endpoint: string; fault: string; count?: number }, made = new Response()) => {
  const parsed = catalogue.parse(fault);
  const context = { c: {} as never, made, errorBody: TODO.errorBody };
  const response = await parsed.definition.respond?.({ ...parsed }, context);
  if (response === undefined) throw new Error(`${fault.fault} has no answer.`);
  return response;
};
const made = (body: unknown, init?: ResponseInit) => Response.json(body, init);

describe("faults", () => {
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
});
