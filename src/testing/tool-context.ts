/** Runs tools with a caller, a token and a Todo API whose answer the test chooses. */
import { test, vi } from "vitest";
import type { PingSessionOutcome } from "../auth/ping-types.ts";
import { ALL_TODO_SCOPES, type Settings } from "../config.ts";
import type { TodoOutcome } from "../todoApi.client.ts";
import { type Caller, createToolContext, TOOLS, type Tool, type ToolContext } from "../tools.ts";
import { testSettings } from "./settings.ts";

const EXPIRES_AT = Date.parse("2026-11-24T12:00:00Z") / 1000;
export const VALID_TOKEN = {
  kind: "valid",
  accessToken: "the-access-token",
  expiresAt: EXPIRES_AT,
  scopes: ALL_TODO_SCOPES,
} satisfies PingSessionOutcome;
export const TODOS = {
  kind: "todos",
  todos: [{ id: "1", text: "Buy milk", completed: true }],
  scopes: ALL_TODO_SCOPES,
} satisfies TodoOutcome;

export const CALLER: Caller = {
  userId: "b7c1",
  clientId: "client-1",
  scopes: [...ALL_TODO_SCOPES],
  person: { sub: "b7c1", name: "Alice Ames", username: "alice", email: "alice@example.com" },
  pingSessionId: "p",
  requestId: undefined,
  deadline: Number.POSITIVE_INFINITY,
};

/** Fixture of {@link it}: every line that was logged in the test. */
export const log: string[] = [];

export const it = test.extend("logging", { auto: true }, ({ onTestFinished }) => {
  log.length = 0;
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line: string) => void log.push(line));
  }
  onTestFinished(() => void vi.restoreAllMocks());
});

/** A context whose Todo API answers every call with this outcome, or throws it. */
export function contextWith(
  options: {
    caller?: Partial<Caller>;
    outcome?: TodoOutcome | Error;
    token?: PingSessionOutcome;
    settings?: Settings;
  } = {},
): ToolContext {
  const context = createToolContext({ ...CALLER, ...options.caller }, options.settings ?? testSettings(), {
    getAccessToken: async () => options.token ?? VALID_TOKEN,
    reportRefusal: async () => {},
    reportAcceptance: async () => {},
  });
  const answer = async () => {
    const outcome = options.outcome ?? TODOS;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  for (const operation of ["listTodos", "addTodo", "toggleTodo", "deleteTodo"] as const) {
    vi.spyOn(context.todoApi, operation).mockImplementation(answer);
  }
  return context;
}

export function toolNamed(name: string): Tool {
  const tool = TOOLS.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`There is no tool ${name}.`);
  return tool;
}

export const GOOD_INPUT: Readonly<Record<string, Record<string, unknown>>> = {
  whoAmI: {},
  listTodos: {},
  addTodo: { text: "Buy milk" },
  toggleTodo: { todoId: "1", completed: true },
  deleteTodo: { todoId: "1" },
};
