/**
 * Authentications by a device under way, as at `/deviceAuthentications`. Their life cycle, with times by the emulator's
 * clock: a device is selected, a code, an assertion or an answer at the phone is waited for, then it is completed or failed.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import { DEVICE_TYPES, sentOtp } from "./device-schema.ts";

/** Not verified: what the documentation limits is the life of a code. */
const TTL_MS = 30 * 60_000;
const MAX_KEPT = 1000;

const oneTimeDevice = z.object({
  id: z.string(),
  type: z.enum(DEVICE_TYPES),
  email: z.string().optional(),
  phone: z.string().optional(),
  failures: z.int().nonnegative(),
});
/** A device that is named for one authentication only. */
export type OneTimeDevice = z.infer<typeof oneTimeDevice>;

const deviceAuthentication = z.object({
  id: z.string(),
  /** Absent while nobody knows who it is. */
  userId: z.string().optional(),
  policyId: z.string(),
  status: z.enum([
    "DEVICE_SELECTION_REQUIRED",
    "OTP_REQUIRED",
    "ASSERTION_REQUIRED",
    "PUSH_CONFIRMATION_REQUIRED",
    "PUSH_CONFIRMATION_TIMED_OUT",
    "COMPLETED",
    "FAILED",
  ]),
  selectedDeviceId: z.string().optional(),
  oneTime: oneTimeDevice.optional(),
  sent: sentOtp.optional(),
  /** Until when a push waits for an answer. */
  pushUntil: z.number().optional(),
  /** Base64url. */
  challenge: z.string().optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type DeviceAuthentication = z.infer<typeof deviceAuthentication>;

export class DeviceAuthenticationStore {
  readonly #kept = new Map<string, DeviceAuthentication>();
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#changed = onChange;
  }

  begin(given: Pick<DeviceAuthentication, "userId" | "policyId">): DeviceAuthentication {
    for (const id of this.#kept.keys()) this.find(id);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const now = this.#clock();
    const begun: DeviceAuthentication = {
      ...given,
      id: randomUUID(),
      status: "DEVICE_SELECTION_REQUIRED",
      createdAt: now,
      updatedAt: now,
    };
    this.#kept.set(begun.id, begun);
    this.#changed();
    return begun;
  }

  /** As it is at this time. */
  find(id: string): DeviceAuthentication | undefined {
    const found = this.#kept.get(id);
    if (!found) return undefined;
    const now = this.#clock();
    if (now >= found.createdAt + TTL_MS) {
      this.#kept.delete(id);
      this.#changed();
      return undefined;
    }
    const isTimedOut = found.status === "PUSH_CONFIRMATION_REQUIRED" && now >= (found.pushUntil ?? now);
    if (isTimedOut) this.change(found, { status: "PUSH_CONFIRMATION_TIMED_OUT" });
    return found;
  }

  /** The last one of the user that waits for an answer of this kind. */
  waiting(userId: string, status: DeviceAuthentication["status"]): DeviceAuthentication | undefined {
    return this.allWaiting(userId, status).at(-1);
  }

  allWaiting(userId: string, status: DeviceAuthentication["status"]): DeviceAuthentication[] {
    return [...this.#kept.keys()]
      .flatMap((id) => this.find(id) ?? [])
      .filter((found) => found.userId === userId && found.status === status);
  }

  change(authentication: DeviceAuthentication, changes: Partial<DeviceAuthentication>): void {
    Object.assign(authentication, changes, { updatedAt: this.#clock() });
    this.#changed();
  }

  forget(userId: string): void {
    for (const [id, kept] of this.#kept) if (kept.userId === userId) this.#kept.delete(id);
    this.#changed();
  }

  snapshot(): DeviceAuthentication[] {
    return structuredClone([...this.#kept.values()]);
  }

  /** @throws {Error} when `state` is not a snapshot of device authentications. */
  restore(state: unknown): void {
    const restored = z.array(deviceAuthentication).safeParse(state);
    if (!restored.success) {
      throw new Error(`snapshot of device authentications: ${z.prettifyError(restored.error)}`);
    }
    this.#kept.clear();
    for (const kept of restored.data) this.#kept.set(kept.id, kept);
  }

  reset(): void {
    this.#kept.clear();
    this.#changed();
  }
}
