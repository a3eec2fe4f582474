/** Whether a presented token is good at this moment, by everything the emulator knows: PingOne asks the session too. */
import { findApplication } from "../tenant/tenant.ts";
import { type AccessToken, type Grant, hashOf, type RefreshToken } from "./store.ts";
import type { Tokens } from "./tokens.ts";

export type PresentedToken =
  | { readonly kind: "access_token"; readonly token: AccessToken; readonly grant: Grant | undefined }
  | { readonly kind: "refresh_token"; readonly token: RefreshToken; readonly grant: Grant };

/** RFC 7009 and 7662: the hint only says where to look first, so it is not needed to find a token. */
export function findToken({ store }: Tokens, value: string): PresentedToken | undefined {
  const hash = hashOf(value);
  const token = store.accessTokens.get(hash);
  if (token) {
    return { kind: "access_token", token, grant: store.grants.get(token.grantId ?? "") };
  }
  const refreshToken = store.refreshTokens.get(hash);
  const grant = refreshToken && store.grants.get(refreshToken.grantId);
  return grant && { kind: "refresh_token", token: refreshToken, grant };
}

export function clientOf(presented: PresentedToken): string {
  return presented.kind === "access_token" ? presented.token.clientId : presented.grant.clientId;
}

export function isActive({ tenant, store, signer }: Tokens, presented: PresentedToken): boolean {
  const { token, grant } = presented;
  if (token.expiresAt <= tenant.clock()) return false;
  if (presented.kind === "access_token") {
    if (presented.token.revoked) return false;
    // Tokens of a dropped key are no longer valid.
    if (!signer.keyIds.includes(presented.token.kid)) return false;
    if (presented.token.grantId === null) return true;
  } else if (presented.token.rotatedAt !== null) return false;
  if (!grant || grant.revoked) return false;
  if (!tenant.users.findById(grant.userId)?.enabled) return false;
  const application = findApplication(tenant, grant.clientId);
  const isSessionBound = application?.skipTokenSessionValidation !== true;
  return !isSessionBound || store.liveSession(grant.sessionId) !== undefined;
}
