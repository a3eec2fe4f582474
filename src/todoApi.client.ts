/**
 * Typed HTTP client of the Todo API. Every operation returns a {@link TodoOutcome}: the person's whole list or the kind
 * of failure. It never passes on upstream text.
 *
 * It asks for an access token per request, and for a refreshed one, once, if the API refuses it.
 */
import { z } from "zod";
import type { PingSessionOutcome, UsableToken } from "./auth/ping-types.ts";
import type { TodoScope } from "./config.ts";
import { readBodyText } from "./request-body.ts";
import { readRetryAfter } from "./retry-after.ts";

/** Ids are strings; a number is accepted as the same id. */
const todoSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  text: z.string(),
  completed: z.boolean(),
});
export type Todo = z.infer<typeof todoSchema>;

const listSchema = z.object({ todos: z.array(todoSchema) });

/** A larger list is useless to a model. */
const MAXIMUM_RESPONSE_BYTES = 1024 * 1024;

const COLLECTION_PATH = "/api/todos";
const MAXIMUM_READ_ATTEMPTS = 3;
const RETRY_BASE_MS = 150;

/** Kinds of failure. */
export type TodoFailure =
  /** PingOne has ended the session. */
  | { readonly kind: "sign_in_required" }
  /** PingOne cannot be reached for a token; the Todo API was not called. */
  | { readonly kind: "pingone_unavailable"; readonly retryAfterSeconds: number }
  /** 401 again after a forced refresh, although PingOne accepts the token. */
  | { readonly kind: "refused" }
  /** 403, and PingOne's token lacks the required scope. */
  | { readonly kind: "missing_scope"; readonly scope: TodoScope }
  /** Any other 403; signing in again does not help. */
  | { readonly kind: "forbidden" }
  /** 404 of one todo. */
  | { readonly kind: "not_found" }
  /** 409: the todo was changed concurrently. */
  | { readonly kind: "conflict" }
  /** 400, 413, 415, 422: the API rejects the input. */
  | { readonly kind: "invalid_request" }
  /**
   * A success with more than {@link MAXIMUM_RESPONSE_BYTES}: the call was carried out, and repeating it does not help.
   */
  | { readonly kind: "answer_too_large" }
  /** 429, 5xx, no answer or an unreadable one. The same call can succeed later. */
  | {
      readonly kind: "unavailable";
      /** A code for the log. */
      readonly detail: string;
      /** From the API's `Retry-After` (RFC 9110 §10.2.3). */
      readonly retryAfterSeconds: number | undefined;
      /** Whether the request may have been carried out although its answer was lost. */
      readonly outcomeUnknown: boolean;
    };

export type TodoOutcome =
  /** `scopes` are those of the token used for the request. */
  | { readonly kind: "todos"; readonly todos: readonly Todo[]; readonly scopes: readonly TodoScope[] }
  | TodoFailure;

/** Source of access tokens for the Todo API. */
export interface AccessTokenSource {
  /** @param options.rejected a token that the API has refused */
  getAccessToken(options?: { rejected?: string }): Promise<PingSessionOutcome>;
  /** Reports that the Todo API refused this token although PingOne accepts it. */
  reportRefusal(accessToken: string): Promise<void>;
  /** Reports that the Todo API has accepted a token after an earlier refusal. */
  reportAcceptance(): Promise<void>;
}

type Call = { method: "GET" | "POST" | "PATCH" | "DELETE"; path: string; body?: unknown; scope: TodoScope };

interface TodoApiOptions {
  readonly baseUrl: URL;
  /** How long one request may take. */
  readonly timeoutMs: number;
  /** Epoch milliseconds by which all requests of this client must have ended. */
  readonly deadline: number;
  readonly tokens: AccessTokenSource;
}

export class TodoApiClient {
  readonly #options: TodoApiOptions;

  constructor(options: TodoApiOptions) {
    this.#options = options;
  }

  /** Repeated after a temporary failure: reading changes nothing. */
  async listTodos(): Promise<TodoOutcome> {
    const call: Call = { method: "GET", path: COLLECTION_PATH, scope: "todo_api:read" };
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#call(call);
      const canRetry =
        outcome.kind === "unavailable" && outcome.outcomeUnknown && outcome.retryAfterSeconds === undefined;
      const delayMs = retryDelayMs(attempt);
      if (!canRetry || attempt === MAXIMUM_READ_ATTEMPTS || Date.now() + delayMs >= this.#options.deadline)
        return outcome;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }

  /** Never repeated: the todo may have been added although the answer was lost. */
  addTodo(text: string): Promise<TodoOutcome> {
    const body = { todoText: text };
    return this.#call({ method: "POST", path: COLLECTION_PATH, body, scope: "todo_api:write" });
  }

  toggleTodo(todoId: string, completed: boolean): Promise<TodoOutcome> {
    const body = { completed };
    return this.#call({ method: "PATCH", path: todoPath(todoId), body, scope: "todo_api:write" });
  }

  deleteTodo(todoId: string): Promise<TodoOutcome> {
    return this.#call({ method: "DELETE", path: todoPath(todoId), scope: "todo_api:write" });
  }

  async #call(call: Call): Promise<TodoOutcome> {
    const token = await this.#options.tokens.getAccessToken();
    if (!isUsable(token)) return explainMissingToken(token);
    const outcome = await this.#attempt(call, token);
    if (outcome.kind !== "refused") return outcome;
    // A token that should be valid was refused: refresh it and repeat the request once. The API has not acted on a
    // request that it answered with 401, so even `add` is safe to repeat.
    const next = await this.#options.tokens.getAccessToken({ rejected: token.accessToken });
    if (!isUsable(next)) return explainMissingToken(next);
    const repeated = await this.#attempt(call, next);
    // If the report fails, the next refusal repeats it.
    if (repeated.kind === "refused")
      await this.#options.tokens.reportRefusal(next.accessToken).catch(() => {});
    return repeated;
  }

