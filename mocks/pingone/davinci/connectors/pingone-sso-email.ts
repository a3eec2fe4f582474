/** PingOne connector: codes that prove an e-mail address. */
import type { CodePurpose } from "../../tenant/codes.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Capability } from "../engine/capability.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  known,
  NOT_FOUND,
  notFound,
  presentUser,
  succeed,
  textProperty,
  USER_OUTPUTS,
} from "./pingone-shared.ts";

export const sendVerificationCode: Capability = {
  about: "Sends a code to the user's e-mail address, in the place of an earlier one.",
  limits: "The code has six digits, PingOne's eight characters. Notification templates are left aside.",
  inputs: FIND_USER_INPUTS,
  outputs: USER_OUTPUTS,
  errors: { notFound: NOT_FOUND, requiredValue: known("The user has no address.", "unverified") },
  run(call) {
    const user = findUser(call);
    if (!user) {
      call.remark("No code was sent: there is no such user.");
      return notFound();
    }
    if (!sendCodeTo(call, user, "verification")) {
      return fail("requiredValue", "The user has no e-mail address.");
    }
    const shown = presentUser(user, call.services.environment);
    return succeed({ user: shown }, shown);
  },
};

export const verifyEmail: Capability = {
  about: "Checks a verification code. The address is then verified, and the account usable.",
  inputs: { ...FIND_USER_INPUTS, verificationCode: known("The code that the person has entered.", "export") },
  outputs: USER_OUTPUTS,
  errors: {
    notFound: NOT_FOUND,
    emptyValue: known("No code was entered.", "export"),
    invalidValue: known("The code is wrong, too old, or was entered wrongly too often.", "export"),
  },
  run(call) {
    const { users, codes, environment } = call.services;
    const user = findUser(call);
    if (!user) return notFound();
    const offered = textProperty(call, "verificationCode");
    if (offered === "") return fail("emptyValue", "A verification code is required.");
    if (codes.check("verification", user.id, offered) !== "right") {
      const message = "The verification code is not valid.";
      return fail("invalidValue", message, {
        details: [{ code: "INVALID_VALUE", target: "verificationCode", message }],
      });
    }
    codes.consume("verification", user.id);
    users.verify(user.id);
    const shown = presentUser(users.findById(user.id) ?? user, environment);
    return succeed({ user: shown }, shown);
  },
};

/** False, with a remark: the user has no address. The code is in the outbox only. */
export function sendCodeTo(call: Call, user: User, purpose: CodePurpose): boolean {
  const { codes, outbox, clock, createCode } = call.services;
  if (user.email === undefined) {
    call.remark("No code was sent: the user has no e-mail address.");
    return false;
  }
  const code = createCode();
  codes.issue(purpose, user.id, code);
  outbox.send({ userId: user.id, to: user.email, purpose, code, sentAt: clock() });
  return true;
}
