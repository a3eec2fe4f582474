/** PingOne MFA connector: checking what a person answers to a device authentication. */
import type { DeviceAuthentication } from "../../tenant/device-authentications.ts";
import { isFidoType } from "../../tenant/device-schema.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { fromJson } from "./inputs.ts";
import {
  AUTHENTICATION_ID,
  AUTHENTICATION_OUTPUTS,
  authenticationOf,
  NO_AUTHENTICATION,
  noAuthentication,
  presentAuthentication,
  selectedOf,
} from "./mfa-authentication-shared.ts";
import { isCeremony } from "./mfa-pairing.ts";
import { invalidInput, wrongOtp } from "./mfa-shared.ts";
import { fail, known, succeed, textProperty } from "./pingone-shared.ts";

export const validateOtpDeviceAuthentication: Capability = {
  about: "Checks the one-time code of a device authentication.",
  inputs: {
    deviceAuthenticationId: AUTHENTICATION_ID,
    otp: known("The code that the person has entered.", "documented"),
  },
  outputs: AUTHENTICATION_OUTPUTS,
  errors: {
    invalidValue: known("The code is wrong, too old, or was entered wrongly too often.", "unverified"),
    notFound: NO_AUTHENTICATION,
    invalidInput: known("The authentication does not wait for a code.", "unverified"),
  },
  run(call) {
    const found = authenticationOf(call);
    if (!found || found.status === "COMPLETED") return noAuthentication();
    if (found.status === "FAILED") return wrongOtp({ kind: "exhausted" });
    if (found.status !== "OTP_REQUIRED") {
      call.remark(`The device authentication waits for no code: it is ${found.status}.`);
      return invalidInput(
        "INVALID_REQUEST",
        "otp",
        "The device authentication does not wait for a passcode.",
      );
    }
    return checkOtp(call, found, textProperty(call, "otp"));
  },
};

export function checkOtp(call: Call, found: DeviceAuthentication, otp: string): Effect {
  const { mfa } = call.services;
  const device = selectedOf(call, found);
  if (!device) return noAuthentication();
  const check = mfa.check(device, found.sent, otp);
  if (check.kind === "right") return complete(call, found);
  if (check.kind === "exhausted") mfa.authentications.change(found, { status: "FAILED" });
  return wrongOtp(check);
}

export const validateAssertionDeviceAuthentication: Capability = {
  about: "Takes the answer of a FIDO device.",
  limits:
    "There is no ceremony with a FIDO device: an empty assertion, or any JSON object, is taken for that of the device. mfa.deny of the control API makes it fail.",
  inputs: {
    deviceAuthenticationId: AUTHENTICATION_ID,
    assertion: known(
      "The answer of the device. Without a user id, `id` in it may name a device; else the first FIDO device of the tenant answers.",
      "documented",
    ),
    origin: known("Not read.", "documented"),
    compatibility: known("Not read.", "documented"),
  },
  outputs: AUTHENTICATION_OUTPUTS,
  errors: {
    notFound: NO_AUTHENTICATION,
    invalidInput: known("The authentication does not wait for an assertion.", "unverified"),
    invalidValue: known("The assertion is none, or was denied.", "unverified"),
  },
  run(call) {
    const found = authenticationOf(call);
    if (!found || found.status === "COMPLETED") return noAuthentication();
    if (found.status === "FAILED") return wrongAssertion();
    if (found.status !== "ASSERTION_REQUIRED") {
      call.remark(`The device authentication waits for no assertion: it is ${found.status}.`);
      const message = "The device authentication does not wait for an assertion.";
      return invalidInput("INVALID_REQUEST", "assertion", message);
    }
    const assertion = textProperty(call, "assertion");
    const isAnswered = isCeremony(call, assertion) && answerAs(call, found, assertion);
    return isAnswered ? complete(call, found) : wrongAssertion();
  },
};

/** Without a user id, the device says who it is. False: there is no device that could answer. */
function answerAs(call: Call, found: DeviceAuthentication, assertion: string): boolean {
  const { mfa, users } = call.services;
  if (found.userId !== undefined) return true;
  const all = mfa.devices.owners
    .filter((userId) => users.findById(userId))
    .flatMap((userId) => mfa.devices.usable(userId).map((device) => ({ userId, device })))
    .filter(({ device }) => isFidoType(device.type));
  const json = fromJson(assertion);
  const wanted = isRecord(json) ? textOf(json.id) : "";
  const chosen = wanted === "" ? all[0] : all.find(({ device }) => device.id === wanted);
  if (!chosen) return false;
  const { userId, device } = chosen;
  mfa.authentications.change(found, { userId, selectedDeviceId: device.id });
  call.identify(userId);
  call.remark(`The FIDO device of ${users.findById(userId)?.username} has answered.`);
  return true;
}

function wrongAssertion(): Effect {
  const message = "The assertion is not valid.";
  return fail("invalidValue", message, {
    details: [{ code: "INVALID_VALUE", target: "assertion", message }],
  });
}

function complete(call: Call, found: DeviceAuthentication): Effect {
  call.services.mfa.authentications.change(found, { status: "COMPLETED" });
  call.authenticated();
  return succeed({}, presentAuthentication(call, found));
}
