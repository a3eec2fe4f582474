/** Compiled, not run: what an editor shows to somebody who uses the package. */
import { createControlClient, type PingOne, type StartPingOneOptions, startPingOne } from "pingone-emulator";
import { signOn } from "pingone-emulator/browser";

const options: StartPingOneOptions = { port: 0, redirectUris: ["http://localhost:3000/callback"] };

export async function use(): Promise<string> {
  await using pingone: PingOne = await startPingOne(options);
  const { id } = await pingone.seed.user({ username: "dana" });
  const { accessToken } = await pingone.issueTokens({ user: id, scopes: ["openid"] });
  await pingone.faults.queue({ endpoint: "token", fault: "wrong_nonce" });
  // @ts-expect-error There is no such fault.
  await pingone.faults.queue({ endpoint: "token", fault: "explode" });
  await createControlClient(pingone.origin).clock.advance(60);
  const { url } = await signOn(`${pingone.issuer}/authorize`, "dana", { pingone });
  return `${accessToken} ${url}`;
}
