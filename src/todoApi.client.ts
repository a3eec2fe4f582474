/**
 * Typed HTTP client of the Todo API. Every operation ends in one of the {@link TodoOutcome}s: the person's whole list,
 * or why there is none. Upstream text never leaves it.
 *
 * It asks for an access token per request, and once more with force when the API refuses one.
 */
import { z } from "zod";
import type { PingSessionOutcome, UsableToken } from "./auth/ping-types.ts";
import type { TodoScope } from "./config.ts";
import { readBodyText } from "./request-body.ts";
import { readRetryAfter } from "./retry-after.ts";

/** The API writes ids as text; a number is the same id. */
const todoSchema = z.object({
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

/** Why a call has no list. */
export type TodoFailure =
  /** PingOne has ended the session. */
  | { readonly kind: "sign_in_required" }
  /** PingOne cannot be reached for a token; the Todo API was not asked. */
  | { readonly kind: "pingone_unavailable"; readonly retryAfterSeconds: number }
  /** The API refuses the sign-in, also after a forced refresh, although PingOne accepts it. */
  | { readonly kind: "refused" }
  /** 403, and PingOne's token lacks the scope. */
  | { readonly kind: "missing_scope"; readonly scope: TodoScope }
  /** Any other 403: another sign-in would not change it. */
  | { readonly kind: "forbidden" }
  /** 404 of one todo. */
  | { readonly kind: "not_found" }
  /** 409: the todo changed in the meantime. */
  | { readonly kind: "conflict" }
  /** 400, 413, 415, 422: the API does not take what was sent. */
  | { readonly kind: "invalid_request" }
  /** A success with more than {@link MAXIMUM_RESPONSE_BYTES}: the call was carried out, and repeating it is no use. */
  | { readonly kind: "answer_too_large" }
  /** 429, 5xx, no answer, or an answer that is none. The same call can succeed later. */
  | {
      readonly kind: "unavailable";
      /** A code for the log. */
      readonly detail: string;
      /** Where the API itself says when to come back (RFC 9110 §10.2.3). */
      readonly retryAfterSeconds: number | undefined;
      /** The request may have been carried out although its answer was lost. */
      readonly outcomeUnknown: boolean;
    };

export type TodoOutcome =
  /** `scopes` are those of the token that the list was got with. */
  | { readonly kind: "todos"; readonly todos: readonly Todo[]; readonly scopes: readonly TodoScope[] }
  | TodoFailure;

/** Where access tokens for the Todo API come from. */
export interface AccessTokenSource {
  /** @param options.rejected a token that the API has refused */
  getAccessToken(options?: { rejected?: string }): Promise<PingSessionOutcome>;
  /** The Todo API refused this token although PingOne says that it is good. */
  reportRefusal(accessToken: string): Promise<void>;
  /** The Todo API has accepted a token while an earlier refusal stood. */
  reportAcceptance(): Promise<void>;
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
  async listTodos(): Promise<TodoOutcome> {
    const call: Call = { method: "GET", path: COLLECTION_PATH, scope: "todo_api:read" };
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#call(call);
      const canRetry =
        outcome.kind === "unavailable" && outcome.outcomeUnknown && outcome.retryAfterSeconds === undefined;
      const delayMs = retryDelayMs(attempt);
      if (!canRetry || attempt === MAXIMUM_READ_ATTEMPTS || Date.now() + delayMs >= this.#deadline)
        return outcome;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }

  /** Never repeated: an answer that got lost may hide a todo that was added. */
  addTodo(text: string): Promise<TodoOutcome> {
    return this.#call({
      method: "POST",
      path: COLLECTION_PATH,
      body: { todoText: text },
      scope: "todo_api:write",
    });
  }

  toggleTodo(todoId: string, completed: boolean): Promise<TodoOutcome> {
    return this.#call({
      method: "PATCH",
      path: todoPath(todoId),
      body: { completed },
      scope: "todo_api:write",
    });
  }

  deleteTodo(todoId: string): Promise<TodoOutcome> {
    return this.#call({ method: "DELETE", path: todoPath(todoId), scope: "todo_api:write" });
  }

  async #call(call: Call): Promise<TodoOutcome> {
    const token = await this.#tokens.getAccessToken();
    if (!isUsable(token)) return explainMissingToken(token);
    const outcome = await this.#attempt(call, token);
    if (outcome.kind !== "refused") return outcome;
    // A token that should be good was refused: it may have been revoked, or the refusal was a hiccup. One forced
    // refresh, one repetition; the API has done nothing yet, so even adding is safe to repeat.
    const next = await this.#tokens.getAccessToken({ rejected: token.accessToken });
    if (!isUsable(next)) return explainMissingToken(next);
    const repeated = await this.#attempt(call, next);
    // Where a report fails, the next refusal brings another.
    if (repeated.kind === "refused") await this.#tokens.reportRefusal(next.accessToken).catch(() => {});
    return repeated;
  }

  async #attempt(call: Call, token: UsableToken): Promise<TodoOutcome> {
    const leftMs = this.#deadline - Date.now();
    // Not even begun: what is sent and not waited for may be carried out.
    if (leftMs <= 0) return unavailable("budget_spent", { outcomeUnknown: false });
    const url = new URL(this.#baseUrl);
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
        // A redirect could carry the token to another place.
        redirect: "manual",
        signal: AbortSignal.timeout(Math.min(this.#timeoutMs, leftMs)),
      });
    } catch (error) {
      const isTimeout = error instanceof Error && error.name === "TimeoutError";
      return unavailable(isTimeout ? "timeout" : "no_answer", { outcomeUnknown: true });
    }
    const outcome = response.ok
      ? await readList(response, token.scopes)
      : await explainRefusal(call, response, token.scopes);
    // Any answer but 401 and those of a failing API shows that it has accepted the token. Where a report fails, the next
    // such answer brings another; this call has its outcome either way.
    const isAccepted = response.status !== 401 && response.status < 500;
    if (isAccepted && token.refused) await this.#tokens.reportAcceptance().catch(() => {});
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
  // Of the list itself it means that the API is not where it should be.
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

/** RFC 6750 §3.1. Parameters are read in full, so that the text of one is not taken for another. */
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
  options: { retryAfterSeconds?: number | undefined; outcomeUnknown: boolean },
): TodoFailure {
  const { retryAfterSeconds, outcomeUnknown } = options;
  return { kind: "unavailable", detail, retryAfterSeconds, outcomeUnknown };
}

function todoPath(todoId: string): string {
  return `${COLLECTION_PATH}/${encodeURIComponent(todoId)}`;
}

/** Exponential, with jitter so that many callers do not come back at once. */
function retryDelayMs(attempt: number): number {
  return RETRY_BASE_MS * 2 ** attempt * (0.5 + Math.random() / 2);
}
