/**
 * The one device authentication policy of the emulator, in the shape of `GET .../deviceAuthenticationPolicies/{id}`. The
 * numbers are those of the example in the documentation of the PingOne MFA connector; those of a tenant may differ.
 */
import { DEVICE_TYPES, type DeviceType } from "./device-schema.ts";

export const DEVICE_SELECTIONS = ["DEFAULT_TO_FIRST", "PROMPT_TO_SELECT", "ALWAYS_DISPLAY_DEVICES"] as const;
export type DeviceSelection = (typeof DEVICE_SELECTIONS)[number];

export const MFA_POLICY_ID = "5b4f4d2a-0000-4000-8000-0000000000a1";
export const MAX_DEVICES = 5;
export const OTP_TTL_MS = 30 * 60_000;
export const MAX_OTP_FAILURES = 3;
export const PUSH_TTL_MS = 120_000;
export const REMEMBER_ME_TTL_MS = 30 * 24 * 3_600_000;
/** Types that a person can pair in a flow. */
export const ALLOWED_TYPES: readonly DeviceType[] = DEVICE_TYPES.filter((type) => type !== "PINGID_DESKTOP");

const COOL_DOWN_MINUTES = 2;

/** How long a device is locked after too many wrong entries. Codes that are sent become useless instead. */
export function coolDownOf(type: DeviceType): number {
  return type === "TOTP" || type === "MOBILE" || type === "OATH_TOKEN" ? COOL_DOWN_MINUTES * 60_000 : 0;
}

export function presentPolicy(id: string, environmentId: string, deviceSelection: DeviceSelection) {
  const minutes = (duration: number) => ({ duration, timeUnit: "MINUTES" });
  const failure = (coolDown: number) => ({ count: MAX_OTP_FAILURES, coolDown: minutes(coolDown) });
  const sent = { enabled: true, otp: { failure: failure(0), lifeTime: minutes(OTP_TTL_MS / 60_000) } };
  return {
    id: id || MFA_POLICY_ID,
    environment: { id: environmentId },
    name: "Default MFA policy of the emulator",
    forSignOnPolicy: false,
    default: true,
    authentication: { deviceSelection },
    sms: sent,
    email: sent,
    voice: sent,
    whatsApp: sent,
    mobile: {
      enabled: true,
      otp: {
        failure: failure(COOL_DOWN_MINUTES),
        window: { stepSize: { duration: 30, timeUnit: "SECONDS" } },
      },
    },
    totp: { enabled: true, otp: { failure: failure(COOL_DOWN_MINUTES) } },
    fido2: { enabled: true },
    platform: { enabled: true },
    securityKey: { enabled: true },
    rememberMe: { web: { enabled: true, lifeTime: { duration: 30, timeUnit: "DAYS" } } },
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
  };
}
