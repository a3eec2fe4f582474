/** Describes the Todo API to the kit: its endpoints and faults, and what the journal may show of a request. */
import { z } from "zod";
import { defineEmulator, type RequestLine } from "../kit/emulator.ts";
import { answerWith, defineFault } from "../kit/faults/fault.ts";
import type { TodoStore } from "./store.ts";

export interface RunningTodo {
  readonly store: TodoStore;
  /** The user name of a token's `sub`. */
  usernameOf(subject: string): string | undefined;
}

const COLLECTION = "/api/todos";
const isCollection = ({ path }: RequestLine) => path === COLLECTION;
const isItem = ({ path }: RequestLine) => path.startsWith(`${COLLECTION}/`);
const endpoints = {
  "todos.list": (request) => request.method === "GET" && isCollection(request),
  "todos.add": (request) => request.method === "POST" && isCollection(request),
  "todos.update": (request) => request.method === "PATCH" && isItem(request),
  "todos.delete": (request) => request.method === "DELETE" && isItem(request),
} satisfies Record<string, (request: RequestLine) => boolean>;
const ENDPOINT_NAMES = Object.keys(endpoints) as (keyof typeof endpoints)[];

export const TODO = defineEmulator({
  name: "todo",
  title: "Todo API",
  endpoints,
  faults: {
    unauthorized: problemFault("401 invalid_token.", 401, challengeOf("invalid_token")),
    forbidden: problemFault("403 insufficient_scope.", 403, challengeOf("insufficient_scope")),
    not_found: problemFault("404.", 404),
    conflict: problemFault("409.", 409),
    unprocessable: problemFault("422.", 422),
    very_large_list: defineFault({
      moment: "after",
      about: "A list of thousands of todos.",
      endpoints: ["todos.list"],
      options: {
        count: z.int().min(1).max(200_000).default(10_000).meta({ title: "Count" }),
      },
      // The fault changes only successful responses. A refusal is passed on.
      respond: ({ count }, { made }) => (made.status === 200 ? largeList(count) : made),
    }),
  },
  verbs: {},
  redaction: { shownParameters: ["completed", "id", "text", "todoText"] },
  page: {
    facts: ({ todosByUser }) => {
      const counts = Object.entries(todosByUser).map(([user, count]) => `${user} ${count}`);
      return [["Todos", counts.join(", ") || "nobody has asked for theirs"]];
    },
  },
  errorBody,
  readLogin: ({ headers }) => {
    const accessToken = /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    return accessToken === undefined ? {} : { credentials: { accessToken } };
  },
  state: ({ store, usernameOf }: RunningTodo) => ({
    todosByUser: Object.fromEntries(
      [...store.counts()].map(([subject, count]): [string, number] => [
        usernameOf(subject) ?? subject,
        count,
      ]),
    ),
  }),
  reset: ({ store }: RunningTodo) => store.reset(),
  snapshot: ({ store }: RunningTodo) => store.snapshot(),
  restore: ({ store }: RunningTodo, snapshot) => store.restore(snapshot),
});

/** A fault that refuses the request in the error format of the API. */
function problemFault(about: string, status: number, headers?: Readonly<Record<string, string>>) {
  return defineFault({
    moment: "instead",
    about,
    endpoints: ENDPOINT_NAMES,
    respond: () => answerWith(errorBody(status), status, headers),
  });
}

/** RFC 6750 section 3. */
function challengeOf(error: string): Record<string, string> {
  return {
    "www-authenticate": `Bearer realm="todo-api", error="${error}", error_description="Queued fault."`,
  };
}

const REASONS: Readonly<Record<number, string>> = {
  401: "invalid_token",
  403: "insufficient_scope",
  404: "not_found",
  409: "conflict",
  422: "invalid_body",
  429: "too_many_requests",
};

function errorBody(status: number): { error: string; message: string } {
  const error = REASONS[status] ?? (status >= 500 ? "server_error" : "error");
  return { error, message: `The emulator was told to answer ${status}.` };
}

function largeList(count: number): Response {
  const todos = Array.from({ length: count }, (_, at) => ({
    id: `large-${at}`,
    text: `Todo ${at} of a very large list`,
    completed: at % 2 === 0,
  }));
  return answerWith({ todos }, 200);
}
