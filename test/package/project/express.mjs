/** express-openid-connect in its default setting: an ID token by form_post. */
import express from "express";
import oidc from "express-openid-connect";
import { startPingOne } from "pingone-emulator";
import { signOn } from "pingone-emulator/browser";

const pingone = await startPingOne();
const app = express();
const server = app.listen(0, "127.0.0.1");
const baseURL = await new Promise((resolve) =>
  server.once("listening", () => resolve(`http://localhost:${server.address().port}`)),
);
const { id } = await pingone.seed.application({
  grantTypes: ["IMPLICIT"],
  responseTypes: ["ID_TOKEN"],
  redirectUris: [`${baseURL}/callback`],
});
app.use(
  oidc.auth({
    issuerBaseURL: pingone.issuer,
    baseURL,
    clientID: id,
    secret: "TEST-ONLY a secret for cookies",
  }),
);
app.get("/profile", oidc.requiresAuth(), (request, response) => response.json(request.oidc.user));

const signedOn = await signOn(`${baseURL}/profile`, "alice", { pingone });
const page = await signedOn.deliver();
console.log(JSON.stringify({ node: process.versions.node, user: JSON.parse(page.text).preferred_username }));
server.close();
server.closeAllConnections();
await pingone.close();
