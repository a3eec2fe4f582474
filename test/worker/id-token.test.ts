/** GET /callback: checks each claim of PingOne's tokens that the Worker depends on with an invalid value. */
import { type JWTPayload, SignJWT } from "jose";
import { describe, expect } from "vitest";
import {
  CRAFTED_AUDIENCE,
  CRAFTED_CLIENT,
  CRAFTED_ISSUER,
  type CraftedAnswer,
} from "../../src/auth/testing/crafted-issuer.ts";
import { connectMcp, type RegisteredClient, redeem, registerClient } from "../support/mcp-client.ts";
import { countHoldings, expectSignInError, pendingSignInCookies, watchLog } from "../support/observe.ts";
import { comeBack, startSignIn } from "../support/sign-in.ts";
import { testWithCraftedIssuer } from "../support/test.ts";

const { it, worker, issuer } = testWithCraftedIssuer();
let client: RegisteredClient;

it.beforeAll(async () => {
  client = await registerClient(worker);
});

async function signInWith(answer: CraftedAnswer, scope?: string) {
  const signIn = await startSignIn(worker, { client, ...(scope !== undefined && { overrides: { scope } }) });
  issuer.answerWith({ nonce: signIn.nonce, ...answer });
  const back = await comeBack(worker, signIn, { code: "the-code" });
  return { ...signIn, back: back.url };
}

async function expectRefused(
  answer: CraftedAnswer,
  expected: { error?: string; failure?: string; detail?: RegExp },
): Promise<void> {
  const before = await countHoldings(worker);
  const log = watchLog(worker);
  const signIn = await signInWith(answer);
  expectSignInError(signIn.back, signIn, expected.error ?? "server_error");
  expect(await countHoldings(worker)).toEqual(before);
  expect(await pendingSignInCookies(signIn.browser, worker)).toEqual([]);
  if (expected.failure !== undefined) {
    expect(await log.line("callback.pingone_failed")).toMatchObject({
      failure: expected.failure,
      detail: expect.stringMatching(expected.detail ?? /./),
    });
  }
}

const now = () => Math.floor(Date.now() / 1000);
const HOUR = 3600;

