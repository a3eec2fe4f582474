/**
 * Sealing of what a Durable Object stores: AES-256-GCM under a key that HKDF (RFC 5869) derives from the
 * Worker's secret and the object's id, so that one object's storage is useless to another and to anyone
 * without the secret.
 */
import { z } from "zod";

export const sealedSchema = z.object({
  version: z.literal(1),
  iv: z.instanceof(Uint8Array),
  ciphertext: z.instanceof(Uint8Array),
});
export type Sealed = z.infer<typeof sealedSchema>;

export interface SealingContext {
  readonly secret: string;
  readonly id: string;
}

/** NIST SP 800-38D §8.2.1: 96 bits, fresh for every message. */
const IV_BYTES = 12;

async function deriveKey({ secret, id }: SealingContext): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: encoder.encode("ping-session/v1"), info: encoder.encode(id) },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

export async function seal(text: string, context: SealingContext): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const key = await deriveKey(context);
  const ciphertext = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv },
    key,
    new TextEncoder().encode(text),
  );
  return { version: 1, iv, ciphertext: new Uint8Array(ciphertext) };
}

/** The text, or undefined when it was sealed under another secret or id, or was tampered with. */
export async function unseal(sealed: Sealed, context: SealingContext): Promise<string | undefined> {
  const key = await deriveKey(context);
  try {
    // Copies, because what storage returns is typed over a buffer that may be shared.
    const iv = new Uint8Array(sealed.iv);
    const ciphertext = new Uint8Array(sealed.ciphertext);
    return new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, ciphertext));
  } catch {
    return undefined;
  }
}
