/**
 * Encrypts the storage of Durable Objects and cookies: AES-256-GCM under a key that HKDF (RFC 5869) derives from the
 * Worker's secret and the id of the object or cookie, so that the ciphertext is useless in another place or without the
 * secret.
 */
import { decodeBase64Url, encodeBase64Url } from "hono/utils/encode";
import { z } from "zod";

const sealedSchema = z.object({
  version: z.literal(1),
  iv: z.instanceof(Uint8Array),
  ciphertext: z.instanceof(Uint8Array),
});
type Sealed = z.infer<typeof sealedSchema>;

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
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: encoder.encode("mcp-davinci/sealing/v1"),
      info: encoder.encode(id),
    },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** @param content anything that JSON can hold */
export async function seal(content: unknown, context: SealingContext): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const key = await deriveKey(context);
  const text = new TextEncoder().encode(JSON.stringify(content));
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text);
  return { version: 1, iv, ciphertext: new Uint8Array(ciphertext) };
}

/**
 * The content, or undefined if there is none of this schema, if it was sealed under another secret or id, or if it was
 * tampered with.
 */
export async function unseal<T>(
  stored: unknown,
  schema: z.ZodType<T>,
  context: SealingContext,
): Promise<T | undefined> {
  const sealed = sealedSchema.safeParse(stored);
  if (!sealed.success) return undefined;
  const key = await deriveKey(context);
  try {
    // Copies, because the storage returns a view whose type allows a shared buffer.
    const iv = new Uint8Array(sealed.data.iv);
    const ciphertext = new Uint8Array(sealed.data.ciphertext);
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, ciphertext);
    return schema.safeParse(JSON.parse(new TextDecoder().decode(text))).data;
  } catch {
    return undefined;
  }
}

/** {@link seal} for a cookie: base64url of the IV and the ciphertext. */
export async function sealToText(content: unknown, context: SealingContext): Promise<string> {
  const { iv, ciphertext } = await seal(content, context);
  return encodeBase64Url(Uint8Array.of(...iv, ...ciphertext).buffer);
}

/** {@link unseal} for a cookie: undefined for anything that {@link sealToText} did not make. */
export async function unsealFromText<T>(
  text: string,
  schema: z.ZodType<T>,
  context: SealingContext,
): Promise<T | undefined> {
  try {
    const bytes = decodeBase64Url(text);
    const sealed = { version: 1, iv: bytes.slice(0, IV_BYTES), ciphertext: bytes.slice(IV_BYTES) };
    return await unseal(sealed, schema, context);
  } catch {
    return undefined;
  }
}