describe("the ID token (OpenID Connect Core §3.1.3.7)", () => {
  it("is accepted as PingOne makes it, and the code goes out with the verifier of this sign-in", async () => {
    const { back, pingOneUrl } = await signInWith({});
    expect(back.searchParams.get("error")).toBeNull();
    expect(back.searchParams.get("code")).not.toBeNull();
    const form = issuer.tokenRequests.at(-1) ?? new URLSearchParams();
    expect(Object.fromEntries(form)).toEqual({
      grant_type: "authorization_code",
      code: "the-code",
      redirect_uri: "https://mcp.example.com/callback",
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(form.get("code_verifier") ?? ""),
    );
    expect(Buffer.from(digest).toString("base64url")).toBe(pingOneUrl.searchParams.get("code_challenge"));
  });

  // Claims are created when their test runs. Created earlier, they could be outside the clock tolerance by then.
  it.each<[what: string, claims: () => Record<string, unknown>]>([
    ["a clock half a minute behind ours", () => ({ iat: now() - HOUR, exp: now() - 30 })],
    ["a clock half a minute ahead of ours", () => ({ iat: now() + 30, exp: now() + HOUR })],
    ["an audience in a list", () => ({ aud: [CRAFTED_CLIENT.id] })],
    [
      "claims that nobody expects",
      () => ({ acr: "policy", amr: ["pwd"], auth_time: 1719859, "p1.region": "EU" }),
    ],
  ])("is accepted with %s", async (_what, claims) => {
    expect((await signInWith({ idToken: claims() })).back.searchParams.get("code")).not.toBeNull();
  });

  it.each<[what: string, idToken: Record<string, unknown>, detail: RegExp]>([
    ["another issuer", { iss: "https://auth.pingone.example/other/as" }, /CLAIM/],
    ["an issuer with a slash added", { iss: `${CRAFTED_ISSUER}/` }, /CLAIM/],
    ["no issuer", { iss: undefined }, /./],
    ["another client's audience", { aud: "other-client" }, /CLAIM/],
    ["no audience", { aud: undefined }, /./],
    ["the Todo API's audience", { aud: [CRAFTED_AUDIENCE] }, /CLAIM/],
    ["another authorized party among several audiences", { aud: [CRAFTED_CLIENT.id, "x"], azp: "x" }, /./],
    ["several audiences and no authorized party", { aud: [CRAFTED_CLIENT.id, "x"] }, /./],
    ["another nonce", { nonce: "another" }, /CLAIM/],
    ["no nonce", { nonce: undefined }, /./],
    ["an expiry in the past", { iat: now() - 2 * HOUR, exp: now() - HOUR }, /TIMESTAMP/],
    ["no expiry", { exp: undefined }, /./],
    ["no time of issue", { iat: undefined }, /./],
    ["a start in the future", { nbf: now() + HOUR }, /TIMESTAMP/],
    ["no subject", { sub: undefined }, /./],
    ["an empty subject", { sub: "" }, /./],
    ["a subject that is no text", { sub: 7 }, /./],
  ])("[SEC-12] is refused with %s", async (_what, idToken, detail) => {
    await expectRefused({ idToken }, { failure: "untrusted", detail });
  });

  it.each<[what: string, rawIdToken: (claims: JWTPayload) => Promise<string> | string]>([
    ["no signature (alg none)", (claims) => `${encode({ alg: "none" })}.${encode(claims)}.`],
    ["an empty signature", (claims) => `${encode({ alg: "RS256", kid: "TEST-ONLY" })}.${encode(claims)}.`],
    [
      "a signature by the client secret (HS256)",
      (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", kid: "TEST-ONLY" })
          .sign(new TextEncoder().encode(CRAFTED_CLIENT.secret)),
    ],
    [
      "claims that were changed after signing",
      async (claims) => {
        const [header, , signature] = (await issuer.sign(claims)).split(".");
        return [header, encode({ ...claims, sub: "somebody-else" }), signature].join(".");
      },
    ],
    ["another key than it names", (claims) => issuer.sign(claims, { kid: "unknown" })],
    ["encryption", () => "a.b.c.d.e"],
    ["text that is no JWT", () => "no-jwt"],
    ["nothing", () => ""],
  ])("[SEC-12] is refused with %s", async (_what, rawIdToken) => {
    await expectRefused({ rawIdToken }, { failure: "untrusted" });
  });

  it.each([undefined, null, 7])("is refused when it is %j", async (id_token) => {
    await expectRefused({ response: { id_token } }, { failure: "untrusted" });
  });
});

describe("the access token", () => {
  it("is accepted with other audiences beside the Todo API, and with a string", async () => {
    for (const aud of [[CRAFTED_AUDIENCE, "https://api.pingone.example"], CRAFTED_AUDIENCE]) {
      expect((await signInWith({ accessToken: { aud } })).back.searchParams.get("code")).not.toBeNull();
    }
  });

  it.each<[what: string, answer: CraftedAnswer]>([
    ["another API", { accessToken: { aud: ["https://api.pingone.example"] } }],
    ["another API as a string", { accessToken: { aud: "https://api.pingone.example" } }],
    ["an API whose name begins like ours", { accessToken: { aud: `${CRAFTED_AUDIENCE}.evil.example` } }],
    ["nobody in particular", { accessToken: { aud: undefined } }],
    ["who knows whom, being opaque", { response: { access_token: "opaque" } }],
  ])("[FAIL-25] is refused when it is for %s", async (_what, answer) => {
    await expectRefused(answer, { failure: "wrong_audience" });
  });
});

describe("the scopes", () => {
  it.each<[asked: string, granted: unknown, given: string]>([
    ["todo_api:read todo_api:write", "openid todo_api:write todo_api:read", "todo_api:read todo_api:write"],
    ["todo_api:read todo_api:write", "openid todo_api:read", "todo_api:read"],
    ["todo_api:read", "openid todo_api:read todo_api:write", "todo_api:read"],
    ["todo_api:read", "todo_api:read todo_api:readwrite admin", "todo_api:read"],
    // RFC 6749 §5.1: without `scope` in the response, the granted scope is the requested one.
    ["todo_api:write", undefined, "todo_api:write"],
  ])("asked for %j and granted %j are given as %j", async (asked, scope, given) => {
    const { attempt, back } = await signInWith({ response: { scope } }, asked);
    const tokens = await redeem(worker, client, attempt, back);
    expect(tokens.scope).toBe(given);
  });

  it.each(["openid profile", "todo_api:readonly", ""])(
    "granted as %j are no access at all, and the client hears of it",
    async (scope) => {
      await expectRefused({ response: { scope } }, { error: "access_denied" });
    },
  );
});

describe("the person", () => {
  it.each<[claims: Record<string, unknown>, text: string]>([
    [{ name: "Alice Ames", preferred_username: "alice" }, "Signed in as Alice Ames."],
    [{ given_name: "Alice", family_name: "Ames" }, "Signed in as Alice Ames."],
    [{ given_name: "Alice", name: "" }, "Signed in as Alice."],
    [{ preferred_username: "alice", email: "alice@example.com" }, "Signed in as alice."],
    [{ email: "alice@example.com", name: 7 }, "Signed in as alice@example.com."],
    [{}, "Signed in as b7c1."],
    // The OAuth provider joins the parts of its tokens with ":".
    [{ sub: "tenant:user:1/é" }, "Signed in as tenant:user:1/é."],
  ])("of %j is known to the tools", async (idToken, text) => {
    const { attempt, back } = await signInWith({ idToken });
    const tokens = await redeem(worker, client, attempt, back);
    const mcp = await connectMcp(worker, tokens.access_token, "modern");
    const { content } = await mcp.callTool({ name: "whoAmI", arguments: {} });
    expect(content).toEqual([{ type: "text", text: expect.stringContaining(text) }]);
    await mcp.close();
  });
});

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
