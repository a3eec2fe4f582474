/** PingOne MFA connector: beginning an authentication by a device, and selecting the device. */
import { randomBytes } from "node:crypto";
import type { DeviceAuthentication, OneTimeDevice } from "../../tenant/device-authentications.ts";
import { addressOf, type Device, hasSecret, isFidoType, MAX_ADDRESS } from "../../tenant/device-schema.ts";
import { oneTimeDevice } from "../../tenant/mfa.ts";
import { MFA_POLICY_ID, PUSH_TTL_MS } from "../../tenant/mfa-policy.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { switchOf } from "./inputs.ts";
import { checkOtp } from "./mfa-answers.ts";
import {
  AUTHENTICATION_ID,
  AUTHENTICATION_OUTPUTS,
  authenticationOf,
  NO_AUTHENTICATION,
  noAuthentication,
  presentAuthentication,
} from "./mfa-authentication-shared.ts";
import {
  constantOf,
  DEVICE_ID,
  invalidInput,
  NOTIFICATION_INPUTS,
  POLICY_ID,
  sendOtp,
  USER_ID,
  userOf,
} from "./mfa-shared.ts";
import { fail, isOn, known, NOT_FOUND, notFound, succeed, textProperty } from "./pingone-shared.ts";

const FIDO_REMARK =
  "The FIDO device is simulated: an empty answer is taken for that of the device, and mfa.deny makes the device refuse.";

/** @param policyProperty That of PingID is another one. */
export function createDeviceAuthentication(
  policyProperty: "mfaPolicyId" | "workforcePolicyMfaPolicyId",
): Capability {
  const ofPingOne = policyProperty === "mfaPolicyId";
  return {
    about:
      "Begins an authentication by a device of the user, or by an address that is given for this one time, and sends the code or push.",
    limits:
      "FIDO devices are answered by the emulator, pushes by mfa.approve and mfa.deny of the control API. Payloads of mobile applications are not read.",
    inputs: {
      userId: USER_ID,
      usernameLess: known("true: a FIDO device says who it is.", "documented"),
      [policyProperty]: POLICY_ID,
      selectedDevice: known(
        "`id`: a paired device; `oneTime`: the device is given here; else by policy.",
        "documented",
      ),
      selectedDeviceId: known("The paired device.", "documented"),
      oneTimeDeviceType: known("EMAIL, SMS or VOICE.", "documented"),
      oneTimeEmailDevice: known("The address.", "documented"),
      oneTimeSmsDevice: known("The phone number.", "documented"),
      oneTimeVoiceDevice: known("The phone number.", "documented"),
      oneTimeDeviceTestMode: known("true: the output has the code as `rawResponse.test.otp`.", "documented"),
      createDeviceTestMode: known("Not read here.", "documented"),
      otp: known("A code of an authenticator app, which is checked at once.", "documented"),
      rpId: known("Of FIDO devices.", "documented"),
      deviceAuthenRpId: known("Not read.", "documented"),
      challenge: known("Of FIDO devices, in the place of a random one.", "documented"),
      userAgent: known("Not read.", "documented"),
      ...(ofPingOne
        ? {
            authTemplateName: known("Not read.", "documented"),
            mobilePayload: known("Not read.", "documented"),
            applicationId: known("Not read.", "documented"),
            customApplicationId: known("Not read.", "documented"),
            clientContext: known("Not read.", "documented"),
            ...NOTIFICATION_INPUTS,
          }
        : {
            compatibility: known("Not read.", "documented"),
            fidoCompatibility: known("Not read.", "documented"),
            ip: known("Not read.", "documented"),
            applicationName: known("Not read.", "documented"),
          }),
    },
    outputs: {
      ...AUTHENTICATION_OUTPUTS,
      "rawResponse.test.otp": known("The code, of a device for tests.", "documented"),
    },
    errors: {
      notFound: NOT_FOUND,
      invalidInput: known("There is no usable device, or no address.", "unverified"),
      invalidValue: known("The code that was given is wrong.", "unverified"),
    },
    run: (call) => create(call, textProperty(call, policyProperty).slice(0, 100) || MFA_POLICY_ID),
  };
}

