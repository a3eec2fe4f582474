/** Multi-factor authentication of one tenant: devices, what is under way with them, and what a person's phone does. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import {
  type DeviceAuthentication,
  DeviceAuthenticationStore,
  type OneTimeDevice,
} from "./device-authentications.ts";
import { addressOf, type Device, hasSecret, type SentOtp } from "./device-schema.ts";
import { DeviceStore, type OwnersDevices } from "./devices.ts";
import { coolDownOf, type DeviceSelection, MAX_OTP_FAILURES, OTP_TTL_MS } from "./mfa-policy.ts";
import { PhoneKeyStore } from "./phone-keys.ts";
import { RememberedBrowserStore } from "./remembered-browsers.ts";
import { hashSecret, isSecretOf } from "./secrets.ts";
import { totpStepOf } from "./totp.ts";

export interface MfaOptions {
  readonly clock: Clock;
  readonly onChange?: () => void;
  /** Default: the first device is taken. */
  readonly deviceSelection?: () => DeviceSelection;
}

export type OtpCheck =
  | { readonly kind: "right" }
  | { readonly kind: "wrong"; readonly attemptsRemaining: number }
  /** Entered wrongly too often, at last or before. */
  | { readonly kind: "exhausted" }
  | { readonly kind: "expired" };

/** Sign-ons of one user that wait for a code at a time. */
const MAX_COMPARED = 10;

const mfaSnapshot = z.object({
  devices: z.unknown(),
  authentications: z.unknown(),
  phoneKeys: z.unknown(),
  rememberedBrowsers: z.unknown(),
});

export class Mfa {
  readonly devices: DeviceStore;
  readonly authentications: DeviceAuthenticationStore;
  readonly phoneKeys: PhoneKeyStore;
  readonly rememberedBrowsers: RememberedBrowserStore;
  readonly #clock: Clock;
  readonly #deviceSelection: () => DeviceSelection;

  constructor(
    users: readonly OwnersDevices[],
    { clock, onChange = () => {}, deviceSelection = () => "DEFAULT_TO_FIRST" }: MfaOptions,
  ) {
    this.#clock = clock;
    this.#deviceSelection = deviceSelection;
    this.devices = new DeviceStore(users, { clock, onChange });
    this.authentications = new DeviceAuthenticationStore(clock, onChange);
    this.phoneKeys = new PhoneKeyStore(clock, onChange);
    this.rememberedBrowsers = new RememberedBrowserStore(clock, onChange);
  }

  get deviceSelection(): DeviceSelection {
    return this.#deviceSelection();
  }

