/** What the control API can do about MFA: see and take away devices, read codes of authenticator apps, act as a phone. */
import { ControlRequestError } from "../kit/refusal.ts";
import { hasSecret } from "./tenant/device-schema.ts";
import { noSuch, requireUser } from "./tenant/named.ts";
import type { Tenant } from "./tenant/tenant.ts";
import { totpCodeOf } from "./tenant/totp.ts";
import type { User } from "./tenant/users.ts";

/** An MFA device, without its secrets. */
export interface MfaDevice {
  readonly username: string;
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly nickname?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly locked: boolean;
}

/** What an authenticator app shows at this time of the emulators' clock. */
export interface AppCode {
  readonly username: string;
  readonly device: string;
  readonly nickname?: string;
  readonly code: string;
  readonly secondsLeft: number;
}

export class MfaAdmin {
  readonly #tenant: Tenant;

  constructor(tenant: Tenant) {
    this.#tenant = tenant;
  }

  /** @param user Default: all users. @throws {ControlRequestError} */
  devices(user?: string): readonly MfaDevice[] {
    const { devices } = this.#tenant.mfa;
    return this.#users(user).flatMap(({ id: userId, username }) =>
      devices.list(userId).map((device) => {
        const { id, type, status, nickname, email, phone } = device;
        return {
          username,
          id,
          type,
          status,
          ...(nickname !== undefined && { nickname }),
          ...(email !== undefined && { email }),
          ...(phone !== undefined && { phone }),
          locked: devices.isLocked(device),
        };
      }),
    );
  }

  /** @param id Of the device. @throws {ControlRequestError} */
  removeDevice(id: string): void {
    const { devices } = this.#tenant.mfa;
    if (devices.owners.some((owner) => devices.remove(owner, id))) return;
    const known = devices.owners.flatMap((owner) => devices.list(owner)).map((device) => device.id);
    throw noSuch("device", id, known);
  }

  /** TEST ONLY. Codes of authenticator apps. @param user Default: all users. @throws {ControlRequestError} */
  codes(user?: string): readonly AppCode[] {
    const { mfa, clock } = this.#tenant;
    return this.#users(user).flatMap(({ id, username }) =>
      mfa.devices.list(id).flatMap(({ id: device, type, secret, nickname }) =>
        hasSecret(type) && secret !== undefined
          ? [
              {
                username,
                device,
                ...(nickname !== undefined && { nickname }),
                ...totpCodeOf(secret, clock()),
              },
            ]
          : [],
      ),
    );
  }

  /**
   * Answers what waits at the user's phone, or denies the FIDO device. Returns how many were answered, at most one.
   * @throws {ControlRequestError}
   */
  answer(user: string, isApproved: boolean): number {
    const { id } = requireUser(this.#tenant, user);
    return this.#tenant.mfa.answerAtPhone(id, isApproved) ? 1 : 0;
  }

  /** The user's phone scans a pairing key or an authentication code. @throws {ControlRequestError} */
  scan(user: string, code: string): "pairingKey" | "authenticationCode" {
    const { id, username } = requireUser(this.#tenant, user);
    const scanned = this.#tenant.mfa.scan(id, code);
    if (scanned === undefined) {
      throw new ControlRequestError(
        `No pairing key of ${username} and no authentication code has this value, or it was used or is too old.`,
      );
    }
    if (scanned === "no-phone") {
      throw new ControlRequestError(
        `${username} has no phone: pair one by a pairing key, or by seed.device with the type MOBILE.`,
      );
    }
    return scanned;
  }

  #users(name: string | undefined): readonly User[] {
    return name === undefined ? this.#tenant.users.list() : [requireUser(this.#tenant, name)];
  }
}
