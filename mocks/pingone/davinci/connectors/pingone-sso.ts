/** The PingOne connector: users, passwords, codes, groups and agreements of the environment. */
import { defineConnector } from "../engine/capability.ts";
import * as agreements from "./pingone-sso-agreements.ts";
import { sendVerificationCode, verifyEmail } from "./pingone-sso-email.ts";
import { readUser, userLookup } from "./pingone-sso-find.ts";
import * as groups from "./pingone-sso-groups.ts";
import * as passwords from "./pingone-sso-passwords.ts";
import * as users from "./pingone-sso-users.ts";

export const pingOneSSOConnector = defineConnector({
  id: "pingOneSSOConnector",
  name: "PingOne",
  capabilities: {
    userLookup,
    readUser,
    ...users,
    ...passwords,
    sendVerificationCode,
    verifyEmail,
    ...groups,
    ...agreements,
  },
});