  async #attempt(call: Call, token: UsableToken): Promise<TodoOutcome> {
    const leftMs = this.#options.deadline - Date.now();
    // Do not send it: a request that is sent and then abandoned may be carried out.
    if (leftMs <= 0) return unavailable("budget_spent", { outcomeUnknown: false });
    const url = new URL(this.#options.baseUrl);
    url.pathname = `${url.pathname.replace(/\/$/, "")}${call.path}`;
    let response: Response;
    try {
      response = await fetch(url, {
        method: call.method,
        headers: {
          Authorization: `Bearer ${token.accessToken}`,
          Accept: "application/json",
          ...(call.body !== undefined && { "Content-Type": "application/json" }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        // A redirect could send the token to another server.
        redirect: "manual",
        signal: AbortSignal.timeout(Math.min(this.#options.timeoutMs, leftMs)),
      });
    } catch (error) {
      const isTimeout = error instanceof Error && error.name === "TimeoutError";
      return unavailable(isTimeout ? "timeout" : "no_answer", { outcomeUnknown: true });
    }
    const outcome = response.ok
      ? await readList(response, token.scopes)
      : await explainRefusal(call, response, token.scopes);
    // Any answer except 401 and 5xx shows that the API has accepted the token. If the report fails, the next such
    // answer repeats it; the outcome of this call does not change.
    const isAccepted = response.status !== 401 && response.status < 500;
    if (isAccepted && token.refused) await this.#options.tokens.reportAcceptance().catch(() => {});
    return outcome;
  }
}

function isUsable(token: PingSessionOutcome): token is UsableToken {
  return token.kind === "valid" || token.kind === "refreshed";
}

/** Why PingOne gives no access token. */
export function explainMissingToken(token: Exclude<PingSessionOutcome, UsableToken>): TodoFailure {
  return token.kind === "expired"
    ? { kind: "sign_in_required" }
    : { kind: "pingone_unavailable", retryAfterSeconds: token.retryAfterSeconds };
}

async function explainRefusal(
  call: Call,
  response: Response,
  tokenScopes: readonly TodoScope[],
): Promise<TodoFailure> {
  await response.body?.cancel();
  const { status, headers } = response;
  if (status === 401) return { kind: "refused" };
  if (status === 403) {
    return isAboutScope(headers) && !tokenScopes.includes(call.scope)
      ? { kind: "missing_scope", scope: call.scope }
      : { kind: "forbidden" };
  }
  // 404 of the list means that `API_URL` is wrong.
  if (status === 404 && call.path !== COLLECTION_PATH) return { kind: "not_found" };
  if (status === 409) return { kind: "conflict" };
  if (status === 404 || status === 429 || status >= 500 || status < 400) {
    return unavailable(`http_${status}`, {
      retryAfterSeconds: readRetryAfter(headers),
      outcomeUnknown: status >= 500,
    });
  }
  return { kind: "invalid_request" };
}

/** RFC 6750 §3.1. Each parameter is parsed completely, so that its value cannot be mistaken for another parameter. */
function isAboutScope(headers: Headers): boolean {
  const challenge = headers.get("WWW-Authenticate") ?? "";
  const parameters = challenge.matchAll(/\b(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g);
  return Array.from(parameters).some(
    ([, name, quoted, bare]) => name?.toLowerCase() === "error" && (quoted ?? bare) === "insufficient_scope",
  );
}

async function readList(response: Response, scopes: readonly TodoScope[]): Promise<TodoOutcome> {
  const unreadable = (detail: string) => unavailable(detail, { outcomeUnknown: true });
  if (!/^application\/json\b/i.test(response.headers.get("Content-Type") ?? "")) {
    await response.body?.cancel();
    return unreadable("not_json");
  }
  const body = await readBodyText(response, MAXIMUM_RESPONSE_BYTES);
  if (body.kind === "broken_off") return unreadable("cut_off");
  if (body.kind === "too_large") {
    await response.body?.cancel();
    return { kind: "answer_too_large" };
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.text);
  } catch {
    return unreadable("malformed");
  }
  const list = listSchema.safeParse(parsed);
  return list.success ? { kind: "todos", todos: list.data.todos, scopes } : unreadable("unexpected_shape");
}

function unavailable(
  detail: string,
  { retryAfterSeconds, outcomeUnknown }: { retryAfterSeconds?: number | undefined; outcomeUnknown: boolean },
): TodoFailure {
  return { kind: "unavailable", detail, retryAfterSeconds, outcomeUnknown };
}

function todoPath(todoId: string): string {
  return `${COLLECTION_PATH}/${encodeURIComponent(todoId)}`;
}

/** Exponential backoff with jitter. */
function retryDelayMs(attempt: number): number {
  return RETRY_BASE_MS * 2 ** attempt * (0.5 + Math.random() / 2);
}
