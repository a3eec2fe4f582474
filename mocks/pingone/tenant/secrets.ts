/** Keeps clear text of passwords and one-time codes out of snapshots: only salted hashes are kept. */
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";

export const saltedHash = z.object({ salt: z.string(), hash: z.string() });
export type SaltedHash = z.infer<typeof saltedHash>;

/** A low cost, because these are test secrets. */
function derive(secret: string, salt: string): Buffer {
  return scryptSync(secret, salt, 32, { N: 1024, r: 8, p: 1 });
}

export function hashSecret(secret: string): SaltedHash {
  const salt = randomBytes(16).toString("base64url");
  return { salt, hash: derive(secret, salt).toString("base64url") };
}

export function isSecretOf({ salt, hash }: SaltedHash, offered: string): boolean {
  return timingSafeEqual(Buffer.from(hash, "base64url"), derive(offered, salt));
}
