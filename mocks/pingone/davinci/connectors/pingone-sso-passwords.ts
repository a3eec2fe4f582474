/** PingOne connector: passwords. No password is ever part of an output, an error or a remark. */
import type { User } from "../../tenant/users.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  isOn,
  known,
  NOT_FOUND,
  notFound,
  presentPasswordState,
  RAW_OUTPUTS,
  secretProperty,
  succeed,
  textProperty,
} from "./pingone-shared.ts";
import { sendCodeTo } from "./pingone-sso-email.ts";

const STATE_OUTPUTS = {
  passwordState: known("The state of the password.", "documented"),
  "passwordState.status": known("OK, MUST_CHANGE_PASSWORD and so on.", "documented"),
  "rawResponse.status": known("The same.", "export"),
  ...RAW_OUTPUTS,
} as const;

const LOCKED_OUT = known(
  "Too many wrong passwords. details[0].rawResponse.details[0].innerError.secondsUntilUnlock says for how long.",
  "export",
);
const USER_DISABLED = known("The user is disabled.", "export");

export const checkPassword: Capability = {
  about: "Checks a password. That it must be changed, or has expired, counts as true.",
  limits: "A locked account ends as a locked password does, without a time.",
  inputs: { ...FIND_USER_INPUTS, password: known("The password that the person has entered.", "export") },
  outputs: STATE_OUTPUTS,
  errors: {
    notFound: NOT_FOUND,
    passwordLockedOut: LOCKED_OUT,
    userDisabled: USER_DISABLED,
    invalidValue: known(
      "The password is wrong; innerError.failuresRemaining says how often it may be.",
      "unverified",
    ),
  },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    call.identify(user.id);
    const failure = findPasswordFailure(call, user, secretProperty(call, "password"), "invalidValue");
    if (failure) return failure;
    call.authenticated();
    return stateOf(call, user);
  },
};

export const resetPassword: Capability = {
  about: "Changes a password. The current one is checked, and counts as a sign-on.",
  inputs: {
    ...FIND_USER_INPUTS,
    currentPassword: known("The password so far.", "export"),
    newPassword: known("The new one.", "export"),
  },
  outputs: STATE_OUTPUTS,
  errors: {
    notFound: NOT_FOUND,
    currentPasswordNotValid: known("The current password is wrong.", "export"),
    newPasswordNotValid: known("The new password does not meet the policy, or is the current one.", "export"),
    passwordLockedOut: LOCKED_OUT,
    userDisabled: USER_DISABLED,
  },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    const current = secretProperty(call, "currentPassword");
    const failure = findPasswordFailure(call, user, current, "currentPasswordNotValid");
    if (failure) return failure;
    if (!call.services.users.setPassword(user.id, secretProperty(call, "newPassword"))) {
      return newPasswordRefused("newPasswordNotValid");
    }
    call.authenticated();
    return stateOf(call, user);
  },
};

export const setPassword: Capability = {
  about: "Sets a password, as an administrator does.",
  limits: "Passwords that are encoded already are taken as they are.",
  inputs: {
    ...FIND_USER_INPUTS,
    passwordValue: known("The new password.", "export"),
    newPassword: known("The same, in old exports.", "export"),
    forceChange: known("The person has to change it at the next sign-on.", "documented"),
    bypassPolicy: known("It need not meet the policy.", "export"),
  },
  outputs: STATE_OUTPUTS,
  errors: {
    notFound: NOT_FOUND,
    requiredValue: known("There is no new password.", "export"),
    passwordPolicyNotValid: known("The password does not meet the policy.", "export"),
  },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    const password = secretProperty(call, "passwordValue") || secretProperty(call, "newPassword");
    if (password === "") return fail("requiredValue", "A new password is required.");
    const options = { mustChange: isOn(call, "forceChange"), bypassPolicy: isOn(call, "bypassPolicy") };
    if (!call.services.users.setPassword(user.id, password, options)) {
      return newPasswordRefused("passwordPolicyNotValid");
    }
    return stateOf(call, user);
  },
};