  /** What is kept of a code that is sent now. */
  sentOtp(code: string): SentOtp {
    return { ...hashSecret(code), expiresAt: this.#clock() + OTP_TTL_MS };
  }

  /** Counts wrong entries. */
  check(device: Device | OneTimeDevice, sent: SentOtp | undefined, offered: string): OtpCheck {
    const isLocked = "status" in device && this.devices.isLocked(device);
    if (isLocked || device.failures >= MAX_OTP_FAILURES) return { kind: "exhausted" };
    const now = this.#clock();
    if (sent && now >= sent.expiresAt) return { kind: "expired" };
    const step = sent ? undefined : this.#newStepOf(device, offered);
    if (sent ? isSecretOf(sent, offered.trim()) : step !== undefined) {
      this.#count(device, { failures: 0, ...(step !== undefined && { lastStep: step }) });
      return { kind: "right" };
    }
    const failures = device.failures + 1;
    if (failures < MAX_OTP_FAILURES) {
      this.#count(device, { failures });
      return { kind: "wrong", attemptsRemaining: MAX_OTP_FAILURES - failures };
    }
    // A new code may be entered three times again.
    const coolDown = coolDownOf(device.type);
    const isPaired = "status" in device;
    this.#count(device, {
      failures: isPaired ? 0 : failures,
      ...(isPaired && coolDown > 0 && { lockedUntil: now + coolDown }),
    });
    return { kind: "exhausted" };
  }

  /** Whether a code that was sent can be entered; with `code`, whether it is this one. Counts nothing. */
  isAwaited(purpose: "mfa" | "pairing", userId: string, code?: string): boolean {
    const sent =
      purpose === "mfa"
        ? this.authentications.allWaiting(userId, "OTP_REQUIRED").map((found) => found.sent)
        : this.devices.list(userId).map((device) => device.sent);
    const valid = sent.filter((each) => each !== undefined).filter((each) => this.#clock() < each.expiresAt);
    if (code === undefined) return valid.length > 0;
    // Newest first, and not all: each comparison costs a hash.
    return valid
      .slice(-MAX_COMPARED)
      .toReversed()
      .some((each) => isSecretOf(each, code));
  }

  /** Whether an authenticator app shows this code at this time. Counts nothing. */
  isRightNow(device: Device, offered: string): boolean {
    return !this.devices.isLocked(device) && this.#newStepOf(device, offered) !== undefined;
  }

  /** What the person does at the phone. False: nothing waits for an answer. */
  answerAtPhone(userId: string, isApproved: boolean): boolean {
    const push = this.authentications.waiting(userId, "PUSH_CONFIRMATION_REQUIRED");
    if (push) {
      this.authentications.change(push, { status: isApproved ? "COMPLETED" : "FAILED" });
      return true;
    }
    const code = this.phoneKeys.waitingForApproval(userId);
    if (code) {
      this.phoneKeys.change(code, { status: isApproved ? "COMPLETED" : "DENIED" });
      return true;
    }
    const assertion = isApproved ? undefined : this.authentications.waiting(userId, "ASSERTION_REQUIRED");
    if (!assertion) return false;
    this.authentications.change(assertion, { status: "FAILED" });
    return true;
  }

  /**
   * The user's phone scans a pairing key, which pairs it, or an authentication code.
   * @returns What was scanned; `undefined`: there is no such code, or it is not for this user.
   */
  scan(userId: string, code: string): "pairingKey" | "authenticationCode" | "no-phone" | undefined {
    const key = this.phoneKeys.findByCode(code);
    if (key?.kind === "pairingKey") {
      if (key.userId !== userId) return undefined;
      this.devices.add(userId, { type: "MOBILE", status: "ACTIVE", displayName: "Phone of the emulator" });
      this.phoneKeys.change(key, { status: "CLAIMED" });
      return "pairingKey";
    }
    if (!key) return undefined;
    const phone = this.devices.usable(userId).find(({ type }) => type === "MOBILE");
    if (!phone) return "no-phone";
    const status = key.isApprovalRequired ? "CLAIMED" : "COMPLETED";
    this.phoneKeys.change(key, { userId, deviceId: phone.id, status });
    return "authenticationCode";
  }

  /** The paired device that an authentication is about. */
  selectedDevice({ userId, selectedDeviceId }: DeviceAuthentication): Device | undefined {
    if (userId === undefined || selectedDeviceId === undefined) return undefined;
    return this.devices.find(userId, selectedDeviceId);
  }

  /** Authenticator apps of the user whose code a flow waits for, or that are being paired. */
  awaitedApps(userId: string): readonly Device[] {
    const selected = this.authentications.waiting(userId, "OTP_REQUIRED")?.selectedDeviceId;
    return this.devices
      .list(userId)
      .filter(
        ({ type, status, id }) => hasSecret(type) && (status === "ACTIVATION_REQUIRED" || id === selected),
      );
  }

  /** Of a user who is no more. */
  forget(userId: string): void {
    this.devices.forget(userId);
    this.authentications.forget(userId);
    this.phoneKeys.forget(userId);
    this.rememberedBrowsers.forget(userId);
  }

  snapshot() {
    return {
      devices: this.devices.snapshot(),
      authentications: this.authentications.snapshot(),
      phoneKeys: this.phoneKeys.snapshot(),
      rememberedBrowsers: this.rememberedBrowsers.snapshot(),
    };
  }

  /** @throws {Error} when `state` is not a snapshot of MFA. */
  restore(state: unknown): void {
    const { devices, authentications, phoneKeys, rememberedBrowsers } = mfaSnapshot.parse(state);
    this.devices.restore(devices);
    this.authentications.restore(authentications);
    this.phoneKeys.restore(phoneKeys);
    this.rememberedBrowsers.restore(rememberedBrowsers);
  }

  reset(): void {
    this.devices.reset();
    this.authentications.reset();
    this.phoneKeys.reset();
    this.rememberedBrowsers.reset();
  }

  #newStepOf(device: Device | OneTimeDevice, offered: string): number | undefined {
    if (!("secret" in device) || device.secret === undefined) return undefined;
    const step = totpStepOf(device.secret, offered, this.#clock());
    return step !== undefined && step > (device.lastStep ?? -1) ? step : undefined;
  }

  #count(device: Device | OneTimeDevice, changes: Partial<Device>): void {
    if ("status" in device) this.devices.change(device, changes);
    else device.failures = changes.failures ?? device.failures;
  }
}

/** As a one-time device of an authentication. */
export function oneTimeDevice(type: Device["type"], address: string): OneTimeDevice {
  const at = addressOf(type);
  return { id: randomUUID(), type, failures: 0, ...(at !== undefined && { [at]: address }) };
}
