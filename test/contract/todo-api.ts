/** Set-up for the contract tests: the Todo API as handlers, its client, and a PingSession that supplies tokens. */
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { createTodoHandlers, TodoStore } from "pingone-emulator";
import { vi } from "vitest";
import type { PingSessionOutcome } from "../../src/auth/ping-types.ts";
import { ALL_TODO_SCOPES, type TodoScope } from "../../src/config.ts";
import { networkTest } from "../../src/testing/network.ts";
import {
  type AccessTokenSource,
  type Todo,
  TodoApiClient,
  type TodoOutcome,
} from "../../src/todoApi.client.ts";

export const ORIGIN = "https://todo.example";
export const COLLECTION = `${ORIGIN}/api/todos`;
const ISSUER = "https://auth.pingone.example/env/as";
const AUDIENCE = "https://todo.api.com";

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly contentType: string | null;
  readonly body: Promise<string>;
}

const keys = await generateKeyPair("RS256");

/** Requests of the current test to the Todo API. */
export const requests: SentRequest[] = [];

/** `network.use()` replaces an operation of the API until the next test. */
export const it = networkTest
  .extend("recording", { scope: "file", auto: true }, ({ network }) => {
    network.events.on("request:start", ({ request }) => {
      // Test files share a process: a stack that another file stopped may still send requests to loopback.
      if (!request.url.includes("/api/todos")) return;
      requests.push({
        method: request.method,
        path: new URL(request.url).pathname,
        token: request.headers.get("Authorization")?.replace("Bearer ", "") ?? "",
        contentType: request.headers.get("Content-Type"),
        body: request.clone().text(),
      });
    });
  })
  .extend("todoApi", { auto: true }, async ({ network }) => {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k" };
    const store = new TodoStore({
      seeds: { default: [{ id: "a1", text: "Water the plants", completed: false }], users: {} },
      usernameOf: () => undefined,
    });
    network.resetHandlers();
    network.use(
      ...createTodoHandlers({
        origin: ORIGIN,
        issuer: ISSUER,
        jwks: createLocalJWKSet({ keys: [jwk] }),
        audience: AUDIENCE,
        store,
        clock: Date.now,
      }),
    );
    requests.length = 0;
  });

export function signToken(scope = "todo_api:read todo_api:write"): Promise<string> {
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: "RS256", kid: "k" })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject("alice-id")
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(keys.privateKey);
}

export function tokenWith(
  accessToken: string,
  options: { scopes?: readonly TodoScope[]; refused?: true } = {},
): PingSessionOutcome {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  return { kind: "valid", accessToken, expiresAt, scopes: ALL_TODO_SCOPES, ...options };
}

/** Supplies the outcomes in order and repeats the last one. */
export function tokenSource(...outcomes: (PingSessionOutcome | string)[]) {
  let asked = 0;
  return {
    getAccessToken: vi.fn<AccessTokenSource["getAccessToken"]>(async () => {
      const outcome = outcomes[Math.min(asked, outcomes.length - 1)] ?? { kind: "expired" as const };
      asked += 1;
      return typeof outcome === "string" ? tokenWith(outcome) : outcome;
    }),
    reportRefusal: vi.fn<AccessTokenSource["reportRefusal"]>(async () => {}),
    reportAcceptance: vi.fn<AccessTokenSource["reportAcceptance"]>(async () => {}),
  };
}

export function createClient(
  tokens: AccessTokenSource,
  options: { baseUrl?: string; timeoutMs?: number; budgetMs?: number } = {},
): TodoApiClient {
  return new TodoApiClient({
    baseUrl: new URL(options.baseUrl ?? ORIGIN),
    timeoutMs: options.timeoutMs ?? 5000,
    deadline: Date.now() + (options.budgetMs ?? 20_000),
    tokens,
  });
}

export async function goodClient(options: Parameters<typeof createClient>[1] = {}): Promise<TodoApiClient> {
  return createClient(tokenSource(await signToken()), options);
}

export async function todosOf(work: Promise<TodoOutcome>): Promise<readonly Todo[]> {
  const outcome = await work;
  if (outcome.kind !== "todos") throw new Error(`Expected todos, got ${JSON.stringify(outcome)}.`);
  return outcome.todos;
}
