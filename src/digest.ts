/** SHA-256 in the encodings that this Worker needs. */
import { encodeBase64, encodeBase64Url } from "hono/utils/encode";

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

/** For KV keys and rate-limit keys. Without padding, as in RFC 7515 §2. */
export async function sha256Base64Url(text: string): Promise<string> {
  return encodeBase64Url(await sha256(text)).replace(/=+$/, "");
}

/** With padding, as a Content-Security-Policy writes it. */
export async function sha256Base64(text: string): Promise<string> {
  return encodeBase64(await sha256(text));
}
