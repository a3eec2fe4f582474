/** For the documentation: which capabilities of DaVinci the nodes of a scenario become. */
import type { ScenarioNode } from "./scenario-schema.ts";

export const AT_PINGONE: Readonly<Record<ScenarioNode["type"], string>> = {
  screen: "`customHTMLTemplate`, and with several buttons `AEqualsMultipleB` on `buttonValue`",
  checkSession: "`checkSession`, one for each method",
  userLookup: "`userLookup`",
  checkPassword: "`checkPassword`, `AEqualsMultipleB` on the password's status and on the error",
  registerUser: "`createUser` with `VERIFICATION_REQUIRED`, which sends the verification code",
  updateUser: "`updateUser`",
  sendCode:
    "`sendVerificationCode`, `sendRecoveryCode`, or for `mfa` `createDeviceAuthentication` with a one-time device",
  checkCode: "`verifyEmail`, which verifies the account too, or for `mfa` `validateOtpDeviceAuthentication`",
  recoverPassword: "`AEqualsB` on the two entries, `recoverPassword`",
  changePassword: "`AEqualsB` on the two entries, `resetPassword`",
  branch: "`AEqualsMultipleB`, for an empty value `AIsEmpty`; for `user.*` after `readUser`",
  memberOf: "`readUserGroupMemberships`, `customFunction`",
  consent: "`appConsent`; `branch` on `consent.status` after it",
  errorMessage: "`customErrorMessage`",
  success: "`returnSuccessResponseRedirect`",
  error: "`returnErrorResponseRedirect`",
  createSuccessResponse: "`createSuccessResponse`, which only a sub-flow may end with",
};
