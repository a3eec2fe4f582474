/** Raw MCP requests over HTTP, for requests that no SDK client would send. */
import { expect } from "vitest";
import type { ProtocolEra } from "./mcp-client.ts";
import type { TestWorker } from "./worker.ts";

export const PROTOCOL_VERSIONS: Readonly<Record<ProtocolEra, string>> = {
  legacy: "2025-11-25",
  modern: "2026-07-28",
};

const CLIENT_INFO = { name: "raw-test", version: "1.0.0" };

export interface RawRequest {
  readonly method?: string;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  /** A string is sent unchanged, any other value as JSON. */
  readonly body?: unknown;
  /** `undefined` omits a header that is sent by default. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export function sendRaw(worker: TestWorker, request: RawRequest): Promise<Response> {
  const { method = "POST", token, body } = request;
  const headers: Record<string, string | undefined> = {
    Accept: "application/json, text/event-stream",
    "Content-Type": method === "POST" ? "application/json" : undefined,
    Authorization: token === undefined ? undefined : `Bearer ${token}`,
    ...request.headers,
  };
  return worker.fetch(worker.resource, {
    method,
    headers: Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body ?? {}) }),
  });
}

/** One request of a protocol era, with the headers that the era requires. A legacy request belongs to a session. */
export interface EraRequest extends Omit<RawRequest, "body"> {
  readonly call: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
}

export function sendInEra(worker: TestWorker, era: ProtocolEra, request: EraRequest): Promise<Response> {
  const { call, params = {}, sessionId, headers, ...rest } = request;
  const version = PROTOCOL_VERSIONS[era];
  if (era === "legacy") {
    const initialize = { protocolVersion: version, capabilities: {}, clientInfo: CLIENT_INFO };
    return sendRaw(worker, {
      ...rest,
      body: { jsonrpc: "2.0", id: 1, method: call, params: call === "initialize" ? initialize : params },
      headers: {
        "Mcp-Session-Id": sessionId,
        "MCP-Protocol-Version": call === "initialize" ? undefined : version,
        ...headers,
      },
    });
  }
  const meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return sendRaw(worker, {
    ...rest,
    body: { jsonrpc: "2.0", id: 1, method: call, params: { ...params, _meta: meta } },
    headers: {
      "MCP-Protocol-Version": version,
      "Mcp-Method": call,
      "Mcp-Name": typeof params.name === "string" ? params.name : undefined,
      ...headers,
    },
  });
}

/** Opens and initializes a legacy session. */
export async function openSession(worker: TestWorker, token: string): Promise<string> {
  const opened = await sendInEra(worker, "legacy", { call: "initialize", token });
  expect(opened.status).toBe(200);
  await opened.text();
  const sessionId = opened.headers.get("Mcp-Session-Id") ?? "";
  expect(sessionId).toMatch(/^[0-9a-f]{64}$/);
  return sessionId;
}

/** Prepares requests by {@link sendInEra}: opens a session in the legacy era; the modern era needs none. */
export async function enterEra(
  worker: TestWorker,
  era: ProtocolEra,
  token: string,
): Promise<{ token: string; sessionId?: string }> {
  return era === "legacy" ? { token, sessionId: await openSession(worker, token) } : { token };
}

export interface JsonRpcAnswer {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The JSON-RPC message of a response, sent as JSON or as one event of a stream. */
export async function readAnswer(response: Response): Promise<JsonRpcAnswer> {
  const text = await response.text();
  if (response.headers.get("Content-Type")?.startsWith("text/event-stream") !== true) {
    return JSON.parse(text) as JsonRpcAnswer;
  }
  const event = /^data: (.*)$/m.exec(text)?.[1];
  if (event === undefined) throw new Error(`No message in the stream: ${text}`);
  return JSON.parse(event) as JsonRpcAnswer;
}
