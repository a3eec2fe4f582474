/**
 * The formats of the ids, codes and tokens that the OAuth provider issues. A value of any other format was never issued
 * and is refused without reading a store.
 */
import { hash } from "node:crypto";

const MAXIMUM_USER_ID_LENGTH = 200;

/** The result of {@link userIdOf}: output of `encodeURIComponent`. */
const USER_ID = new RegExp(`^[\\w.~!*'()%-]{1,${MAXIMUM_USER_ID_LENGTH}}$`);
/** Of grants and of registered clients. */
const ID = /^[\w-]{16}$/;
const SECRET = /^[\w-]{32}$/;

/** Names one grant of one person. */
export interface GrantName {
  readonly userId: string;
  readonly grantId: string;
}

/** The grant that a code or token belongs to, or undefined if this server cannot have issued it. */
export function parseCredential(credential: string): GrantName | undefined {
  // `userId:grantId:secret`, of codes, access tokens and refresh tokens.
  const [userId = "", grantId = "", secret = "", ...rest] = credential.split(":");
  const name = { userId, grantId };
  return isGrantName(name) && SECRET.test(secret) && rest.length === 0 ? name : undefined;
}

export function isGrantName({ userId, grantId }: GrantName): boolean {
  return USER_ID.test(userId) && ID.test(grantId);
}

/** Whether an id has the format of a dynamically registered client. */
export function isRegisteredClientId(clientId: string): boolean {
  return ID.test(clientId);
}

/** Whether an id is the URL of a Client ID Metadata Document. */
export function isMetadataDocumentId(clientId: string): boolean {
  return URL.parse(clientId)?.protocol === "https:";
}

/**
 * The provider's name for a person: PingOne's `sub`, without the ":" that joins the parts of a credential, and short
 * enough for KV keys, which have 512 bytes.
 */
export function userIdOf(subject: string): string {
  const encoded = encodeURIComponent(subject);
  return encoded.length <= MAXIMUM_USER_ID_LENGTH
    ? encoded
    : `sha256-${hash("sha256", subject, "base64url")}`;
}
