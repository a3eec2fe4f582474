/**
 * The PingOne MFA connector, as far as a one-time code by e-mail needs it:
 * `pingOneMfaConnector.createDeviceAuthentication` (properties `userId`, `selectedDevice: "oneTime"`,
 * `oneTimeDeviceType: "EMAIL"`, `oneTimeEmailDevice`) sends the code; its output `rawResponse.id` is the
 * `deviceAuthenticationId` of `pingOneMfaConnector.validateOtpDeviceAuthentication` (and `otp`), which checks it. Names are those
 * of the documentation of the connector.
 */
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { fail, known, NOT_FOUND, notFound, RAW_OUTPUTS, succeed, textProperty } from "./pingone-shared.ts";

const DEVICE_AUTHENTICATION_OUTPUTS = {
  ...RAW_OUTPUTS,
  "rawResponse.id": known("Identifies this authentication.", "documented"),
  "rawResponse.status": known("OTP_REQUIRED, then COMPLETED.", "documented"),
  "rawResponse.user.id": known("The user.", "documented"),
  "rawResponse.selectedDevice.id": known("The device.", "documented"),
} as const;

export const pingOneMfaConnector = defineConnector({
  id: "pingOneMfaConnector",
  name: "PingOne MFA",
  capabilities: {
    createDeviceAuthentication: {
      about: "Sends a one-time code to the user's e-mail address, or to the one-time address given.",
      limits: "E-mail only: no paired devices, SMS, voice, push, FIDO or TOTP. Test mode is left aside.",
      inputs: {
        userId: known("The user's id.", "documented"),
        selectedDevice: known("`oneTime`: the device is given here.", "documented"),
        oneTimeDeviceType: known("EMAIL; SMS and VOICE are not emulated.", "documented"),
        oneTimeEmailDevice: known("An address in the place of the user's own.", "documented"),
      },
      outputs: DEVICE_AUTHENTICATION_OUTPUTS,
      errors: {
        notFound: NOT_FOUND,
        invalidInput: known("There is no device of that kind, or no address.", "unverified"),
      },
      run: createDeviceAuthentication,
    },
    validateOtpDeviceAuthentication: {
      about: "Checks the one-time code of a device authentication.",
      inputs: {
        deviceAuthenticationId: known("`rawResponse.id` of Create Device Authentication.", "documented"),
        otp: known("The code that the person has entered.", "documented"),
      },
      outputs: DEVICE_AUTHENTICATION_OUTPUTS,
      errors: {
        invalidValue: known("The code is wrong, too old, or was entered wrongly too often.", "unverified"),
        notFound: known("There is no such authentication.", "unverified"),
      },
      run: validateOtp,
    },
  },
});

function createDeviceAuthentication(call: Call): Effect {
  const { users, codes, outbox, clock, createCode } = call.services;
  const user = users.findById(textProperty(call, "userId"));
  if (!user) return notFound();
  const isOneTime = textProperty(call, "selectedDevice") === "oneTime";
  const type = isOneTime ? textProperty(call, "oneTimeDeviceType") || "EMAIL" : "EMAIL";
  if (type !== "EMAIL" || textProperty(call, "selectedDeviceId") !== "") {
    call.remark(`One-time codes are sent by e-mail only; the device "${type}" of this node is not emulated.`);
    return fail("invalidInput", "There is no usable device.");
  }
  if (!isOneTime) {
    call.remark("Users have no paired devices here: the code goes to the user's e-mail address.");
  }
  const to = (isOneTime && textProperty(call, "oneTimeEmailDevice")) || user.email;
  if (to === undefined) {
    call.remark("No code was sent: the user has no e-mail address.");
    return fail("invalidInput", "There is no usable device.");
  }
  const code = createCode();
  const { id } = codes.issue("mfa", user.id, code);
  outbox.send({ userId: user.id, to, purpose: "mfa", code, sentAt: clock() });
  return succeed({}, present(call, id, user.id, "OTP_REQUIRED", to), 201);
}

function validateOtp(call: Call): Effect {
  const { codes } = call.services;
  const id = textProperty(call, "deviceAuthenticationId");
  const found = codes.find(id);
  if (found?.purpose !== "mfa")
    return fail("notFound", "The device authentication was not found.", { status: 404 });
  const check = codes.check("mfa", found.userId, textProperty(call, "otp"), id);
  if (check !== "right") {
    const code = check === "expired" ? "OTP_EXPIRED" : "INVALID_OTP";
    return fail("invalidValue", "The one-time passcode is not valid.", {
      details: [{ code, target: "otp", message: "The one-time passcode is not valid." }],
    });
  }
  codes.consume("mfa", found.userId, id);
  call.authenticated();
  return succeed({}, present(call, id, found.userId, "COMPLETED"));
}

function present({ services }: Call, id: string, userId: string, status: string, email?: string) {
  return {
    id,
    environment: { id: services.environment.id },
    user: { id: userId },
    status,
    selectedDevice: { id: `${userId}-email` },
    ...(email !== undefined && { _embedded: { devices: [{ type: "EMAIL", email: masked(email) }] } }),
  };
}

/** As PingOne shows an address to somebody who has not authenticated yet. */
function masked(email: string): string {
  return email.replace(/^(.)[^@]*/, "$1******");
}