export const sendRecoveryCode: Capability = {
  about: "Sends a code to the user's address by which a forgotten password can be replaced.",
  limits: "The code has six digits, PingOne's eight characters. Notification templates are left aside.",
  inputs: FIND_USER_INPUTS,
  outputs: { ...STATE_OUTPUTS, "rawResponse.user.id": known("The user.", "export") },
  errors: {
    notFound: NOT_FOUND,
    userDisabled: USER_DISABLED,
    passwordLockedOut: known("The password is locked.", "documented"),
    invalidValue: known("The user has no password.", "unverified"),
    requiredValue: known("The user has no address.", "unverified"),
  },
  run(call) {
    const { users } = call.services;
    const user = findUser(call);
    if (!user) {
      // The next screen must not tell whether the account exists; the emulator's panel may.
      call.remark("No code was sent: there is no such user.");
      return notFound();
    }
    const refusal = findRecoveryRefusal(user, users.passwordStatusOf(user.id));
    if (refusal) {
      call.remark(`No code was sent: ${refusal.reason}.`);
      return fail(refusal.code, "A recovery code cannot be sent to this user.");
    }
    if (!sendCodeTo(call, user, "recovery")) return fail("requiredValue", "The user has no e-mail address.");
    return stateOf(call, user);
  },
};

export const recoverPassword: Capability = {
  about: "Replaces a forgotten password by a new one if the recovery code is right.",
  limits: "Five wrong codes lock the password, as the documentation says of too many.",
  inputs: {
    ...FIND_USER_INPUTS,
    recoveryCode: known("The code that the person has entered.", "export"),
    newPassword: known("The new password.", "export"),
  },
  outputs: STATE_OUTPUTS,
  errors: {
    notFound: NOT_FOUND,
    userDisabled: USER_DISABLED,
    invalidValue: known(
      "The code is wrong or too old, or the new password does not meet the policy.",
      "export",
    ),
  },
  run(call) {
    const { users, codes } = call.services;
    const user = findUser(call);
    if (!user) return notFound();
    if (!user.enabled) return fail("userDisabled", "The user is disabled.");
    const check = codes.check("recovery", user.id, textProperty(call, "recoveryCode"));
    if (check !== "right") {
      if (check === "exhausted") users.lockPassword(user.id);
      const message = "The recovery code is not valid.";
      return fail("invalidValue", message, {
        details: [{ code: "INVALID_VALUE", target: "recoveryCode", message }],
      });
    }
    if (!users.setPassword(user.id, secretProperty(call, "newPassword"))) {
      return newPasswordRefused("invalidValue");
    }
    codes.consume("recovery", user.id);
    call.authenticated();
    return stateOf(call, user);
  },
};

/** Documentation of "Password Resend Recovery Code". */
function findRecoveryRefusal(
  { enabled }: User,
  status: string | undefined,
): { readonly code: string; readonly reason: string } | undefined {
  if (!enabled) return { code: "userDisabled", reason: "the user is disabled" };
  if (status === "PASSWORD_LOCKED_OUT")
    return { code: "passwordLockedOut", reason: "the password is locked" };
  return status === "NO_PASSWORD" ? { code: "invalidValue", reason: "the user has no password" } : undefined;
}

function findPasswordFailure(
  call: Call,
  user: User,
  password: string,
  wrongCode: string,
): Effect | undefined {
  const outcome = call.services.users.checkPassword(user.id, password);
  switch (outcome.status) {
    case "OK":
    case "MUST_CHANGE_PASSWORD":
    case "PASSWORD_EXPIRED":
      return undefined;
    case "DISABLED":
      return fail("userDisabled", "The user is disabled.", { status: 403 });
    case "ACCOUNT_LOCKED":
      return lockedOut(undefined);
    case "PASSWORD_LOCKED_OUT":
      return lockedOut(outcome.secondsUntilUnlock);
    case "INVALID": {
      const { failuresRemaining } = outcome;
      const message = "The provided password is not valid.";
      return fail(wrongCode, message, {
        details: [{ code: "INVALID_VALUE", target: "password", message, innerError: { failuresRemaining } }],
      });
    }
  }
}

function lockedOut(secondsUntilUnlock: number | undefined): Effect {
  const message = "The password is locked.";
  const innerError = secondsUntilUnlock === undefined ? {} : { secondsUntilUnlock };
  return fail("passwordLockedOut", message, {
    details: [{ code: "PASSWORD_LOCKED_OUT", target: "password", message, innerError }],
  });
}

function newPasswordRefused(code: string): Effect {
  const message = "The new password does not meet the password policy.";
  return fail(code, message, { details: [{ code: "INVALID_VALUE", target: "newPassword", message }] });
}

function stateOf(call: Call, { id }: User): Effect {
  const passwordState = presentPasswordState(call, id);
  return succeed({ passwordState }, { ...passwordState, passwordState });
}
