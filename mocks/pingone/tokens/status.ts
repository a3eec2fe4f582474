/** Whether a presented token is good at this moment, by everything the emulator knows: PingOne asks the session too. */
import { type Front, findApplication } from "../front.ts";
import { type AccessToken, type Grant, hashOf, type RefreshToken } from "./store.ts";

export type PresentedToken =
  | { readonly kind: "access_token"; readonly token: AccessToken; readonly grant: Grant | undefined }
  | { readonly kind: "refresh_token"; readonly token: RefreshToken; readonly grant: Grant };

/** RFC 7009 and 7662: the hint only says where to look first, so it is not needed to find a token. */
export function findToken(front: Front, value: string): PresentedToken | undefined {
  const hash = hashOf(value);
  const token = front.state.accessTokens.get(hash);
  if (token) {
    return { kind: "access_token", token, grant: front.state.grants.get(token.grantId ?? "") };
  }
  const refreshToken = front.state.refreshTokens.get(hash);
  const grant = refreshToken && front.state.grants.get(refreshToken.grantId);
  return grant && { kind: "refresh_token", token: refreshToken, grant };
}

export function clientOf(presented: PresentedToken): string {
  return presented.kind === "access_token" ? presented.token.clientId : presented.grant.clientId;
}

export function isActive(front: Front, presented: PresentedToken): boolean {
  const { token, grant } = presented;
  if (token.expiresAt <= front.clock()) return false;
  if (presented.kind === "access_token") {
    if (presented.token.revoked) return false;
    // A key that was dropped takes its tokens with it.
    if (!front.signer.keyIds.includes(presented.token.kid)) return false;
    if (presented.token.grantId === null) return true;
  } else if (presented.token.rotatedAt !== null) return false;
  if (!grant || grant.revoked) return false;
  if (!front.users.findById(grant.userId)?.enabled) return false;
  const application = findApplication(front, grant.clientId);
  const isSessionBound = application?.skipTokenSessionValidation !== true;
  return !isSessionBound || front.state.liveSession(grant.sessionId) !== undefined;
}
