import { describe, expect, it } from "vitest";
import { answerTokenRequest } from "./token-endpoint.ts";

/** What the provider would be asked. */
async function echo(request: Request): Promise<Response> {
  return new Response(await request.text());
}

describe("a client that says its id twice", () => {
  const basic = (id: string, secret = "s") => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;

  async function normalize(
    body: string,
    options: { authorization?: string; type?: string; method?: string } = {},
  ): Promise<string> {
    const { authorization = basic("client-1"), type = "application/x-www-form-urlencoded" } = options;
    const method = options.method ?? "POST";
    const request = new Request("https://mcp.example.com/token", {
      method,
      headers: {
        "Content-Type": type,
        ...(authorization !== "" && { Authorization: authorization }),
      },
      ...(method !== "GET" && { body }),
    });
    return (await answerTokenRequest(request, body, echo)).text();
  }

  it("drops the id that Basic has already said, and nothing else", async () => {
    expect(await normalize("grant_type=x&client_id=client-1&code=a%2Bb+c")).toBe("grant_type=x&code=a%2Bb+c");
  });

  it("keeps the Authorization header", async () => {
    const request = new Request("https://mcp.example.com/token", {
      method: "POST",
      headers: { Authorization: basic("client-1"), "Content-Type": "application/x-www-form-urlencoded" },
      body: "client_id=client-1",
    });
    let seen: string | null = null;
    await answerTokenRequest(request, "client_id=client-1", async (normalized) => {
      seen = normalized.headers.get("Authorization");
      return new Response();
    });
    expect(seen).toBe(basic("client-1"));
  });

  it("reads an id that was form-urlencoded before Basic joined it (RFC 6749 §2.3.1)", async () => {
    const authorization = basic("https%3A%2F%2Fapp.example%2Fa+b");
    expect(await normalize("client_id=https%3A%2F%2Fapp.example%2Fa%20b&code=c", { authorization })).toBe(
      "code=c",
    );
  });

  it("takes a content type with a parameter, in any case", async () => {
    const type = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    expect(await normalize("client_id=client-1&code=c", { type })).toBe("code=c");
  });

  it.each<[what: string, body: string, options: Parameters<typeof normalize>[1]]>([
    ["the id twice", "client_id=client-1&client_id=client-1", {}],
    ["a secret as well", "client_id=client-1&client_secret=s", {}],
    ["no id", "grant_type=x", {}],
    ["no Authorization", "client_id=client-1", { authorization: "" }],
    ["Bearer", "client_id=client-1", { authorization: "Bearer Y2xpZW50LTE6cw==" }],
    ["Basic that is no base64", "client_id=client-1", { authorization: "Basic %%%" }],
    ["Basic with a broken escape", "client_id=client-1", { authorization: basic("client-1%") }],
    ["another content type", "client_id=client-1", { type: "application/json" }],
  ])("leaves %s for the provider to judge", async (_what, body, options) => {
    expect(await normalize(body, options)).toBe(body);
  });

  it("is told which is wrong when the two differ", async () => {
    const answer = JSON.parse(await normalize("client_id=client-2"));
    expect(answer).toEqual({
      error: "invalid_request",
      error_description: "client_id names another client than the Authorization header does.",
    });
  });
});

describe("a code or token that was never issued", () => {
  const ISSUED = `b7c1:${"g".repeat(16)}:${"s".repeat(32)}`;

  async function send(
    form: Record<string, string>,
  ): Promise<{ status: number; asked: boolean; body: string }> {
    let asked = false;
    const { authorization, ...parameters } = form;
    const body = new URLSearchParams({ client_id: "c".repeat(16), ...parameters }).toString();
    const request = new Request("https://mcp.example.com/token", {
      method: "POST",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        ...(authorization !== undefined && { Authorization: authorization }),
      },
      body,
    });
    const response = await answerTokenRequest(request, body, async () => {
      asked = true;
      return new Response();
    });
    return { status: response.status, asked, body: await response.text() };
  }

  it.each([
    "a:b:c",
    "a",
    "::",
    `:${"g".repeat(16)}:${"s".repeat(32)}`,
    `b7c1:${"g".repeat(15)}:${"s".repeat(32)}`,
    `b7c1:${"g".repeat(16)}:${"s".repeat(31)}`,
    `${"u".repeat(201)}:${"g".repeat(16)}:${"s".repeat(32)}`,
    `b7c1:x:${"g".repeat(16)}:${"s".repeat(32)}`,
    `b7/c1:${"g".repeat(16)}:${"s".repeat(32)}`,
  ])("[FAIL-57] %s is refused before the provider is asked", async (credential) => {
    expect(await send({ grant_type: "authorization_code", code: credential })).toMatchObject({
      status: 400,
      asked: false,
      body: expect.stringContaining("invalid_grant"),
    });
    expect(await send({ grant_type: "refresh_token", refresh_token: credential })).toMatchObject({
      status: 400,
      asked: false,
      body: expect.stringContaining("invalid_grant"),
    });
    // RFC 7009 §2.2.
    expect(await send({ token: credential })).toEqual({ status: 200, asked: false, body: "" });
  });

  it("is not what this server issues", async () => {
    expect(await send({ grant_type: "authorization_code", code: ISSUED })).toMatchObject({ asked: true });
    expect(await send({ grant_type: "refresh_token", refresh_token: ISSUED })).toMatchObject({ asked: true });
    expect(await send({ token: ISSUED })).toMatchObject({ asked: true });
    const longest = `${"u".repeat(200)}:${"g".repeat(16)}:${"s".repeat(32)}`;
    expect(await send({ token: longest })).toMatchObject({ asked: true });
  });

  it.each([
    ["the code of nobody", { client_id: "", grant_type: "authorization_code", code: "x" }],
    ["Basic", { client_id: "", authorization: "Basic eDp5", grant_type: "authorization_code", code: "x" }],
    ["a secret", { client_secret: "s", grant_type: "authorization_code", code: "x" }],
    ["an assertion", { client_assertion: "s", token: "x" }],
    ["no code", { grant_type: "authorization_code" }],
    ["another grant type", { grant_type: "client_credentials", code: "x" }],
    ["nothing", {}],
  ])("leaves %s for the provider to judge", async (_what, form) => {
    expect(await send(form)).toMatchObject({ asked: true });
  });
});
