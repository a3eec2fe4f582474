/**
 * Typed HTTP client of the Todo API. Every operation answers with the person's whole list.
 *
 * It asks for an access token per request, and once more with force when the API refuses one. Failures leave as
 * subclasses of {@link TodoApiError}; upstream text never does.
 */
import { z } from "zod";
import { DEFAULT_RETRY_AFTER_SECONDS, readRetryAfter } from "./auth/ping-failures.ts";
import type { PingSessionOutcome } from "./auth/ping-types.ts";
import type { TodoScope } from "./config.ts";

/** The API writes ids as text; a number is the same id. */
export const todoSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  text: z.string(),
  completed: z.boolean(),
});
export type Todo = z.infer<typeof todoSchema>;

const listSchema = z.object({ todos: z.array(todoSchema) });

/** A list beyond this is of no use to a model. */
const MAXIMUM_RESPONSE_BYTES = 1024 * 1024;

const COLLECTION_PATH = "/api/todos";
const MAXIMUM_READ_ATTEMPTS = 3;
const RETRY_BASE_MS = 150;

export abstract class TodoApiError extends Error {}

/** The person must sign in again: PingOne ended the session, or the API refuses even a fresh token. */
export class TodoApiSignInRequiredError extends TodoApiError {
  override readonly name = "TodoApiSignInRequiredError";
}

/** 403: the token lacks the scope, or the person lacks the right. */
export class TodoApiForbiddenError extends TodoApiError {
  override readonly name = "TodoApiForbiddenError";
  readonly scope: TodoScope;

  constructor(scope: TodoScope) {
    super(`Todo API: forbidden without ${scope}`);
    this.scope = scope;
  }
}

export class TodoApiNotFoundError extends TodoApiError {
  override readonly name = "TodoApiNotFoundError";
}

/** 409: the todo changed in the meantime. */
export class TodoApiConflictError extends TodoApiError {
  override readonly name = "TodoApiConflictError";
}

/** 400, 413, 415, 422: the API does not take what was sent. */
export class TodoApiInvalidRequestError extends TodoApiError {
  override readonly name = "TodoApiInvalidRequestError";
}

/** A success whose list is larger than {@link MAXIMUM_RESPONSE_BYTES}: the call was carried out, and repeating it is no use. */
export class TodoApiAnswerTooLargeError extends TodoApiError {
  override readonly name = "TodoApiAnswerTooLargeError";
}

/** 429, 5xx, no answer, or an answer that is none. The same call can succeed later. */
export class TodoApiUnavailableError extends TodoApiError {
  override readonly name = "TodoApiUnavailableError";
  /** A code for the log. */
  readonly detail: string;
  readonly retryAfterSeconds: number;
  /** The API itself has said when to come back (RFC 9110 §10.2.3). */
  readonly asksToWait: boolean;
  /** True when the request may have been carried out although its answer was lost. */
  readonly outcomeUnknown: boolean;

  constructor(detail: string, options: { retryAfterSeconds?: number | undefined; outcomeUnknown: boolean }) {
    super(`Todo API: unavailable (${detail})`);
    this.detail = detail;
    this.retryAfterSeconds = options.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS;
    this.asksToWait = options.retryAfterSeconds !== undefined;
    this.outcomeUnknown = options.outcomeUnknown;
  }
}

/** Where access tokens for the Todo API come from. */
export interface AccessTokenSource {
  /** @param options.rejected a token that the API refused: it is not handed out again */
  getAccessToken(options?: { rejected?: string }): Promise<PingSessionOutcome>;
  /** The API refuses even a fresh token: the sign-in is worth nothing any more. */
  end(options: { revoke: boolean }): Promise<void>;
}

type Call = { method: "GET" | "POST" | "PATCH" | "DELETE"; path: string; body?: unknown; scope: TodoScope };

export class TodoApiClient {
  readonly #baseUrl: URL;
  readonly #timeoutMs: number;
  readonly #deadline: number;
  readonly #tokens: AccessTokenSource;

  /**
   * @param options.timeoutMs how long one request may take
   * @param options.deadline epoch milliseconds by which everything this client does must have ended
   */
  constructor(options: { baseUrl: URL; timeoutMs: number; deadline: number; tokens: AccessTokenSource }) {
    this.#baseUrl = options.baseUrl;
    this.#timeoutMs = options.timeoutMs;
    this.#deadline = options.deadline;
    this.#tokens = options.tokens;
  }

  /** Retried on a passing failure: reading changes nothing. */
  async listTodos(): Promise<Todo[]> {
    const call: Call = { method: "GET", path: COLLECTION_PATH, scope: "todo_api:read" };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#call(call);
      } catch (error) {
        const canRetry =
          error instanceof TodoApiUnavailableError && error.outcomeUnknown && !error.asksToWait;
        const delayMs = retryDelayMs(attempt);
        if (!canRetry || attempt === MAXIMUM_READ_ATTEMPTS || Date.now() + delayMs >= this.#deadline)
          throw error;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  /** Never repeated: an answer that got lost may hide a todo that was added. */
  addTodo(text: string): Promise<Todo[]> {
    return this.#call({
      method: "POST",
      path: COLLECTION_PATH,
      body: { todoText: text },
      scope: "todo_api:write",
    });
  }

