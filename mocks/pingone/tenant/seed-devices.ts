/** Seeding MFA devices of users. */
import { z } from "zod";
import { parseInput } from "../../kit/refusal.ts";
import { deviceFixture, hasSecret } from "./device-schema.ts";
import { requireUser } from "./named.ts";
import type { Tenant } from "./tenant.ts";
import { keyUriOf } from "./totp.ts";

const ofDevice = deviceFixture.shape;

export const seedDeviceInput = z
  .strictObject({
    ...deviceFixture.shape,
    user: z.string().min(1).describe("User name, e-mail or id.").meta({ title: "User" }),
    type: ofDevice.type.meta({ title: "Type" }),
    email: ofDevice.email.meta({ title: "E-mail address", hint: "Of a device of the type EMAIL." }),
    phone: ofDevice.phone.meta({
      title: "Phone number",
      hint: "Of a device of the types SMS, VOICE and WHATSAPP.",
    }),
    nickname: ofDevice.nickname.meta({ title: "Nickname" }),
    status: deviceFixture.shape.status.optional().describe("Default: ACTIVE."),
  })
  .describe("An MFA device of a user. One of the same id is replaced. MFA is then on for the user.");

export interface SeededDevice {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  /** TEST ONLY. Of an authenticator app. */
  readonly secret?: string;
  /** Of an authenticator app: what it scans. */
  readonly keyUri?: string;
}

/** @throws {ControlRequestError} */
export function seedDevice(tenant: Tenant, input: z.input<typeof seedDeviceInput>): SeededDevice {
  const { user: name, ...given } = parseInput(seedDeviceInput, input, "The device");
  const device = parseInput(deviceFixture, given, "The device");
  const user = requireUser(tenant, name);
  const { id, type, status, secret } = tenant.mfa.devices.seed(user.id, device);
  tenant.users.setMfaEnabled(user.id, true);
  return {
    id,
    type,
    status,
    ...(hasSecret(type) &&
      secret !== undefined && {
        secret,
        keyUri: keyUriOf(secret, { issuer: "PingOne", label: user.username }),
      }),
  };
}
