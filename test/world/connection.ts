/** One app's connection for one person, as an MCP SDK would use it, and checks of its responses. */
import {
  PROTOCOL_ERAS,
  type ProtocolEra,
  type RegisteredClient,
  requestRefresh,
  requestToken,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { type JsonRpcAnswer, readAnswer, sendInEra } from "../support/raw-mcp.ts";
import type { TestWorker } from "../support/worker.ts";
import type { AppName, PersonName } from "./schedule.ts";

/** `failed`: allowed once if an object was discarded meanwhile. `broken`: never allowed. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "broken"; readonly why: string };

export const DONE: Outcome = { kind: "done" };
export const failed = (why: string): Outcome => ({ kind: "failed", why });
export const broken = (why: string): Outcome => ({ kind: "broken", why });

/** The access token is refreshed when less than this is left, as SDKs do. */
const REFRESH_EARLY_MS = 5000;

/** A marker in every todo that a person's app adds. */
const markOf = (person: PersonName) => `(todo of ${person})`;

export class Connection {
  readonly person: PersonName;
  readonly app: AppName;
  readonly client: RegisteredClient;
  readonly #now: () => number;
  #tokens: TokenResponse;
  #expiresAt: number;
  #sessionId: string | undefined;
  /** World time at which access was ended, once it was. */
  endedAt: number | undefined;
  /** A request to end it failed and may have succeeded on the server. */
  isEnding = false;

  constructor(options: {
    person: PersonName;
    app: AppName;
    client: RegisteredClient;
    tokens: TokenResponse;
    now: () => number;
  }) {
    this.person = options.person;
    this.app = options.app;
    this.client = options.client;
    this.#now = options.now;
    this.#tokens = options.tokens;
    this.#expiresAt = this.#now() + options.tokens.expires_in * 1000;
  }

  get grantId(): string {
    return this.#tokens.access_token.split(":")[1] ?? "";
  }

  get canWrite(): boolean {
    return this.#tokens.scope.includes("todo_api:write");
  }

  async refresh(worker: TestWorker): Promise<Outcome> {
    const response = await requestRefresh(worker, this.client, this.#tokens);
    const text = await response.text();
    if (response.status !== 200) return failed(`refresh: ${response.status} ${text}`);
    this.#tokens = { ...this.#tokens, ...(JSON.parse(text) as TokenResponse) };
    this.#expiresAt = this.#now() + this.#tokens.expires_in * 1000;
    return DONE;
  }

  /** Calls a tool, with a valid token and in an open session. */
  async call(worker: TestWorker, era: ProtocolEra, tool: "listTodos" | "addTodo"): Promise<Outcome> {
    if (this.#expiresAt - this.#now() < REFRESH_EARLY_MS) {
      const refreshed = await this.refresh(worker);
      if (refreshed.kind !== "done") return refreshed;
    }
    if (era === "legacy" && this.#sessionId === undefined) {
      const opened = await this.#openSession(worker);
      if (opened.kind !== "done") return opened;
    }
    const text = `Buy milk ${markOf(this.person)}`;
    const params = { name: tool, arguments: tool === "addTodo" ? { text } : {} };
    const response = await this.#send(worker, era, "tools/call", params);
    if (response.status !== 200) {
      // After 404 the app opens a new session (MCP transports, session management).
      if (response.status === 404) this.#sessionId = undefined;
      return failed(`${tool}, ${era}: ${response.status} ${await response.text()}`);
    }
    return this.#judge(await readAnswer(response), tool);
  }

  async revoke(worker: TestWorker): Promise<Outcome> {
    const response = await requestToken(worker, this.client, { token: this.#tokens.refresh_token ?? "" });
    const text = await response.text();
    if (response.status !== 200) return failed(`revoke: ${response.status} ${text}`);
    this.endedAt = this.#now();
    return DONE;
  }

  /** Checks that ended access is refused. */
  async expectEnded(worker: TestWorker): Promise<Outcome> {
    for (const era of PROTOCOL_ERAS) {
      const response = await this.#send(worker, era, "tools/list", {});
      await response.text();
      if (response.status !== 401) return broken(`ended access: tools/list, ${era}: ${response.status}`);
    }
    const refreshed = await requestRefresh(worker, this.client, this.#tokens);
    const text = await refreshed.text();
    return refreshed.status === 400 && text.includes("invalid_grant")
      ? DONE
      : broken(`ended access: refresh: ${refreshed.status} ${text}`);
  }

  async #openSession(worker: TestWorker): Promise<Outcome> {
    const response = await this.#send(worker, "legacy", "initialize", {});
    const text = await response.text();
    const sessionId = response.headers.get("Mcp-Session-Id");
    if (response.status !== 200 || sessionId === null)
      return failed(`initialize: ${response.status} ${text}`);
    this.#sessionId = sessionId;
    return DONE;
  }

  #send(worker: TestWorker, era: ProtocolEra, call: string, params: Record<string, unknown>) {
    const sessionId = call === "initialize" ? undefined : this.#sessionId;
    return sendInEra(worker, era, {
      call,
      params,
      token: this.#tokens.access_token,
      ...(era === "legacy" && sessionId !== undefined && { sessionId }),
    });
  }

  #judge({ result, error }: JsonRpcAnswer, tool: string): Outcome {
    if (error !== undefined) return failed(`${tool}: ${error.code} ${error.message}`);
    const [content] = (result?.content ?? []) as { text?: string }[];
    const text = content?.text ?? "";
    if (result?.isError === true) return failed(`${tool}: ${text}`);
    const marks = [...text.matchAll(/\(todo of (\w+)\)/g)].map(([mark]) => mark);
    const foreign = marks.find((mark) => mark !== markOf(this.person));
    return foreign === undefined ? DONE : broken(`${this.person} sees a ${foreign}`);
  }
}
