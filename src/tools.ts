/**
 * Every tool as one record. Both lanes register from this table, so that clients of every protocol get the same tools.
 */
import { decode } from "hono/jwt";
import { z } from "zod";
import type { PingSession } from "./auth/ping-session.ts";
import type { PingSessionOutcome, UsableToken } from "./auth/ping-types.ts";
import { isTodoScope, nameOfPerson, type Person, type Settings, type TodoScope } from "./config.ts";
import { budgetLeftMs } from "./deadline.ts";
import { continueRequest, createReference, errorName, logOfRequest, logProblem } from "./log.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "./retry-after.ts";
import {
  type AccessTokenSource,
  explainMissingToken,
  TodoApiClient,
  type TodoFailure,
  type TodoOutcome,
} from "./todoApi.client.ts";

/** The person, client and scopes of a request. */
export interface Caller {
  readonly userId: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly person: Person;
  readonly pingSessionId: string;
  /** Id of the HTTP request, for the log. */
  readonly requestId?: string | undefined;
  /** Epoch milliseconds by which all upstream requests must have ended. */
  readonly deadline: number;
  /** The PingSession's answer for this request; absent if no tool is called and PingOne cannot be reached. */
  readonly token?: UsableToken | undefined;
}

/** What a tool can use. */
export interface ToolContext {
  readonly caller: Caller;
  readonly settings: Settings;
  readonly todoApi: TodoApiClient;
  readonly tokens: AccessTokenSource;
}

/** A tool result that is valid in every supported protocol version. */
export interface ToolResult {
  [key: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

interface ToolAnnotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

type ToolOutcome<Output> = { readonly kind: "answer"; output: Output; text: string } | ToolFailure;

export type ToolFailure =
  | TodoFailure
  /** An error in the Worker itself. */
  | { readonly kind: "internal"; readonly detail: string };

export type ToolName = "whoAmI" | "listTodos" | "addTodo" | "toggleTodo" | "deleteTodo";

/** One tool. All `scopes` are required. The handler returns failures; {@link runTool} writes their messages. */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly name: ToolName;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly TodoScope[];
  readonly inputSchema: Input;
  readonly outputSchema: Output;
  readonly annotations: ToolAnnotations;
  handle(input: z.infer<Input>, context: ToolContext): Promise<ToolOutcome<z.infer<Output>>>;
}

function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(tool: Tool<Input, Output>): Tool {
  return {
    ...tool,
    // The table's type hides the input type of each tool, so the input is parsed here again.
    handle: async (input, context) => tool.handle(tool.inputSchema.parse(input), context),
  };
}

const MAXIMUM_TEXT_LENGTH = 1000;

const todoId = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/, "must be an id from listTodos")
  .describe("Id of the todo, as listTodos returns it");

const todoList = z.object({
  todos: z
    .array(
      z.object({
        id: z.string().describe("Id for toggleTodo and deleteTodo"),
        text: z.string().describe("What is to be done"),
        completed: z.boolean().describe("Whether it is done"),
      }),
    )
    .describe("The person's whole list; empty where this connection may not read it"),
});

const readOnly: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

const listTodos = defineTool({
  name: "listTodos",
  title: "List todos",
  description:
    "Returns the signed-in person's todos with their ids. Call it before changing or deleting one.",
  scopes: ["todo_api:read"],
  inputSchema: z.object({}),
  outputSchema: todoList,
  annotations: readOnly,
  handle: async (_input, { todoApi, caller }) => describeList(await todoApi.listTodos(), caller),
});

const addTodo = defineTool({
  name: "addTodo",
  title: "Add a todo",
  description:
    "Adds one todo and returns the whole list. Each call adds another one: if a call fails without a clear answer, " +
    'call listTodos before trying again. Example: {"text": "Buy milk"}.',
  scopes: ["todo_api:write"],
  inputSchema: z.object({
    text: z.string().trim().min(1).max(MAXIMUM_TEXT_LENGTH).describe("What is to be done, in one line"),
  }),
  outputSchema: todoList,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  handle: async ({ text }, { todoApi, caller }) => describeList(await todoApi.addTodo(text), caller),
});

const toggleTodo = defineTool({
  name: "toggleTodo",
  title: "Mark a todo as done or open",
  description:
    'Sets whether a todo is done and returns the whole list. Example: {"todoId": "3", "completed": true}.',
  scopes: ["todo_api:write"],
  inputSchema: z.object({ todoId, completed: z.boolean().describe("true for done, false for open") }),
  outputSchema: todoList,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  handle: async (input, { todoApi, caller }) =>
    describeList(await todoApi.toggleTodo(input.todoId, input.completed), caller),
});

