/** What the capabilities of the PingOne MFA connector share: finding users and devices, sending codes, showing devices. */

import type { OneTimeDevice } from "../../tenant/device-authentications.ts";
import { type Device, isFidoType, type SentOtp } from "../../tenant/device-schema.ts";
import type { OtpCheck } from "../../tenant/mfa.ts";
import { keyUriOf } from "../../tenant/totp.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { fail, known, RAW_OUTPUTS, textProperty } from "./pingone-shared.ts";

export const USER_ID = known("The user's id.", "documented");
export const DEVICE_ID = known("The id of the device.", "documented");
export const POLICY_ID = known("Of the MFA policy; the emulator has one, whatever the id.", "documented");
export const NO_DEVICE = known("There is no such user, or the user has no such device.", "unverified");
/** Read by nothing here. */
export const NOTIFICATION_INPUTS = {
  notificationPolicyId: known("Not read: messages go to the outbox.", "documented"),
  customNotificationPolicyId: known("Not read.", "documented"),
  templateVariant: known("Not read: messages go to the outbox without a template.", "documented"),
  customTemplateVariant: known("Not read.", "documented"),
  templateLocale: known("Not read.", "documented"),
  templateVariables: known("Not read.", "documented"),
} as const;

export const DEVICE_OUTPUTS = {
  ...RAW_OUTPUTS,
  device: known("The device: `id`, `type`, `status`, `nickname`, `phone`, `email`, ...", "documented"),
  "device.keyUri": known("Of an authenticator app that is being paired: what it scans.", "documented"),
  "device.secret": known("Of an authenticator app that is being paired.", "documented"),
  "device.publicKeyCredentialCreationOptions": known(
    "Of a FIDO device that is being paired: options of WebAuthn as JSON text.",
    "documented",
  ),
} as const;

export function userOf(call: Call): User | undefined {
  return call.services.users.findById(textProperty(call, "userId"));
}

export interface Owned {
  readonly user: User;
  readonly device: Device;
}

/** The device that `userId` and `deviceId` name. */
export function deviceOf(call: Call): Owned | undefined {
  const user = userOf(call);
  const device = user && call.services.mfa.devices.find(user.id, textProperty(call, "deviceId"));
  return user && device && { user, device };
}

export function noDevice(): Effect {
  return fail("notFound", "The requested device was not found.", { status: 404 });
}

export function invalidInput(code: string, target: string, message: string): Effect {
  return fail("invalidInput", message, { details: [{ code, target, message }] });
}

/** What PingOne says of a one-time code that is not right. */
export function wrongOtp(check: Exclude<OtpCheck, { kind: "right" }>): Effect {
  const message = "The one-time passcode is not valid.";
  const code = { wrong: "INVALID_OTP", expired: "OTP_EXPIRED", exhausted: "OTP_ATTEMPTS_EXHAUSTED" }[
    check.kind
  ];
  return fail("invalidValue", message, {
    details: [
      {
        code,
        target: "otp",
        message,
        innerError: { attemptsRemaining: check.kind === "wrong" ? check.attemptsRemaining : 0 },
      },
    ],
  });
}

/** Types as menus and texts have them: `Enter` of a menu leads to another property. */
export function constantOf(value: unknown): string {
  return textOf(value)
    .trim()
    .toUpperCase()
    .replaceAll(/[\s-]+/g, "_");
}

const CHANNELS = { SMS: "SMS", VOICE: "VOICE", WHATSAPP: "WHATSAPP" } as const;

/**
 * Sends a code to where the device is, or to the outbox alone if it makes its codes itself in a way that is not known here.
 * Returns what is kept of the code, and the code for a test device.
 */
export function sendOtp(
  { services }: Call,
  userId: string | undefined,
  device: Device | OneTimeDevice,
  purpose: "mfa" | "pairing",
): { readonly sent: SentOtp; readonly code: string } {
  const { outbox, clock, createCode, mfa } = services;
  const code = createCode();
  const channel = CHANNELS[device.type as keyof typeof CHANNELS];
  const to = device.email ?? device.phone ?? `the ${device.type} of the user`;
  outbox.send({
    ...(userId !== undefined && { userId }),
    to,
    purpose,
    code,
    ...(channel && { channel }),
    sentAt: clock(),
  });
  return { sent: mfa.sentOtp(code), code };
}

/** A device as the Management API shows it. */
export function presentDevice({ services }: Call, { username, id }: User, device: Device) {
  const { secret, challenge, failures: _, lockedUntil, sent: __, lastStep: ___, ...shown } = device;
  const isPairing = device.status === "ACTIVATION_REQUIRED";
  return {
    ...shown,
    environment: { id: services.environment.id },
    user: { id },
    ...(isPairing &&
      secret !== undefined && { secret, keyUri: keyUriOf(secret, { issuer: "PingOne", label: username }) }),
    ...(isPairing &&
      challenge !== undefined && {
        publicKeyCredentialCreationOptions: creationOptions(device, challenge, username),
      }),
    ...(services.mfa.devices.isLocked(device) &&
      lockedUntil !== undefined && { lock: { status: "LOCKED", expiresAt: isoOf(lockedUntil) } }),
    createdAt: isoOf(device.createdAt),
    updatedAt: isoOf(device.updatedAt),
  };
}

/** A device as somebody sees it who has not authenticated yet. */
export function presentMasked(device: Device | OneTimeDevice) {
  const { type, email, phone } = device;
  const paired = "status" in device ? device : undefined;
  return {
    id: device.id,
    type,
    ...(paired && {
      status: paired.status,
      ...(paired.nickname !== undefined && { nickname: paired.nickname }),
      ...(paired.displayName !== undefined && { displayName: paired.displayName }),
      usableStatus: { status: "ENABLED" },
    }),
    ...(email !== undefined && { email: maskedEmail(email) }),
    ...(phone !== undefined && { phone: maskedPhone(phone) }),
    ...(isFidoType(type) && { rp: paired?.rp ?? RELYING_PARTY }),
  };
}

export const RELYING_PARTY = { id: "pingone.com", name: "PingOne" };

export function isoOf(time: number): string {
  return new Date(time).toISOString();
}

function maskedEmail(email: string): string {
  return email.replace(/^(.)[^@]*/, "$1******");
}

function maskedPhone(phone: string): string {
  return `******${phone.slice(-4)}`;
}

/** Bytes are lists of signed numbers, as in the documentation of the connector. */
export function bytesOf(base64url: string): number[] {
  return [...new Int8Array(Buffer.from(base64url, "base64url"))];
}

function creationOptions(device: Device, challenge: string, username: string): string {
  return JSON.stringify({
    rp: device.rp ?? RELYING_PARTY,
    user: {
      id: bytesOf(Buffer.from(device.id).toString("base64url")),
      displayName: username,
      name: username,
    },
    challenge: bytesOf(challenge),
    pubKeyCredParams: [
      { type: "public-key", alg: "-7" },
      { type: "public-key", alg: "-257" },
    ],
    timeout: 120_000,
    excludeCredentials: [],
    authenticatorSelection: {
      ...(device.type === "PLATFORM" && { authenticatorAttachment: "platform" }),
      ...(device.type === "SECURITY_KEY" && { authenticatorAttachment: "cross-platform" }),
      userVerification: "preferred",
    },
    attestation: "none",
  });
}
