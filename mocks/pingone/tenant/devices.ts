/** The MFA devices of the users, in their order: the first active one is a user's default. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import { type Device, type DeviceFixture, deviceFixture, hasSecret, storedDevice } from "./device-schema.ts";
import { createTotpSecret } from "./totp.ts";

const devicesSnapshot = z.array(z.object({ userId: z.string(), devices: z.array(storedDevice) }));

export interface OwnersDevices {
  /** Of the user. */
  readonly id: string;
  readonly devices?: readonly DeviceFixture[] | undefined;
}

export type NewDevice = Omit<Device, "id" | "createdAt" | "updatedAt" | "failures">;

export interface DeviceStoreOptions {
  readonly clock: Clock;
  /** Told after every change that a snapshot would show. */
  readonly onChange?: () => void;
}

export class DeviceStore {
  readonly #byUser = new Map<string, Device[]>();
  readonly #fixture: readonly { readonly userId: string; readonly devices: readonly Device[] }[];
  readonly #clock: Clock;
  readonly #changed: () => void;

  constructor(users: readonly OwnersDevices[], { clock, onChange = () => {} }: DeviceStoreOptions) {
    this.#clock = clock;
    this.#changed = onChange;
    this.#fixture = users
      .filter(({ devices = [] }) => devices.length > 0)
      .map(({ id, devices = [] }) => ({ userId: id, devices: devices.map((device) => this.#made(device)) }));
    this.#fill();
  }

  list(userId: string): readonly Device[] {
    return this.#byUser.get(userId) ?? [];
  }

  find(userId: string, id: string): Device | undefined {
    return this.list(userId).find((device) => device.id === id);
  }

  /** Every user who has a device. */
  get owners(): readonly string[] {
    return [...this.#byUser].filter(([, devices]) => devices.length > 0).map(([userId]) => userId);
  }

  /** The devices by which the user can authenticate at this time. */
  usable(userId: string): readonly Device[] {
    return this.list(userId).filter((device) => device.status === "ACTIVE" && !this.isLocked(device));
  }

  isLocked({ lockedUntil }: Device): boolean {
    return lockedUntil !== undefined && this.#clock() < lockedUntil;
  }

  add(userId: string, device: NewDevice): Device {
    const now = this.#clock();
    const added: Device = { ...device, id: randomUUID(), failures: 0, createdAt: now, updatedAt: now };
    this.#byUser.set(userId, [...this.list(userId), added]);
    this.#changed();
    return added;
  }

  /** Adds a device of a seed, or puts it in the place of the one with its id. */
  seed(userId: string, fixture: DeviceFixture): Device {
    const device = this.#made(fixture);
    const others = this.list(userId);
    const isThere = others.some(({ id }) => id === device.id);
    this.#byUser.set(
      userId,
      isThere ? others.map((other) => (other.id === device.id ? device : other)) : [...others, device],
    );
    this.#changed();
    return device;
  }

  /** Changes what is in the device itself. */
  change(device: Device, changes: Partial<Device>): void {
    Object.assign(device, changes, { updatedAt: this.#clock() });
    this.#changed();
  }

  activate(device: Device): void {
    delete device.sent;
    delete device.challenge;
    this.change(device, { status: "ACTIVE", failures: 0 });
  }

  /** False: there is no such device. */
  remove(userId: string, id: string): boolean {
    const before = this.list(userId);
    const left = before.filter((device) => device.id !== id);
    if (left.length === before.length) return false;
    this.#byUser.set(userId, left);
    this.#changed();
    return true;
  }

  /** These devices come first, in this order. False: one of them is not the user's. */
  order(userId: string, ids: readonly string[]): boolean {
    const first = [...new Set(ids)].map((id) => this.find(userId, id));
    if (first.some((device) => device === undefined)) return false;
    const others = this.list(userId).filter((device) => !first.includes(device));
    this.#byUser.set(userId, [...first.filter((device) => device !== undefined), ...others]);
    this.#changed();
    return true;
  }

  /** Of a user who is no more, or who is seeded anew. */
  forget(userId: string): void {
    if (this.#byUser.delete(userId)) this.#changed();
  }

  snapshot() {
    return structuredClone([...this.#byUser].map(([userId, devices]) => ({ userId, devices })));
  }

  /** @throws {Error} when `state` is not a snapshot of devices. */
  restore(state: unknown): void {
    const restored = devicesSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of devices: ${z.prettifyError(restored.error)}`);
    this.#byUser.clear();
    for (const { userId, devices } of restored.data) this.#byUser.set(userId, devices);
  }

  reset(): void {
    this.#fill();
    this.#changed();
  }

  #fill(): void {
    this.#byUser.clear();
    for (const { userId, devices } of this.#fixture) this.#byUser.set(userId, structuredClone([...devices]));
  }

  #made(fixture: DeviceFixture): Device {
    const { secret, id = randomUUID(), ...device } = deviceFixture.parse(fixture);
    const now = this.#clock();
    return {
      ...device,
      id,
      ...(hasSecret(device.type) && { secret: secret ?? createTotpSecret() }),
      failures: 0,
      createdAt: now,
      updatedAt: now,
    };
  }
}
