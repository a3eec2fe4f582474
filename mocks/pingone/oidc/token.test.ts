import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { basic, challengeOf, type Fields, newVerifier, REDIRECT_URI } from "../testing/client.ts";
import { addApplications, startTenant, type Tenant } from "../testing/tenant.ts";

const SECRET = "TEST-ONLY-mcp-server-secret";

let tenant: Tenant;
beforeEach(async () => {
  tenant = await startTenant({
    edit: addApplications(
      { id: "second-client", secret: "TEST-ONLY second:100%+&secret" },
      { id: "post-client", tokenEndpointAuthMethod: "CLIENT_SECRET_POST" },
      { id: "public-client", tokenEndpointAuthMethod: "NONE" },
      { id: "optional-client", pkceEnforcement: "OPTIONAL" },
      { id: "disabled-client", enabled: false },
      { id: "code-only-client", grantTypes: ["AUTHORIZATION_CODE"] },
    ),
  });
});
afterEach(() => tenant[Symbol.asyncDispose]());

describe("client authentication at the token endpoint", () => {
  const worker = basic({ id: "mcp-server", secret: SECRET });
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
    ["Basic with a broken percent encoding", {}, `Basic ${btoa(`mcp-server:${SECRET}%`)}`],
    ["a bearer token", {}, "Bearer abc"],
  ];

  it.each(refused)(
    "[PING-035] [PING-097] refuses %s with 401 invalid_client in PingOne's words",
    async (_, fields, authorization) => {
      const answer = await tenant.token(
        { grant_type: "authorization_code", code: "x", ...fields },
        authorization,
      );
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
    [
      "Basic with a form-encoded secret",
      {},
      basic({ id: "second-client", secret: "TEST-ONLY second:100%+&secret" }),
    ],
    ["Post", { client_id: "post-client", client_secret: SECRET }, ""],
    ["no secret for a public client", { client_id: "public-client" }, ""],
  ])("[PING-034] takes %s", async (_, fields, authorization) => {
    const answer = await tenant.token(
      { grant_type: "authorization_code", code: "x", ...fields },
      authorization,
    );
    expect(answer).toMatchObject({ status: 400, error: "invalid_grant" });
  });
});

describe("a token request", () => {
  it.each<[string, Fields, string]>([
    ["without a grant type", {}, "invalid_request"],
    ["with an unknown grant type", { grant_type: "magic" }, "unsupported_grant_type"],
    ["with the name of an object's own member", { grant_type: "constructor" }, "unsupported_grant_type"],
    [
      "with the password grant",
      { grant_type: "password", username: "alice", password: "x" },
      "unsupported_grant_type",
    ],
    [
      "with a grant type that the application lacks",
      { grant_type: "client_credentials" },
      "unauthorized_client",
    ],
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

  it.each(["grant_type", "code", "redirect_uri", "client_id", "x"])(
    "with %s repeated is refused",
    async (name) => {
      const fields = new URLSearchParams({
        grant_type: "authorization_code",
        code: "x",
        redirect_uri: REDIRECT_URI,
      });
      fields.append(name, "authorization_code");
      fields.append(name, "authorization_code");
      expect(await tenant.token(fields)).toMatchObject({ status: 400, error: "invalid_request" });
    },
  );

  it("with its parameters in the query is refused", async () => {
    const response = await fetch(`${tenant.issuer}/token?grant_type=refresh_token&refresh_token=x`, {
      method: "POST",
      headers: { authorization: basic(tenant.emulator.client) },
      body: new URLSearchParams(),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_request" });
  });
});

describe("an authorization code", () => {
  it("[PING-038] [PING-096] is redeemed once; a replay also ends what came from it", async () => {
    const login = await tenant.signIn();
    const tokens = await tenant.redeem(login);
    expect(tokens).toMatchObject({ status: 200, token_type: "Bearer" });
    expect(tokens.headers.get("cache-control")).toBe("no-store");
    expect(await tenant.redeem(login)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await tenant.isActive(tokens.access_token)).toBe(false);
    expect(await tenant.refresh(tokens.refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  it("is redeemed once even when two requests come at the same time", async () => {
    const login = await tenant.signIn();
    const answers = await Promise.all([tenant.redeem(login), tenant.redeem(login)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it.each<[string, Fields]>([
    ["without its verifier", { code_verifier: undefined }],
    ["with another verifier", { code_verifier: newVerifier() }],
    ["with its challenge for a verifier", { code_verifier: "A".repeat(43) }],
    ["with a verifier that is too short", { code_verifier: "short" }],
    ["without its redirect URI", { redirect_uri: undefined }],
    ["with another redirect URI", { redirect_uri: `${REDIRECT_URI}/` }],
  ])("[PING-039] [PING-093] is refused %s, and used up by the attempt", async (_, changes) => {
    const login = await tenant.signIn();
    expect(await tenant.redeem(login, changes)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await tenant.redeem(login)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  it("is refused with a verifier that is too short, even one that fits its challenge", async () => {
    const login = await tenant.signIn({ parameters: { code_challenge: challengeOf("short") } });
    expect(await tenant.redeem(login, { code_verifier: "short" })).toMatchObject({ error: "invalid_grant" });
  });

  it("[PING-039] is refused to another client, and stays good for its own", async () => {
    const login = await tenant.signIn();
    const other = basic({ id: "second-client", secret: "TEST-ONLY second:100%+&secret" });
    expect(await tenant.redeem(login, {}, other)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect((await tenant.redeem(login)).status).toBe(200);
  });

  it("[PING-040] is good for 60 seconds, or for as long as the switch says", async () => {
    const inTime = await tenant.signIn();
    tenant.advanceSeconds(58);
    expect((await tenant.redeem(inTime)).status).toBe(200);
    const late = await tenant.signIn();
    tenant.advanceSeconds(61);
    expect(await tenant.redeem(late)).toMatchObject({ status: 400, error: "invalid_grant" });
    tenant.emulator.admin.setSwitches({ codeTtlSeconds: 5 });
    const short = await tenant.signIn();
    tenant.advanceSeconds(6);
    expect((await tenant.redeem(short)).error).toBe("invalid_grant");
  });

  it.each(["endSession", "revokeTokens"] as const)("is worth nothing after %s of its user", async (verb) => {
    const login = await tenant.signIn();
    tenant.emulator.admin[verb]("alice");
    expect(await tenant.redeem(login)).toMatchObject({ status: 400, error: "invalid_grant" });
  });

  it("takes a verifier of the method plain where the application allows it", async () => {
    const client = basic({ id: "optional-client", secret: SECRET });
    const verifier = newVerifier();
    const plain = {
      client_id: "optional-client",
      code_challenge: verifier,
      code_challenge_method: undefined,
    };
    const login = await tenant.signIn({ parameters: plain });
    expect((await tenant.redeem(login, { code_verifier: verifier }, client)).status).toBe(200);
  });

  it("asked for without a challenge is refused with a verifier, and redeemed without", async () => {
    const client = basic({ id: "optional-client", secret: SECRET });
    const bare = {
      client_id: "optional-client",
      code_challenge: undefined,
      code_challenge_method: undefined,
    };
    const downgraded = await tenant.signIn({ parameters: bare });
    expect((await tenant.redeem(downgraded, {}, client)).error).toBe("invalid_grant");
    const login = await tenant.signIn({ parameters: bare });
    expect((await tenant.redeem(login, { code_verifier: undefined }, client)).status).toBe(200);
  });
});