const deleteTodo = defineTool({
  name: "deleteTodo",
  title: "Delete a todo",
  description: 'Deletes a todo for good and returns the list that is left. Example: {"todoId": "3"}.',
  scopes: ["todo_api:write"],
  inputSchema: z.object({ todoId }),
  outputSchema: todoList,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  handle: async (input, { todoApi, caller }) => describeList(await todoApi.deleteTodo(input.todoId), caller),
});

const whoAmI = defineTool({
  name: "whoAmI",
  title: "Who am I",
  description:
    "Returns who is signed in, what this connection may do, and for which API PingOne's token is meant.",
  scopes: [],
  inputSchema: z.object({}),
  outputSchema: z.object({
    sub: z.string().describe("The person's id at PingOne"),
    name: z.string().optional().describe("The person's name"),
    username: z.string().optional().describe("The person's user name at PingOne"),
    email: z.string().optional().describe("The person's e-mail address"),
    scopes: z.array(z.string()).describe("What this connection may do at the Todo API"),
    audience: z.string().describe("The API that PingOne's access token is meant for"),
    expiresAt: z
      .string()
      .describe("When PingOne's access token expires (ISO 8601, UTC); it is renewed by itself"),
    accessToken: z
      .string()
      .optional()
      .describe(
        "PingOne's access token, where this server is set up to show it and it allows no more than this connection",
      ),
  }),
  annotations: readOnly,
  handle: async (_input, { caller, settings, tokens }) => {
    const token = await tokens.getAccessToken();
    if (token.kind === "expired" || token.kind === "unavailable") return explainMissingToken(token);
    const scopes = token.scopes.filter((scope) => caller.scopes.includes(scope));
    // SECURITY: a connection must not get a token with more scopes than it has itself.
    const isShown =
      settings.WHOAMI_ACCESS_TOKEN === "include" &&
      todoScopesIn(token).every((scope) => caller.scopes.includes(scope));
    return {
      kind: "answer",
      output: {
        ...caller.person,
        scopes,
        audience: settings.API_IDENTIFIER,
        expiresAt: new Date(token.expiresAt * 1000).toISOString(),
        ...(isShown && { accessToken: token.accessToken }),
      },
      text: `Signed in as ${nameOfPerson(caller.person)}. Scopes: ${scopes.join(" ")}.`,
    };
  },
});

const scopeClaimSchema = z.object({ scope: z.string() });

/** The scopes in PingOne's token, which can be more than were requested or than this server uses. */
function todoScopesIn({ accessToken, scopes }: UsableToken): readonly TodoScope[] {
  try {
    const claims = scopeClaimSchema.safeParse(decode(accessToken).payload);
    return claims.success ? claims.data.scope.split(" ").filter(isTodoScope) : scopes;
  } catch {
    return scopes;
  }
}

/** All tools, in the order of `tools/list`. */
export const TOOLS: readonly Tool[] = [whoAmI, listTodos, addTodo, toggleTodo, deleteTodo];

/**
 * The Todo API answers a change with the whole list. It must not be returned if this connection or PingOne's token may
 * only write.
 */
function describeList(outcome: TodoOutcome, { scopes }: Caller): ToolOutcome<z.infer<typeof todoList>> {
  if (outcome.kind !== "todos") return outcome;
  if (!scopes.includes("todo_api:read") || !outcome.scopes.includes("todo_api:read")) {
    return {
      kind: "answer",
      output: { todos: [] },
      text: "Done. This connection may not read the list.",
    };
  }
  const lines = outcome.todos.map(
    ({ id, text, completed }) => `- [${completed ? "x" : " "}] ${text} (id ${id})`,
  );
  return {
    kind: "answer",
    output: { todos: [...outcome.todos] },
    text: lines.length === 0 ? "The list is empty." : lines.join("\n"),
  };
}

/** The tool description that both SDKs take. */
export function describeTool({ title, description, inputSchema, outputSchema, annotations }: Tool) {
  return { title, description, inputSchema, outputSchema, annotations: { ...annotations } };
}

