/**
 * The Todo API as an array of MSW handlers. Tests pass them to `setupServer` of `msw/node`; in the offline loop,
 * `server.ts` serves them over HTTP.
 *
 * Every success is a 200 response with the user's whole list, `{ todos: [{ id, text, completed }] }`, as in the real
 * Todo API for each of its four operations.
 *
 * | request | scope |
 * |---|---|
 * | `GET /api/todos` | `todo_api:read` |
 * | `POST /api/todos` `{ todoText }` | `todo_api:write` |
 * | `PATCH /api/todos/:id` `{ completed }` | `todo_api:write` |
 * | `DELETE /api/todos/:id` | `todo_api:write` |
 */
import type { JWTVerifyGetKey } from "jose";
import { type DefaultBodyType, HttpResponse, http, type RequestHandler, type StrictRequest } from "msw";
import { z } from "zod";
import type { Clock } from "../kit/clock.ts";
import { type BearerRefusal, type BearerRules, challengeOf, remoteKeys, verifyBearer } from "./bearer.ts";
import { readJson } from "./json-body.ts";
import type { TodoStore } from "./store.ts";

const TODO_SCOPES = { read: "todo_api:read", write: "todo_api:write" } as const;
const MAX_TODO_LENGTH = 1000;

/** The routes of this API, listed in the response to a request for any other. */
export const TODO_ROUTES = [
  "GET /api/todos",
  "POST /api/todos",
  "PATCH /api/todos/:id",
  "DELETE /api/todos/:id",
] as const;

type ApiRequest = StrictRequest<DefaultBodyType>;

export interface TodoHandlerOptions {
  /** Scheme, host and port that the handlers match. */
  readonly origin: string;
  readonly issuer: string;
  /** The issuer's JWKS: its URL, or a key resolver of jose. */
  readonly jwks: URL | JWTVerifyGetKey;
  readonly audience: string;
  readonly store: TodoStore;
  readonly clock: Clock;
}

const newTodoSchema = z.object({
  todoText: z
    .string("todoText is a string")
    .trim()
    .min(1, "todoText is not empty")
    .max(MAX_TODO_LENGTH, `todoText is at most ${MAX_TODO_LENGTH} characters long`),
});
const changeSchema = z.object({ completed: z.boolean("completed is true or false") });

export function createTodoHandlers(options: TodoHandlerOptions): RequestHandler[] {
  const { origin, store } = options;
  const rules: BearerRules = {
    issuer: options.issuer,
    audience: options.audience,
    keys: options.jwks instanceof URL ? remoteKeys(options.jwks) : options.jwks,
    clock: options.clock,
  };
  const collection = `${origin}/api/todos`;
  const item = `${origin}/api/todos/:id`;

  const protect =
    (
      scope: string,
      answer: (call: { request: ApiRequest; subject: string; id: string }) => Promise<Response> | Response,
    ) =>
    async ({
      request,
      params,
    }: {
      request: ApiRequest;
      params: Record<string, unknown>;
    }): Promise<Response> => {
      let outcome: Awaited<ReturnType<typeof verifyBearer>>;
      try {
        outcome = await verifyBearer(request.headers.get("authorization"), scope, rules);
      } catch (error) {
        const cause = error instanceof Error ? error.message : String(error);
        return problem(503, "issuer_unavailable", `The keys of ${rules.issuer} cannot be had: ${cause}`);
      }
      if (outcome.refusal !== undefined) return refuse(outcome.refusal);
      return answer({ request, subject: outcome.subject, id: String(params.id ?? "") });
    };

  const wholeList = (subject: string) => HttpResponse.json({ todos: store.list(subject) });

  return [
    http.get(
      collection,
      protect(TODO_SCOPES.read, ({ subject }) => wholeList(subject)),
    ),
    http.post(
      collection,
      protect(TODO_SCOPES.write, async ({ request, subject }) => {
        const body = await readJson(request, newTodoSchema);
        if (body.problem !== undefined)
          return problem(body.problem.status, body.problem.error, body.problem.message);
        store.add(subject, body.value.todoText);
        return wholeList(subject);
      }),
    ),
    http.patch(
      item,
      protect(TODO_SCOPES.write, async ({ request, subject, id }) => {
        const body = await readJson(request, changeSchema);
        if (body.problem !== undefined)
          return problem(body.problem.status, body.problem.error, body.problem.message);
        const todo = store.setCompleted(subject, id, body.value.completed);
        return todo === undefined ? noSuchTodo() : wholeList(subject);
      }),
    ),
    http.delete(
      item,
      protect(TODO_SCOPES.write, ({ subject, id }) =>
        store.delete(subject, id) ? wholeList(subject) : noSuchTodo(),
      ),
    ),
    http.all(collection, ({ request }) => wrongMethod(request, ["GET", "POST"])),
    http.all(item, ({ request }) => wrongMethod(request, ["PATCH", "DELETE"])),
  ];
}

/** The error format of this API: an error code and a message. */
export function problem(
  status: number,
  error: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return HttpResponse.json({ error, message }, { status, headers });
}

function refuse(refusal: BearerRefusal): Response {
  return problem(refusal.status, refusal.error ?? "unauthorized", refusal.description, {
    "www-authenticate": challengeOf(refusal),
  });
}

/** The response for an unknown id and for an id of another user is the same, so that ids cannot be probed. */
function noSuchTodo(): Response {
  return problem(404, "not_found", "There is no such todo. GET /api/todos lists the ids there are.");
}

function wrongMethod(request: ApiRequest, allowed: readonly string[]): Response {
  const message = `${request.method} is not for ${new URL(request.url).pathname}. Use ${allowed.join(" or ")}.`;
  return problem(405, "method_not_allowed", message, { allow: allowed.join(", ") });
}
