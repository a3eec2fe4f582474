/** One MCP call over a keep-alive connection, with as little work in the client as possible. */
import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const ANSWER_TIMEOUT_MS = 30_000;

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

let sent = { requests: 0, bytes: 0 };

/** Requests of {@link send} since the last call of this, and the bytes of their responses: headers and bodies. */
export function takeSent(): { requests: number; bytes: number } {
  const taken = sent;
  sent = { requests: 0, bytes: 0 };
  return taken;
}

/** An estimate for the status line and the separators of headers; names and values are counted exactly. */
const STATUS_LINE_BYTES = "HTTP/1.1 200 OK\r\n\r\n".length;
const SEPARATOR_BYTES = ": ".length / 2 + "\r\n".length / 2;

export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = "POST", headers = {}, body = "" } = options;
  return new Promise((resolve, reject) => {
    sent.requests += 1;
    const outgoing = request(
      url,
      { method, agent, headers: { ...headers, "Content-Length": Buffer.byteLength(body) } },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.once("error", reject);
        response.once("end", () => {
          const answer = Buffer.concat(parts);
          const head = response.rawHeaders.reduce((sum, part) => sum + part.length + SEPARATOR_BYTES, 0);
          sent.bytes += STATUS_LINE_BYTES + head + answer.byteLength;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: answer.toString("utf8"),
          });
        });
      },
    );
    outgoing.setTimeout(ANSWER_TIMEOUT_MS, () => outgoing.destroy(new Error(`No answer came from ${url}.`)));
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

let lastId = 0;
/** Several callers may share a session, in which ids of concurrent requests must be unique. */
function nextId(): number {
  lastId += 1;
  return lastId;
}

const CLIENT = { name: "bench", version: "1.0.0" };
const SESSION_VERSION = "2025-11-25";
const STATELESS_VERSION = "2026-07-28";
const LIST_TODOS = { name: "listTodos", arguments: {} };

export interface Call {
  readonly headers: Record<string, string>;
  readonly body: string;
}

function callOf(message: object, headers: Record<string, string>, token: string | undefined): Call {
  return {
    headers: {
      Accept: "application/json, text/event-stream",
      "Content-Type": "application/json",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  };
}

/** `listTodos` as a client of protocol 2026-07-28 sends it. */
export function statelessCall(token?: string): Call {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": STATELESS_VERSION,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const headers = {
    "MCP-Protocol-Version": STATELESS_VERSION,
    "Mcp-Method": "tools/call",
    "Mcp-Name": LIST_TODOS.name,
  };
  return callOf({ id: 1, method: "tools/call", params: { ...LIST_TODOS, _meta: meta } }, headers, token);
}

const inSession = (sessionId: string) => ({
  "MCP-Protocol-Version": SESSION_VERSION,
  "Mcp-Session-Id": sessionId,
});

/** `listTodos` as a client of protocol 2025-11-25 sends it. */
export function sessionCall(sessionId: string, token?: string): Call {
  return callOf({ id: nextId(), method: "tools/call", params: LIST_TODOS }, inSession(sessionId), token);
}

/** Opens a session of protocol 2025-11-25. @returns its id */
export async function openSession(call: (call: Call) => Promise<Answer>, token?: string): Promise<string> {
  const params = { protocolVersion: SESSION_VERSION, capabilities: {}, clientInfo: CLIENT };
  const opened = await call(callOf({ id: 1, method: "initialize", params }, {}, token));
  const sessionId = opened.headers["mcp-session-id"];
  if (opened.status !== 200 || typeof sessionId !== "string") {
    throw new Error(`No session was opened: ${opened.status} ${opened.text}`);
  }
  await call(callOf({ method: "notifications/initialized" }, inSession(sessionId), token));
  return sessionId;
}

/** @throws {Error} unless the response is a tool result with todos */
export function requireTodos({ status, text }: Answer): void {
  if (status !== 200 || !text.includes('"todos"'))
    throw new Error(`A call failed: ${status} ${text.slice(0, 300)}`);
}
