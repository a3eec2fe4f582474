import { describe, expect, it } from "vitest";
import { answerTokenRequest } from "./token-endpoint.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
  /** What the provider was asked; undefined if it was not. */
  readonly asked: { readonly authorization: string | null; readonly body: string } | undefined;
}

async function send(body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const request = new Request("https://mcp.example.com/token", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body,
  });
  let asked: Answer["asked"];
  const response = await answerTokenRequest(request, body, async (normalized) => {
    asked = { authorization: normalized.headers.get("Authorization"), body: await normalized.text() };
    return new Response();
  });
  return { status: response.status, asked, body: await response.text() };
}

describe("a client that says its id twice", () => {
  const basic = (id: string) => ({ Authorization: `Basic ${Buffer.from(`${id}:s`).toString("base64")}` });
  const own = basic("client-1");

  it("drops the id that Basic has already said, and nothing else", async () => {
    const { asked } = await send("grant_type=x&client_id=client-1&code=a%2Bb+c", own);
    expect(asked).toEqual({ authorization: own.Authorization, body: "grant_type=x&code=a%2Bb+c" });
  });

  it.each<[what: string, body: string, headers: Record<string, string>]>([
    [
      "an id that was form-urlencoded before Basic joined it (RFC 6749 §2.3.1)",
      "client_id=https%3A%2F%2Fapp.example%2Fa%20b&code=c",
      basic("https%3A%2F%2Fapp.example%2Fa+b"),
    ],
    [
      "a content type with a parameter, in any case",
      "client_id=client-1&code=c",
      { ...own, "Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8" },
    ],
  ])("reads %s", async (_what, body, headers) => {
    expect((await send(body, headers)).asked?.body).toBe("code=c");
  });

  it.each<[what: string, body: string, headers: Record<string, string>]>([
    ["the id twice", "client_id=client-1&client_id=client-1", own],
    ["a secret as well", "client_id=client-1&client_secret=s", own],
    ["no id", "grant_type=x", own],
    ["no Authorization", "client_id=client-1", {}],
    ["Bearer", "client_id=client-1", { Authorization: "Bearer Y2xpZW50LTE6cw==" }],
    ["Basic that is no base64", "client_id=client-1", { Authorization: "Basic %%%" }],
    ["Basic with a broken escape", "client_id=client-1", basic("client-1%")],
    ["another content type", "client_id=client-1", { ...own, "Content-Type": "application/json" }],
  ])("leaves %s for the provider to judge", async (_what, body, headers) => {
    expect((await send(body, headers)).asked?.body).toBe(body);
  });

  it("is told which is wrong when the two differ", async () => {
    expect(JSON.parse((await send("client_id=client-2", own)).body)).toEqual({
      error: "invalid_request",
      error_description: "client_id names another client than the Authorization header does.",
    });
  });
});

describe("a code or token that was never issued", () => {
  const [GRANT_ID, SECRET] = ["g".repeat(16), "s".repeat(32)];
  const FORMS = ["grant_type=authorization_code&code=", "grant_type=refresh_token&refresh_token=", "token="];
  const present = (form: string, credential: string) =>
    send(`client_id=c&${form}${encodeURIComponent(credential)}`);

  it.each([
    "a:b:c",
    "a",
    `:${GRANT_ID}:${SECRET}`,
    `b7c1:${"g".repeat(15)}:${SECRET}`,
    `b7c1:${GRANT_ID}:${"s".repeat(31)}`,
    `${"u".repeat(201)}:${GRANT_ID}:${SECRET}`,
    `b7c1:x:${GRANT_ID}:${SECRET}`,
    `b7c1:${GRANT_ID}:${SECRET}:x`,
    `b7/c1:${GRANT_ID}:${SECRET}`,
  ])("[FAIL-57] %s is refused before the provider is asked", async (credential) => {
    const [code, refreshToken, revoked] = await Promise.all(FORMS.map((form) => present(form, credential)));
    const refused = { status: 400, asked: undefined, body: expect.stringContaining("invalid_grant") };
    expect([code, refreshToken]).toEqual([refused, refused]);
    // RFC 7009 §2.2.
    expect(revoked).toEqual({ status: 200, asked: undefined, body: "" });
  });

  it.each([`b7c1:${GRANT_ID}:${SECRET}`, `${"u".repeat(200)}:${GRANT_ID}:${SECRET}`])(
    "is not what this server issues: %s",
    async (credential) => {
      for (const form of FORMS) expect((await present(form, credential)).asked).toBeDefined();
    },
  );

  it.each<[what: string, body: string, headers?: Record<string, string>]>([
    ["the code of nobody", "client_id=&grant_type=authorization_code&code=x"],
    ["Basic", "client_id=c&grant_type=authorization_code&code=x", { Authorization: "Basic Yzpz" }],
    ["a secret", "client_id=c&client_secret=s&grant_type=authorization_code&code=x"],
    ["an assertion", "client_id=c&client_assertion=s&token=x"],
    ["no code", "client_id=c&grant_type=authorization_code"],
    ["another grant type", "client_id=c&grant_type=client_credentials&code=x"],
    ["nothing", "client_id=c"],
  ])("leaves %s for the provider to judge", async (_what, body, headers) => {
    expect((await send(body, headers)).asked).toBeDefined();
  });
});
