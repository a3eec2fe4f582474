import { describe, expect, it } from "vitest";
import { basic, challengeOf, type Fields, newVerifier, REDIRECT_URI } from "../testing/client.ts";
import { addApplications } from "../testing/tenant.ts";
import { tenant, withTenant } from "../testing/with-tenant.ts";

const SECRET = "TEST-ONLY-mcp-server-secret";
const dead = { status: 400, error: "invalid_grant" };
const secondClient = { id: "second-client", secret: "TEST-ONLY second:100%+&secret" };
const asSecondClient = basic(secondClient);
const asOptionalClient = basic({ id: "optional-client", secret: SECRET });

withTenant({
  edit: addApplications(
    secondClient,
    { id: "twin-client", secret: "twin-clientX" },
    { id: "post-client", tokenEndpointAuthMethod: "CLIENT_SECRET_POST" },
    { id: "public-client", tokenEndpointAuthMethod: "NONE" },
    { id: "optional-client", pkceEnforcement: "OPTIONAL" },
    { id: "disabled-client", enabled: false },
    { id: "code-only-client", grantTypes: ["AUTHORIZATION_CODE"] },
  ),
});

describe("client authentication at the token endpoint", () => {
  const worker = basic({ id: "mcp-server", secret: SECRET });
  const attempt = (fields: Fields, authorization: string) =>
    tenant.token({ grant_type: "authorization_code", code: "x", ...fields }, authorization);
  const refused: [string, Fields, string][] = [
    ["no credentials", {}, ""],
    ["an id alone where a secret is needed", { client_id: "mcp-server" }, ""],
    ["a wrong secret", {}, basic({ id: "mcp-server", secret: "wrong" })],
    ["an empty secret", {}, basic({ id: "mcp-server", secret: "" })],
    ["an unknown client", {}, basic({ id: "nobody", secret: SECRET })],
    ["a disabled client", {}, basic({ id: "disabled-client", secret: SECRET })],
    ["the right secret in the body instead of Basic", { client_id: "mcp-server", client_secret: SECRET }, ""],
    ["Basic and a secret in the body", { client_id: "mcp-server", client_secret: SECRET }, worker],
    ["Basic and the id of another client", { client_id: "second-client" }, worker],
    ["Basic where the application is set to Post", {}, basic({ id: "post-client", secret: SECRET })],
    ["a secret of a public client", { client_id: "public-client", client_secret: "x" }, ""],
    ["a client assertion", { client_assertion: "e30.e30.e30", client_assertion_type: "x" }, worker],
    ["Basic that is not base64", {}, "Basic ???"],
    ["Basic without a colon", {}, `Basic ${btoa("mcp-server")}`],
    // Cut at a colon that is not there, the id would be all but the last character.
    ["Basic that is a secret alone", {}, `Basic ${btoa("twin-clientX")}`],
    ["Basic with an empty id", {}, `Basic ${btoa(`:${SECRET}`)}`],
    [
      "Basic with an empty id, and the id in the body",
      { client_id: "mcp-server" },
      `Basic ${btoa(`:${SECRET}`)}`,
    ],
    ["Basic with a broken percent encoding", {}, `Basic ${btoa(`mcp-server:${SECRET}%`)}`],
    ["a bearer token", {}, "Bearer abc"],
  ];

  it.each(refused)(
    "[PING-035] [PING-097] refuses %s with 401 invalid_client in PingOne's words",
    async (_, fields, authorization) => {
      const answer = await attempt(fields, authorization);
      expect(answer).toMatchObject({ status: 401, error: "invalid_client" });
      expect(answer.error_description).toMatch(
        /^Request denied: Unsupported authentication method \(Correlation ID: [0-9a-f-]{36}\)$/,
      );
      expect(answer.headers.get("www-authenticate")).toBe(
        authorization.startsWith("Basic ") ? 'Basic realm="PingOne"' : null,
      );
      expect(answer.headers.get("cache-control")).toBe("no-store");
    },
  );

  it.each<[string, Fields, string]>([
    ["Basic", {}, worker],
    ["Basic and the same id in the body", { client_id: "mcp-server" }, worker],
    ["Basic with a scheme in other letters", {}, worker.replace("Basic", "bAsIc")],
    ["Basic with a form-encoded secret", {}, asSecondClient],
    ["Post", { client_id: "post-client", client_secret: SECRET }, ""],
    ["no secret for a public client", { client_id: "public-client" }, ""],
  ])("[PING-034] takes %s", async (_, fields, authorization) => {
    expect(await attempt(fields, authorization)).toMatchObject(dead);
  });
});

