/** PingOne MFA connector: pairing a device with a user, and activating it. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import {
  addressOf,
  DEVICE_TYPES,
  type Device,
  type DeviceType,
  deviceFixture,
  hasSecret,
  isFidoType,
} from "../../tenant/device-schema.ts";
import { MAX_DEVICES } from "../../tenant/mfa-policy.ts";
import { createTotpSecret } from "../../tenant/totp.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { isRecord } from "../graph/values.ts";
import { fromJson, switchOf } from "./inputs.ts";
import {
  constantOf,
  DEVICE_ID,
  DEVICE_OUTPUTS,
  deviceOf,
  invalidInput,
  NO_DEVICE,
  NOTIFICATION_INPUTS,
  noDevice,
  presentDevice,
  RELYING_PARTY,
  sendOtp,
  USER_ID,
  userOf,
  wrongOtp,
} from "./mfa-shared.ts";
import { known, NOT_FOUND, notFound, succeed, textProperty } from "./pingone-shared.ts";

const ADDRESS_INPUTS = {
  status: known(
    "`ACTIVE`: the device can be used at once; `ACTIVATION_REQUIRED`: a code is sent that activates it.",
    "documented",
  ),
  phone: known("Of a device of the types SMS, VOICE and WHATSAPP.", "documented"),
  email: known("Of a device of the type EMAIL.", "documented"),
  nickname: known("Up to 100 characters.", "documented"),
  rpId: known("Of a FIDO device.", "documented"),
  rpName: known("Of a FIDO device.", "documented"),
  serialNumber: known("Of an OATH token.", "documented"),
  userAgent: known("Not read.", "documented"),
  challenge: known("Of a FIDO device, in the place of a random one.", "documented"),
} as const;

/** @param typeProperty That of PingID is another one. */
export function createDevice(typeProperty: "deviceType" | "workforceDeviceType"): Capability {
  return {
    about:
      "Adds a device to a user. One that has to be activated gets a code by e-mail, SMS or voice, or a secret for an authenticator app.",
    limits:
      "Authenticator apps and FIDO devices always have to be activated. Phones are paired by a pairing key, as at PingOne.",
    inputs: {
      userId: USER_ID,
      [typeProperty]: known(`The type: ${DEVICE_TYPES.join(", ")}.`, "documented"),
      ...(typeProperty === "deviceType" && {
        customDeviceType: known("The type, where `deviceType` is `enterDeviceType`.", "documented"),
        extension: known("Of a phone.", "documented"),
        createDeviceTestMode: known("true: the output has the code as `rawResponse.test.otp`.", "documented"),
        oneTimeDeviceTestMode: known("Not read here.", "documented"),
        ...NOTIFICATION_INPUTS,
      }),
      ...(typeProperty === "workforceDeviceType" && {
        workforcePolicyMfaPolicyId: known("Not read.", "documented"),
      }),
      ...ADDRESS_INPUTS,
    },
    outputs: {
      ...DEVICE_OUTPUTS,
      "rawResponse.test.otp": known("The code, of a device for tests.", "documented"),
    },
    errors: {
      notFound: NOT_FOUND,
      invalidInput: known(
        "The type or the address is missing or wrong, or there are five devices.",
        "unverified",
      ),
    },
    run: (call) => create(call, typeProperty),
  };
}

function create(call: Call, typeProperty: "deviceType" | "workforceDeviceType"): Effect {
  const user = userOf(call);
  if (!user) return notFound();
  const type = typeOf(call, typeProperty);
  if (type === undefined)
    return invalidInput("INVALID_VALUE", "type", "The type of the device is not known.");
  if (type === "MOBILE") {
    call.remark("A phone is paired by Create Pairing Key, and mfa.scan of the control API takes its part.");
    return invalidInput("INVALID_VALUE", "type", "A mobile device cannot be created.");
  }
  const { mfa } = call.services;
  if (mfa.devices.list(user.id).length >= MAX_DEVICES) {
    return invalidInput("LIMIT_EXCEEDED", "devices", `A user has at most ${MAX_DEVICES} devices.`);
  }
  const given = readDevice(call, type);
  if ("fault" in given)
    return invalidInput("INVALID_VALUE", given.fault, `The ${given.fault} is missing or not valid.`);
  const isActive = constantOf(call.properties.status) === "ACTIVE" && !needsActivation(type);
  const device = mfa.devices.add(user.id, {
    ...given.device,
    status: isActive ? "ACTIVE" : "ACTIVATION_REQUIRED",
    ...(hasSecret(type) && { secret: createTotpSecret() }),
    ...(isFidoType(type) && fidoPart(call)),
  });
  const code = isActive || needsActivation(type) ? undefined : sendActivationCode(call, user, device);
  const isTest = switchOf(call.properties.createDeviceTestMode) === true;
  const shown = presentDevice(call, user, device);
  return succeed({ device: shown }, { ...shown, ...(isTest && code && { test: { otp: code } }) }, 201);
}

