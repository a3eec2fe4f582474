/** MFA devices of users in the shape of the Management API: `GET /v1/environments/{id}/users/{id}/devices`. */
import { z } from "zod";
import { saltedHash } from "./secrets.ts";
import { isTotpSecret } from "./totp.ts";

export const DEVICE_TYPES = [
  "EMAIL",
  "SMS",
  "VOICE",
  "WHATSAPP",
  "TOTP",
  "MOBILE",
  "FIDO2",
  "PLATFORM",
  "SECURITY_KEY",
  "OATH_TOKEN",
  "YUBIKEY",
  "PINGID_DESKTOP",
] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

export const MAX_NICKNAME = 100;
/** Of e-mail addresses and phone numbers, in characters. */
export const MAX_ADDRESS = 320;
/** E.164, with the dot behind the country code that PingOne writes. */
const PHONE = /^\+[0-9][0-9. ()-]{3,30}$/;

const ofDevice = z.object({
  type: z.enum(DEVICE_TYPES),
  nickname: z.string().max(MAX_NICKNAME).optional(),
  email: z.email().max(MAX_ADDRESS).optional().describe("Of a device of the type EMAIL."),
  phone: z
    .string()
    .regex(PHONE, 'is no phone number such as "+1.2025550100"')
    .optional()
    .describe("Of a device of the types SMS, VOICE and WHATSAPP."),
  extension: z.string().max(100).optional(),
  secret: z
    .string()
    .refine(isTotpSecret, "is no base32 text of 16 letters or more (A to Z, 2 to 7)")
    .optional()
    .describe("TEST ONLY. Of an authenticator app (TOTP). Default: a new one."),
  serialNumber: z.string().max(100).optional(),
  displayName: z.string().max(200).optional(),
  rp: z.object({ id: z.string(), name: z.string() }).optional().describe("Of FIDO devices."),
});

/** One device of a user of the fixture, or of a seed. */
export const deviceFixture = ofDevice
  .extend({
    id: z.uuid().optional().describe("Default: a new one."),
    status: z.enum(["ACTIVE", "ACTIVATION_REQUIRED"]).default("ACTIVE"),
  })
  .superRefine((device, context) => {
    const missing = missingAddress(device);
    if (missing === undefined) return;
    context.addIssue({
      code: "custom",
      path: [missing],
      message: `is what a device of the type ${device.type} needs`,
    });
  })
  .describe("One of GET .../users/{id}/devices");
export type DeviceFixture = z.input<typeof deviceFixture>;

/** The address that a device of this type needs and does not have. */
function missingAddress(device: {
  type: DeviceType;
  email?: string | undefined;
  phone?: string | undefined;
}): "email" | "phone" | undefined {
  const needed = addressOf(device.type);
  return needed !== undefined && device[needed] === undefined ? needed : undefined;
}

/** Where codes are sent to. */
export function addressOf(type: DeviceType): "email" | "phone" | undefined {
  if (type === "EMAIL") return "email";
  return type === "SMS" || type === "VOICE" || type === "WHATSAPP" ? "phone" : undefined;
}

/** Whether its codes follow from a secret and the time. */
export function hasSecret(type: DeviceType): boolean {
  return type === "TOTP" || type === "OATH_TOKEN";
}

export function isFidoType(type: DeviceType): boolean {
  return type === "FIDO2" || type === "PLATFORM" || type === "SECURITY_KEY";
}

/** A one-time code that was sent: of it, a hash. Times are epoch milliseconds. */
export const sentOtp = saltedHash.extend({ expiresAt: z.number() });
export type SentOtp = z.infer<typeof sentOtp>;

export const storedDevice = ofDevice.extend({
  id: z.string(),
  status: z.enum(["ACTIVE", "ACTIVATION_REQUIRED"]),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Wrong entries since the last right one. */
  failures: z.int().nonnegative().default(0),
  lockedUntil: z.number().optional(),
  /** The code that activates it. */
  sent: sentOtp.optional(),
  /** RFC 6238 section 5.2: a code is accepted only once. */
  lastStep: z.number().optional(),
  /** Base64url. Of a FIDO device that is being paired. */
  challenge: z.string().optional(),
});
export type Device = z.infer<typeof storedDevice>;
