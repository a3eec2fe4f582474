/**
 * How the OAuth provider spells what it gives out. Anything spelt otherwise was never issued, and is refused without a
 * look at any store.
 */
import { sha256Base64Url } from "../digest.ts";

/** Codes, access tokens and refresh tokens are `userId:grantId:secret`. */
const CREDENTIAL = /^([\w.~!*'()%-]{1,200}):([\w-]{16}):[\w-]{32}$/;
const USER_ID = /^[\w.~!*'()%-]{1,200}$/;
const GRANT_ID = /^[\w-]{16}$/;
const CLIENT_ID = /^[\w-]{16}$/;

/** Names one grant of one person. */
export interface GrantName {
  readonly userId: string;
  readonly grantId: string;
}

/** The grant that a code or token belongs to, or undefined for what this server cannot have issued. */
export function parseCredential(credential: string): GrantName | undefined {
  const [, userId, grantId] = CREDENTIAL.exec(credential) ?? [];
  return userId === undefined || grantId === undefined ? undefined : { userId, grantId };
}

export function isGrantName({ userId, grantId }: GrantName): boolean {
  return USER_ID.test(userId) && GRANT_ID.test(grantId);
}

/** Whether an id can be that of a client that registered here. */
export function isRegisteredClientId(clientId: string): boolean {
  return CLIENT_ID.test(clientId);
}

/** Whether an id is the address of a Client ID Metadata Document. */
export function isMetadataDocumentId(clientId: string): boolean {
  return URL.parse(clientId)?.protocol === "https:";
}

/**
 * The provider's name for a person: PingOne's `sub`, without the ":" that joins the parts of a credential, and short
 * enough for KV keys, which have 512 bytes.
 */
export async function userIdOf(subject: string): Promise<string> {
  const encoded = encodeURIComponent(subject);
  return encoded.length <= 200 ? encoded : `sha256-${await sha256Base64Url(subject)}`;
}
