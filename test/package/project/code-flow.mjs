/** A code flow with PKCE by openid-client, against PingOne in this process. */
import * as client from "openid-client";
import { startPingOne } from "pingone-emulator";
import { signOn } from "pingone-emulator/browser";

const redirectUri = "http://localhost:3000/callback";
// On Node 24, and in TypeScript: await using.
const pingone = await startPingOne({ redirectUris: [redirectUri] });
await pingone.seed.user({ username: "dana", email: "dana@example.com" });

const configuration = await client.discovery(
  new URL(pingone.issuer),
  pingone.client.id,
  undefined,
  client.ClientSecretBasic(pingone.client.secret),
  { execute: [client.allowInsecureRequests] },
);
const verifier = client.randomPKCECodeVerifier();
const authorizationUrl = client.buildAuthorizationUrl(configuration, {
  redirect_uri: redirectUri,
  scope: "openid email",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
const { url } = await signOn(authorizationUrl, "dana", { pingone });
const tokens = await client.authorizationCodeGrant(configuration, url, { pkceCodeVerifier: verifier });
const { sub } = tokens.claims();
const userInfo = await client.fetchUserInfo(configuration, tokens.access_token, sub);
console.log(JSON.stringify({ node: process.versions.node, email: userInfo.email }));
await pingone.close();