  toggleTodo(todoId: string, completed: boolean): Promise<Todo[]> {
    return this.#call({
      method: "PATCH",
      path: todoPath(todoId),
      body: { completed },
      scope: "todo_api:write",
    });
  }

  deleteTodo(todoId: string): Promise<Todo[]> {
    return this.#call({ method: "DELETE", path: todoPath(todoId), scope: "todo_api:write" });
  }

  async #call(call: Call): Promise<Todo[]> {
    const token = await this.#requireToken({});
    const response = await this.#send(call, token);
    if (response.status !== 401) return this.#read(call, response);
    await response.body?.cancel();
    // A token that should be good was refused: it may have been revoked. One forced refresh, one repetition; the
    // API has done nothing yet, so even adding is safe to repeat.
    const retried = await this.#send(call, await this.#requireToken({ rejected: token }));
    if (retried.status === 401) {
      await retried.body?.cancel();
      // Ended, so that the next request is answered with the HTTP 401 that makes the client sign in again.
      await this.#tokens.end({ revoke: false });
      throw new TodoApiSignInRequiredError("Todo API: a fresh token was refused");
    }
    return this.#read(call, retried);
  }

  async #requireToken(options: { rejected?: string }): Promise<string> {
    const outcome = await this.#tokens.getAccessToken(options);
    switch (outcome.kind) {
      case "valid":
      case "refreshed":
        return outcome.accessToken;
      case "expired":
        throw new TodoApiSignInRequiredError("PingOne: the session is over");
      case "unavailable":
        throw new TodoApiUnavailableError("pingone_unavailable", {
          retryAfterSeconds: outcome.retryAfterSeconds,
          outcomeUnknown: false,
        });
    }
  }

  async #send(call: Call, token: string): Promise<Response> {
    const leftMs = this.#deadline - Date.now();
    // Not even begun: what is sent and not waited for may be carried out.
    if (leftMs <= 0) throw new TodoApiUnavailableError("budget_spent", { outcomeUnknown: false });
    const url = new URL(this.#baseUrl);
    url.pathname = `${url.pathname.replace(/\/$/, "")}${call.path}`;
    try {
      return await fetch(url, {
        method: call.method,
        headers: {
          Authorization: `Bearer ${token}`,
          Accept: "application/json",
          ...(call.body !== undefined && { "Content-Type": "application/json" }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        // A redirect could carry the token to another place.
        redirect: "manual",
        signal: AbortSignal.timeout(Math.min(this.#timeoutMs, leftMs)),
      });
    } catch (error) {
      const detail = error instanceof Error && error.name === "TimeoutError" ? "timeout" : "no_answer";
      throw new TodoApiUnavailableError(detail, { outcomeUnknown: true });
    }
  }

  async #read(call: Call, response: Response): Promise<Todo[]> {
    if (response.ok) return readList(response);
    await response.body?.cancel();
    const status = response.status;
    if (status === 403) throw new TodoApiForbiddenError(call.scope);
    // Of the list itself it means that the API is not where it should be.
    if (status === 404 && call.path !== COLLECTION_PATH)
      throw new TodoApiNotFoundError("Todo API: not found");
    if (status === 409) throw new TodoApiConflictError("Todo API: conflict");
    if (status === 404 || status === 429 || status >= 500 || status < 400) {
      throw new TodoApiUnavailableError(`http_${status}`, {
        retryAfterSeconds: readRetryAfter(response.headers),
        outcomeUnknown: status >= 500,
      });
    }
    throw new TodoApiInvalidRequestError(`Todo API: refused with ${status}`);
  }
}

async function readList(response: Response): Promise<Todo[]> {
  const unreadable = (detail: string) => new TodoApiUnavailableError(detail, { outcomeUnknown: true });
  if (!/^application\/json\b/i.test(response.headers.get("Content-Type") ?? "")) {
    await response.body?.cancel();
    throw unreadable("not_json");
  }
  let body: unknown;
  try {
    body = JSON.parse(await readText(response));
  } catch (error) {
    if (error instanceof TodoApiError) throw error;
    throw unreadable(error instanceof SyntaxError ? "malformed" : "cut_off");
  }
  const list = listSchema.safeParse(body);
  if (!list.success) throw unreadable("unexpected_shape");
  return list.data.todos;
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAXIMUM_RESPONSE_BYTES) {
      throw new TodoApiAnswerTooLargeError("Todo API: the answer is too large");
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function todoPath(todoId: string): string {
  return `${COLLECTION_PATH}/${encodeURIComponent(todoId)}`;
}

/** Exponential, with jitter so that many callers do not come back at once. */
function retryDelayMs(attempt: number): number {
  return RETRY_BASE_MS * 2 ** attempt * (0.5 + Math.random() / 2);
}