describe("a token request", () => {
  it.each<[string, Fields, string]>([
    ["without a grant type", {}, "invalid_request"],
    ["with an unknown grant type", { grant_type: "magic" }, "unsupported_grant_type"],
    ["with the name of an object's own member", { grant_type: "constructor" }, "unsupported_grant_type"],
    ["without a code", { grant_type: "authorization_code" }, "invalid_request"],
    ["without a refresh token", { grant_type: "refresh_token" }, "invalid_request"],
    ["with a made-up code", { grant_type: "authorization_code", code: crypto.randomUUID() }, "invalid_grant"],
    ["with a made-up refresh token", { grant_type: "refresh_token", refresh_token: "x" }, "invalid_grant"],
  ])("[PING-036] [PING-098] %s is refused by its error code", async (_, fields, error) => {
    const answer = await tenant.token(fields);
    expect(answer).toMatchObject({ status: 400, error });
    expect(answer.error_description).toMatch(/\(Correlation ID: [0-9a-f-]{36}\)$/);
  });

  it("[PING-037] names the grant type that is missing", async () => {
    const client = basic({ id: "code-only-client", secret: SECRET });
    const answer = await tenant.token({ grant_type: "refresh_token", refresh_token: "x" }, client);
    expect(answer).toMatchObject({ status: 400, error: "unauthorized_client" });
    expect(answer.error_description).toContain("Client is missing required grant type: REFRESH_TOKEN");
  });

  it("with a repeated parameter is refused", async () => {
    const fields = new URLSearchParams("grant_type=authorization_code&code=x&x=1&x=2");
    expect(await tenant.token(fields)).toMatchObject({ status: 400, error: "invalid_request" });
  });

  it("with its parameters in the query is refused", async () => {
    const answer = await tenant.ask("token?grant_type=refresh_token&refresh_token=x", {});
    expect(answer).toMatchObject({ status: 400, error: "invalid_request" });
  });
});

describe("an authorization code", () => {
  it("[PING-038] [PING-096] is redeemed once; a replay also ends what came from it", async () => {
    const login = await tenant.signIn();
    const tokens = await tenant.redeem(login);
    expect(tokens).toMatchObject({ status: 200, token_type: "Bearer" });
    expect(tokens.headers.get("cache-control")).toBe("no-store");
    expect(await tenant.redeem(login)).toMatchObject(dead);
    expect(await tenant.isActive(tokens.access_token)).toBe(false);
    expect(await tenant.refresh(tokens.refresh_token)).toMatchObject(dead);
  });

  it("is redeemed once even when two requests come at the same time", async () => {
    const login = await tenant.signIn();
    const answers = await Promise.all([tenant.redeem(login), tenant.redeem(login)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it.each<[string, Fields]>([
    ["without its verifier", { code_verifier: undefined }],
    ["with another verifier", { code_verifier: newVerifier() }],
    ["without its redirect URI", { redirect_uri: undefined }],
    ["with another redirect URI", { redirect_uri: `${REDIRECT_URI}/` }],
  ])("[PING-039] [PING-093] is refused %s, and used up by the attempt", async (_, changes) => {
    const login = await tenant.signIn();
    expect(await tenant.redeem(login, changes)).toMatchObject(dead);
    expect(await tenant.redeem(login)).toMatchObject(dead);
  });

  it("is refused with a verifier that is too short, even one that fits its challenge", async () => {
    const login = await tenant.signIn({ parameters: { code_challenge: challengeOf("short") } });
    expect(await tenant.redeem(login, { code_verifier: "short" })).toMatchObject({ error: "invalid_grant" });
  });

  it("[PING-039] is refused to another client, and stays good for its own", async () => {
    const login = await tenant.signIn();
    expect(await tenant.redeem(login, {}, asSecondClient)).toMatchObject(dead);
    expect((await tenant.redeem(login)).status).toBe(200);
  });

  it("[PING-040] is good for 60 seconds, or for as long as the switch says", async () => {
    const inTime = await tenant.signIn();
    tenant.advanceSeconds(58);
    expect((await tenant.redeem(inTime)).status).toBe(200);
    const late = await tenant.signIn();
    tenant.advanceSeconds(61);
    expect(await tenant.redeem(late)).toMatchObject(dead);
    tenant.emulator.admin.setSwitches({ codeTtlSeconds: 5 });
    const short = await tenant.signIn();
    tenant.advanceSeconds(6);
    expect((await tenant.redeem(short)).error).toBe("invalid_grant");
  });

  it.each(["endSession", "revokeTokens"] as const)("is worth nothing after %s of its user", async (verb) => {
    const login = await tenant.signIn();
    tenant.emulator.admin[verb]("alice");
    expect(await tenant.redeem(login)).toMatchObject(dead);
  });

  const bare = { client_id: "optional-client", code_challenge: undefined, code_challenge_method: undefined };

  it("takes a verifier of the method plain where the application allows it", async () => {
    const verifier = newVerifier();
    const plain = { ...bare, code_challenge: verifier };
    const login = await tenant.signIn({ parameters: plain });
    expect((await tenant.redeem(login, { code_verifier: verifier }, asOptionalClient)).status).toBe(200);
  });

  it("asked for without a challenge is refused with a verifier, and redeemed without", async () => {
    const downgraded = await tenant.signIn({ parameters: bare });
    expect((await tenant.redeem(downgraded, {}, asOptionalClient)).error).toBe("invalid_grant");
    const login = await tenant.signIn({ parameters: bare });
    expect((await tenant.redeem(login, { code_verifier: undefined }, asOptionalClient)).status).toBe(200);
  });
});