function create(call: Call, policyId: string): Effect {
  const { mfa } = call.services;
  if (isOn(call, "usernameLess")) {
    const begun = mfa.authentications.begin({ policyId });
    call.remark(FIDO_REMARK);
    mfa.authentications.change(begun, { status: "ASSERTION_REQUIRED", challenge: challengeOf(call) });
    return succeed({}, presentAuthentication(call, begun), 201);
  }
  const user = userOf(call);
  if (!user) return notFound();
  const wayIn = textProperty(call, "selectedDevice");
  if (wayIn === "oneTime") return createOneTime(call, user, policyId);
  if (!user.mfaEnabled) {
    call.remark(`MFA is off for ${user.username}; what PingOne does then is not verified. Here it goes on.`);
  }
  const usable = mfa.devices.usable(user.id);
  const id = textProperty(call, "selectedDeviceId");
  const named = usable.find((device) => device.id === id);
  if (id !== "" && !named) return noUsableDevice(call, user, "selectedDevice.id");
  if (usable.length === 0) return noUsableDevice(call, user, "devices");
  const otp = textProperty(call, "otp");
  if (otp !== "") return createByOtp(call, user, policyId, named ? [named] : usable, otp);
  const begun = mfa.authentications.begin({ userId: user.id, policyId });
  const isAsked = mfa.deviceSelection === "ALWAYS_DISPLAY_DEVICES" || usable.length > 1;
  const chosen = named ?? (mfa.deviceSelection !== "DEFAULT_TO_FIRST" && isAsked ? undefined : usable[0]);
  return chosen ? start(call, begun, chosen, 201) : succeed({}, presentAuthentication(call, begun), 201);
}

function noUsableDevice(call: Call, user: User, target: string): Effect {
  const { devices } = call.services.mfa;
  const all = devices.list(user.id);
  const why =
    all.length === 0
      ? `${user.username} has no MFA device: give one in users.json or by seed.device.`
      : `Of ${user.username}, no device that is meant is active and not locked.`;
  call.remark(why);
  const message = "The user has no usable device.";
  return fail("invalidInput", message, {
    details: [
      {
        code: "NO_USABLE_DEVICES",
        target,
        message,
        innerError: { unavailableDevices: all.map(({ id }) => ({ id })) },
      },
    ],
  });
}

const ONE_TIME_ADDRESS = {
  EMAIL: "oneTimeEmailDevice",
  SMS: "oneTimeSmsDevice",
  VOICE: "oneTimeVoiceDevice",
} as const;

function createOneTime(call: Call, user: User, policyId: string): Effect {
  const type = (constantOf(call.properties.oneTimeDeviceType) || "EMAIL") as keyof typeof ONE_TIME_ADDRESS;
  if (!Object.hasOwn(ONE_TIME_ADDRESS, type)) {
    call.remark(`A device for one time can be EMAIL, SMS or VOICE, not "${type}".`);
    return invalidInput(
      "INVALID_VALUE",
      "selectedDevice.oneTime.type",
      "The type of the device is not known.",
    );
  }
  const address = textProperty(call, ONE_TIME_ADDRESS[type]);
  if (address.length > MAX_ADDRESS) {
    return invalidInput("INVALID_VALUE", "selectedDevice.oneTime", "The address is too long.");
  }
  if (address === "") {
    const what = addressOf(type) === "email" ? "e-mail address" : "phone number";
    const hasNone = type === "EMAIL" && user.email === undefined;
    call.remark(`No code was sent: ${hasNone ? "the user has no" : "the node gives no"} ${what}.`);
    return invalidInput("INVALID_VALUE", "selectedDevice.oneTime", "The device has no address.");
  }
  const { mfa } = call.services;
  const device = oneTimeDevice(type, address);
  const begun = mfa.authentications.begin({ userId: user.id, policyId });
  mfa.authentications.change(begun, { oneTime: device });
  return start(call, begun, device, 201);
}

/** A code of an authenticator app that came with the request. */
function createByOtp(
  call: Call,
  user: User,
  policyId: string,
  devices: readonly Device[],
  otp: string,
): Effect {
  const { mfa } = call.services;
  const apps = devices.filter(({ type }) => hasSecret(type));
  const [first] = apps;
  if (!first) return noUsableDevice(call, user, "otp");
  const begun = mfa.authentications.begin({ userId: user.id, policyId });
  const right = apps.find((device) => mfa.isRightNow(device, otp)) ?? first;
  mfa.authentications.change(begun, { status: "OTP_REQUIRED", selectedDeviceId: right.id });
  return checkOtp(call, begun, otp);
}

function challengeOf(call: Call): string {
  const given = textProperty(call, "challenge");
  return /^[\w-]{43,1000}$/.test(given) ? given : randomBytes(32).toString("base64url");
}

