/**
 * Records the traffic between the browser, the clients, the Worker and the upstreams, and the secrets in it. Secrets
 * are kept in memory only, with the name under which they were sent.
 */
import { network } from "../../../src/testing/network.ts";
import type { TestFetch } from "../../support/worker.ts";

/** Names of parameters, form fields, JSON members and hidden inputs whose values are secrets. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "access_token",
  "accessToken",
  "client_secret",
  "code",
  "code_verifier",
  "form_token",
  "handle",
  "id_token",
  "id_token_hint",
  "nonce",
  "password",
  "refresh_token",
  "state",
  "token",
]);

/** Shorter values can occur in a text by chance. */
const SHORTEST_SECRET = 8;

/** A response that a caller outside the Worker received. */
export interface SeenAnswer {
  readonly url: URL;
  readonly sent: string;
  readonly body: string;
}

export interface Traffic {
  /** Use this in place of the Worker's `fetch`. */
  readonly fetch: TestFetch;
  readonly answers: readonly SeenAnswer[];
  /** The name of the first occurrence of each secret, by value. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Adds a secret that is not sent over HTTP. */
  know(name: string, value: string): void;
  /** Names of the secrets in a text, except the allowed ones. */
  findIn(text: string, allowed?: ReadonlySet<string>): string[];
}

/** @param upstreams origins whose traffic with the Worker is recorded */
export function recordTraffic(send: TestFetch, upstreams: readonly string[]): Traffic {
  const secrets = new Map<string, string>();
  const answers: SeenAnswer[] = [];
  const know = (name: string, value: string) => {
    if (value.length < SHORTEST_SECRET || secrets.has(value)) return;
    secrets.set(value, name);
  };
  const learn = secretsLearner(know);

  const isUpstream = (url: string) => {
    const { origin, pathname } = new URL(url);
    return upstreams.includes(origin) && !pathname.startsWith("/__mocks");
  };
  const reading: Promise<void>[] = [];
  network.events.on("request:start", ({ request }) => {
    if (isUpstream(request.url)) reading.push(learn.fromRequest(request.clone()));
  });
  network.events.on("response:bypass", ({ request, response }) => {
    if (isUpstream(request.url)) reading.push(learn.fromResponse(response.clone()));
  });

  return {
    secrets,
    answers,
    know,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const sent = request.method === "POST" ? await request.clone().text() : "";
      await learn.fromRequest(request.clone());
      const response = await send(request);
      learn.fromHeaders(response.headers);
      const contentType = response.headers.get("Content-Type") ?? "";
      // The event stream of a GET request does not end, so its body is not read.
      if (request.method === "GET" && contentType.startsWith("text/event-stream")) return response;
      const body = await response.clone().text();
      learn.fromBody(contentType, body);
      answers.push({ url: new URL(request.url), sent, body });
      return response;
    },
    findIn: (text, allowed = new Set()) =>
      [...secrets]
        .filter(([value, name]) => !allowed.has(value) && !allowed.has(name) && text.includes(value))
        .map(([, name]) => name),
  };
}

type Know = (name: string, value: string) => void;

function secretsLearner(know: Know) {
  const fromParameters = (parameters: URLSearchParams) => {
    for (const [name, value] of parameters) if (SECRET_NAMES.has(name)) know(name, value);
  };
  const fromJson = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === "string" && SECRET_NAMES.has(name)) know(name, member);
      else fromJson(member);
    }
  };
  const fromHeaders = (headers: Headers) => {
    const location = URL.parse(headers.get("Location") ?? "");
    if (location !== null) fromParameters(location.searchParams);
    for (const line of headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      know(`cookie ${name.replace(/-[A-Za-z0-9]{16,}$/, "")}`, value);
    }
  };
  const fromBody = (contentType: string, body: string) => {
    if (contentType.includes("json")) fromJson(parseJson(body));
    for (const [, event = ""] of body.matchAll(/^data: (.*)$/gm)) fromJson(parseJson(event));
    for (const [, name = "", value = ""] of body.matchAll(/<input[^>]+name="([^"]+)"[^>]+value="([^"]+)"/g)) {
      if (SECRET_NAMES.has(name)) know(name, value);
    }
  };
  return {
    fromHeaders,
    fromBody,
    fromRequest: async (request: Request) => {
      fromParameters(new URL(request.url).searchParams);
      const [, scheme, credentials = ""] =
        /^(\S+) (.*)$/.exec(request.headers.get("Authorization") ?? "") ?? [];
      if (scheme === "Basic") {
        const [, secret = ""] = Buffer.from(credentials, "base64").toString().split(":");
        know("client_secret", decodeURIComponent(secret));
        know("basic credentials", credentials);
      } else know("access_token", credentials);
      if (request.method !== "POST") return;
      const text = await request.text();
      fromParameters(new URLSearchParams(text));
      fromJson(parseJson(text));
    },
    fromResponse: async (response: Response) => {
      fromHeaders(response.headers);
      fromBody(response.headers.get("Content-Type") ?? "", await response.text());
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