/** What cannot be used before the person has answered with it. */
function needsActivation(type: DeviceType): boolean {
  return type === "TOTP" || isFidoType(type);
}

function typeOf(call: Call, property: string): DeviceType | undefined {
  const chosen = constantOf(call.properties[property]);
  const name = chosen === "" || /^ENTER/.test(chosen) ? constantOf(call.properties.customDeviceType) : chosen;
  return DEVICE_TYPES.find((type) => type === name);
}

const ofNode = z
  .object(deviceFixture.shape)
  .pick({ type: true, nickname: true, email: true, phone: true, extension: true, serialNumber: true });

function readDevice(call: Call, type: DeviceType) {
  const address = addressOf(type);
  const texts = ["nickname", "extension", "serialNumber", ...(address ? [address] : [])].flatMap((name) => {
    const text = textProperty(call, name);
    return text === "" && name !== address ? [] : [[name, text]];
  });
  const parsed = ofNode.safeParse({ type, ...Object.fromEntries(texts) });
  if (parsed.success) return { device: parsed.data };
  return { fault: String(parsed.error.issues[0]?.path[0]) };
}

/** Of a relying party, in characters. */
const MAX_NAME = 253;

function fidoPart(call: Call) {
  const given = textProperty(call, "challenge");
  return {
    rp: {
      id: textProperty(call, "rpId").slice(0, MAX_NAME) || RELYING_PARTY.id,
      name: textProperty(call, "rpName").slice(0, MAX_NAME) || RELYING_PARTY.name,
    },
    challenge: /^[\w-]{43,1000}$/.test(given) ? given : randomBytes(32).toString("base64url"),
  };
}

function sendActivationCode(call: Call, user: User, device: Device): string {
  const { sent, code } = sendOtp(call, user.id, device, "pairing");
  call.services.mfa.devices.change(device, { sent, failures: 0 });
  return code;
}

export const activateDevice: Capability = {
  about: "Activates a device, by its code or by the attestation of a FIDO device.",
  limits:
    "There is no ceremony with a FIDO device: an empty attestation, or any JSON object, is taken for that of the device.",
  inputs: {
    userId: USER_ID,
    deviceId: DEVICE_ID,
    otp: known("The code that was sent, or that the authenticator app shows.", "documented"),
    attestation: known("Of a FIDO device.", "documented"),
    origin: known("Not read.", "documented"),
    oathResync: known("Not read.", "documented"),
  },
  outputs: DEVICE_OUTPUTS,
  errors: {
    notFound: NO_DEVICE,
    invalidValue: known("The code is wrong, too old, or was entered wrongly too often.", "unverified"),
    invalidInput: known("The device is active already, or the attestation is none.", "unverified"),
  },
  run(call) {
    const found = deviceOf(call);
    if (!found) return noDevice();
    const { user, device } = found;
    const { mfa } = call.services;
    if (device.status === "ACTIVE") {
      return invalidInput("INVALID_VALUE", "status", "The device is active already.");
    }
    if (isFidoType(device.type)) {
      if (!isCeremony(call, textProperty(call, "attestation"))) {
        return invalidInput("INVALID_VALUE", "attestation", "The attestation is not valid.");
      }
    } else {
      const check = mfa.check(device, device.sent, textProperty(call, "otp"));
      if (check.kind === "exhausted" && device.sent) {
        // Nothing is right any more until a new code is sent.
        mfa.devices.change(device, { sent: { ...device.sent, expiresAt: 0 } });
      }
      if (check.kind !== "right") return wrongOtp(check);
    }
    mfa.devices.activate(device);
    const shown = presentDevice(call, user, device);
    return succeed({ device: shown }, shown);
  },
};

/** The emulator stands in for the browser and the device: nothing is verified but that somebody has meant to answer. */
export function isCeremony(call: Call, answer: string): boolean {
  call.remark(
    "The answer of the FIDO device is the emulator's: there is no ceremony, and no signature is checked.",
  );
  return answer === "" || isRecord(fromJson(answer));
}

export const resendOTPForPairing: Capability = {
  about: "Sends another code that activates a device; the former one is not valid any more.",
  inputs: { userId: USER_ID, deviceId: DEVICE_ID },
  outputs: DEVICE_OUTPUTS,
  errors: {
    notFound: NO_DEVICE,
    invalidInput: known("The device is active, or gets no codes.", "unverified"),
  },
  run(call) {
    const found = deviceOf(call);
    if (!found) return noDevice();
    const { user, device } = found;
    if (device.status === "ACTIVE" || needsActivation(device.type)) {
      return invalidInput("INVALID_VALUE", "status", "No code can be sent for this device.");
    }
    sendActivationCode(call, user, device);
    const shown = presentDevice(call, user, device);
    return succeed({ device: shown }, shown);
  },
};