/** What is waited for depends on the device. */
function start(
  call: Call,
  begun: DeviceAuthentication,
  device: Device | OneTimeDevice,
  statusCode = 200,
): Effect {
  const { authentications } = call.services.mfa;
  const isPaired = "status" in device;
  const selected = { ...(isPaired && { selectedDeviceId: device.id }) };
  delete begun.sent;
  let test: { otp: string } | undefined;
  if (isFidoType(device.type)) {
    call.remark(FIDO_REMARK);
    authentications.change(begun, {
      ...selected,
      status: "ASSERTION_REQUIRED",
      challenge: challengeOf(call),
    });
  } else if (device.type === "MOBILE") {
    sendPush(call, begun, device);
    call.remark("A push was sent: approve or deny it on the control page, or by mfa.approve or mfa.deny.");
    const pushUntil = call.services.clock() + PUSH_TTL_MS;
    authentications.change(begun, { ...selected, status: "PUSH_CONFIRMATION_REQUIRED", pushUntil });
  } else {
    const otp = hasSecret(device.type) ? undefined : sendOtp(call, begun.userId, device, "mfa");
    authentications.change(begun, { ...selected, status: "OTP_REQUIRED", ...(otp && { sent: otp.sent }) });
    const isTest = !isPaired && switchOf(call.properties.oneTimeDeviceTestMode) === true;
    if (isTest && otp) test = { otp: otp.code };
  }
  return succeed({}, { ...presentAuthentication(call, begun), ...(test && { test }) }, statusCode);
}

function sendPush(
  { services: { outbox, clock } }: Call,
  { userId }: DeviceAuthentication,
  device: Device | OneTimeDevice,
) {
  const name = "status" in device ? (device.nickname ?? device.displayName) : undefined;
  outbox.send({
    ...(userId !== undefined && { userId }),
    to: name ?? "the user's phone",
    purpose: "push",
    channel: "PUSH",
    subject: "Approve the sign-on?",
    text: "Answer by mfa.approve or mfa.deny of the control API, or on the control page.",
    sentAt: clock(),
  });
}

export const deviceSelectDeviceAuthentication: Capability = {
  about: "Selects the device of an authentication, and sends the code or push. Also to send another one.",
  inputs: {
    deviceAuthenticationId: AUTHENTICATION_ID,
    deviceId: DEVICE_ID,
    compatibility: known("Not read.", "documented"),
  },
  outputs: AUTHENTICATION_OUTPUTS,
  errors: {
    notFound: NO_AUTHENTICATION,
    invalidInput: known("The device is not one that the user can authenticate with.", "unverified"),
  },
  run(call) {
    const found = authenticationOf(call);
    if (!found || found.status === "COMPLETED" || found.status === "FAILED" || found.userId === undefined) {
      return noAuthentication();
    }
    const id = textProperty(call, "deviceId");
    const device =
      found.oneTime?.id === id
        ? found.oneTime
        : call.services.mfa.devices.usable(found.userId).find((usable) => usable.id === id);
    if (!device) return invalidInput("INVALID_VALUE", "device.id", "The device cannot be used.");
    if ("status" in device) delete found.oneTime;
    return start(call, found, device);
  },
};

export const readDeviceAuthentication: Capability = {
  about: "Reads how far an authentication is: after a push, whether the person has answered.",
  inputs: { deviceAuthenticationId: AUTHENTICATION_ID },
  outputs: AUTHENTICATION_OUTPUTS,
  errors: { notFound: NO_AUTHENTICATION },
  run(call) {
    const found = authenticationOf(call);
    if (!found) return noAuthentication();
    if (found.status === "COMPLETED") call.authenticated();
    return succeed({}, presentAuthentication(call, found));
  },
};

export const cancelPushNotification: Capability = {
  about: "Takes back a push that was not answered; a device can then be selected again.",
  inputs: { deviceAuthenticationId: AUTHENTICATION_ID },
  outputs: AUTHENTICATION_OUTPUTS,
  errors: {
    notFound: NO_AUTHENTICATION,
    invalidInput: known("No push waits for an answer.", "unverified"),
  },
  run(call) {
    const found = authenticationOf(call);
    if (!found) return noAuthentication();
    if (found.status !== "PUSH_CONFIRMATION_REQUIRED") {
      return invalidInput("INVALID_REQUEST", "status", "No push notification waits for an answer.");
    }
    call.services.mfa.authentications.change(found, { status: "DEVICE_SELECTION_REQUIRED" });
    return succeed({}, presentAuthentication(call, found));
  },
};

export const cancelDeviceAuthenticationPingID: Capability = {
  about: "Ends an authentication.",
  inputs: {
    deviceAuthenticationId: AUTHENTICATION_ID,
    reason: known("Not read.", "documented"),
  },
  outputs: AUTHENTICATION_OUTPUTS,
  errors: { notFound: NO_AUTHENTICATION },
  run(call) {
    const found = authenticationOf(call);
    if (!found || found.status === "COMPLETED") return noAuthentication();
    call.services.mfa.authentications.change(found, { status: "FAILED" });
    return succeed({}, presentAuthentication(call, found));
  },
};
