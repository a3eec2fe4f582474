/** The PingOne connector: users, passwords, codes, groups and agreements of the environment. */
import { defineConnector } from "../engine/capability.ts";
import {
  acceptAgreement,
  checkUserAgreement,
  readAgreementContent,
  readUserAgreements,
  revokeUserAgreement,
} from "./pingone-sso-agreements.ts";
import { sendVerificationCode, verifyEmail } from "./pingone-sso-email.ts";
import { readUser, userLookup, usersLookup } from "./pingone-sso-find.ts";
import {
  createGroup,
  createUserGroupMembership,
  deleteGroup,
  deleteUserGroupMembership,
  readGroup,
  readGroupMembers,
  readPopulation,
  readUserGroupMemberships,
  updateGroup,
} from "./pingone-sso-groups.ts";
import {
  checkPassword,
  recoverPassword,
  resetPassword,
  sendRecoveryCode,
  setPassword,
} from "./pingone-sso-passwords.ts";
import { createUser, deleteUser, enableUser, unlockUser, updateUser } from "./pingone-sso-users.ts";

export const pingOneSSOConnector = defineConnector({
  id: "pingOneSSOConnector",
  name: "PingOne",
  capabilities: {
    userLookup,
    usersLookup,
    readUser,
    createUser,
    updateUser,
    deleteUser,
    enableUser,
    unlockUser,
    checkPassword,
    resetPassword,
    setPassword,
    sendRecoveryCode,
    recoverPassword,
    sendVerificationCode,
    verifyEmail,
    readUserGroupMemberships,
    createUserGroupMembership,
    deleteUserGroupMembership,
    createGroup,
    readGroup,
    updateGroup,
    deleteGroup,
    readGroupMembers,
    readPopulation,
    readAgreementContent,
    checkUserAgreement,
    acceptAgreement,
    readUserAgreements,
    revokeUserAgreement,
  },
});