/** Runs a tool and turns every failure into a message that tells the model what to do next. */
export function runTool(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolResult> {
  return continueRequest(context.caller.requestId, async (): Promise<ToolResult> => {
    const startedAt = Date.now();
    const missing = tool.scopes.filter((scope) => !context.caller.scopes.includes(scope));
    if (missing.length > 0) return toolError(missingScopeText(missing));
    const outcome = await tool.handle(input, context).catch(
      // A defect of the Worker: expected failures are outcomes.
      (error: unknown): ToolFailure => ({ kind: "internal", detail: errorName(error) }),
    );
    const duration_ms = Date.now() - startedAt;
    if (outcome.kind === "answer") {
      logOfRequest("tool.done", { tool: tool.name, tool_ms: duration_ms });
      return { content: [{ type: "text", text: outcome.text }], structuredContent: outcome.output };
    }
    const reference = createReference();
    logProblem("tool.failed", {
      tool: tool.name,
      reference,
      error: outcome.kind,
      detail: "detail" in outcome ? outcome.detail : undefined,
      duration_ms,
    });
    return toolError(explainFailure(outcome, tool, reference));
  });
}

function missingScopeText(scopes: readonly string[]): string {
  return `This connection lacks the permission ${scopes.join(" ")}. Ask the person to connect again and to allow it.`;
}

function explainFailure(failure: ToolFailure, tool: Tool, reference: string): string {
  switch (failure.kind) {
    case "sign_in_required":
      return "The sign-in at PingOne has ended. Ask the person to connect again and to sign in; then repeat this call.";
    case "pingone_unavailable":
      return (
        `The sign-in service (PingOne) cannot be reached at the moment (reference ${reference}). ` +
        `Try again after ${failure.retryAfterSeconds} seconds.`
      );
    case "refused":
      return (
        `The Todo API refuses this sign-in although PingOne accepts it (reference ${reference}). ` +
        "Try again in a few minutes. If it is still refused then, ask the person to connect again and to sign in."
      );
    case "missing_scope":
      return missingScopeText([failure.scope]);
    case "forbidden":
      return "The Todo API does not allow this person to do this. Signing in again does not help.";
    case "not_found":
      return "There is no todo with this id. Call listTodos and use an id from its answer.";
    case "conflict":
      return "The todo was changed by somebody else in the meantime. Call listTodos, then decide again.";
    case "invalid_request":
      return "The Todo API did not accept this input. Change it, for instance to a shorter text, before trying again.";
    case "answer_too_large":
      return (
        `The Todo API has accepted this call, but its answer is too large to read (reference ${reference}). ` +
        "Do not repeat this call: tell the person that their list is too long."
      );
    case "unavailable": {
      const wait = `The Todo API cannot be used at the moment (reference ${reference}).`;
      const seconds = failure.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS;
      return failure.outcomeUnknown && !tool.annotations.idempotentHint
        ? `${wait} The change may or may not have been made: call listTodos after ${seconds} seconds ` +
            "and look before you repeat it."
        : `${wait} Try again after ${seconds} seconds.`;
    }
    case "internal":
      return `This tool failed because of an error in the server (reference ${reference}). Tell the person about it.`;
  }
}

function toolError(text: string): ToolResult {
  return { content: [{ type: "text", text }], isError: true };
}

/** The methods of a PingSession that the tools use. */
type PingSessionHandle = Pick<PingSession, "getAccessToken" | "reportRefusal" | "reportAcceptance">;

/** Builds the tool context for one call of one caller. */
export function createToolContext(
  caller: Caller,
  settings: Settings,
  tokens: PingSessionHandle,
): ToolContext {
  const { requestId, deadline } = caller;
  // The router has asked the PingSession; ask again only about a refused token.
  let latest: PingSessionOutcome | undefined = caller.token;
  const ofRequest: AccessTokenSource = {
    getAccessToken: async (options) => {
      if (latest === undefined || options !== undefined) {
        latest = await tokens.getAccessToken({ ...options, requestId, waitAtMostMs: budgetLeftMs(deadline) });
      }
      return latest;
    },
    reportRefusal: (accessToken) => tokens.reportRefusal({ accessToken, requestId }),
    reportAcceptance: () => tokens.reportAcceptance(),
  };
  const todoApi = new TodoApiClient({
    baseUrl: settings.API_URL,
    timeoutMs: settings.UPSTREAM_TIMEOUT_SECONDS * 1000,
    deadline,
    tokens: ofRequest,
  });
  return { caller, settings, todoApi, tokens: ofRequest };
}
