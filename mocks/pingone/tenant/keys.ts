/** RSA keys of the emulator, as private JWKs with the certificate fields that PingOne publishes. TEST ONLY. */
import { createPrivateKey, generateKeyPair, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
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

/** @throws {Error} naming the file and what is wrong with it. */
export function loadFixtureKeys(directory: string): FixtureKeys {
  return {
    previous: readKey(join(directory, "previous-TEST-ONLY.json")),
    current: readKey(join(directory, "current-TEST-ONLY.json")),
    foreign: readKey(join(directory, "foreign-TEST-ONLY.json")),
  };
}

function readKey(path: string): SigningKey {
  try {
    return signingKeySchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`${path}: is not a private RSA key as a JWK: ${reason}`);
  }
}
