/** RSA keys of the emulator, as private JWKs with the certificate fields that PingOne publishes. TEST ONLY. */
import { createPrivateKey, generateKeyPair, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { findFile, type Layers } from "./layers.ts";
import { createCertificateFields } from "./x509.ts";

export const signingKeySchema = z.object({
  kty: z.literal("RSA"),
  kid: z.string().min(1),
  alg: z.literal("RS256"),
  use: z.literal("sig"),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  p: z.string(),
  q: z.string(),
  dp: z.string(),
  dq: z.string(),
  qi: z.string(),
  x5t: z.string(),
  x5c: z.array(z.string()).min(1),
});
export type SigningKey = z.infer<typeof signingKeySchema>;

const generate = promisify(generateKeyPair);

/** A `kid` is a UUID at PingOne; these say what they are for. */
export async function createSigningKey(kid = `TEST-ONLY-${randomUUID()}`): Promise<SigningKey> {
  const { privateKey } = await generate("rsa", { modulusLength: 2048 });
  return signingKeySchema.parse({
    ...privateKey.export({ format: "jwk" }),
    kid,
    alg: "RS256",
    use: "sig",
    ...createCertificateFields(createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" })), kid),
  });
}

export interface FixtureKeys {
  /** Still published, signs nothing any more: a client that takes the first key of the JWKS fails. */
  readonly previous: SigningKey;
  readonly current: SigningKey;
  /** Never published: for tokens with a wrong signature or an unknown `kid`. */
  readonly foreign: SigningKey;
}

/** Each file of its own from the uppermost folder that has it. `undefined` when there are faults, which are reported. */
export function loadKeys(layers: Layers): FixtureKeys | undefined {
  const read = (use: keyof FixtureKeys) => findFile(layers, `${use}-TEST-ONLY.json`)?.parse(signingKeySchema);
  const [previous, current, foreign] = [read("previous"), read("current"), read("foreign")];
  return previous && current && foreign && { previous, current, foreign };
}
