/** A device authentication as `/deviceAuthentications` shows it. */
import type { DeviceAuthentication, OneTimeDevice } from "../../tenant/device-authentications.ts";
import { type Device, isFidoType } from "../../tenant/device-schema.ts";
import type { Call, Effect } from "../engine/capability.ts";
import { bytesOf, isoOf, presentMasked, RELYING_PARTY } from "./mfa-shared.ts";
import { fail, known, RAW_OUTPUTS, textProperty } from "./pingone-shared.ts";

export const AUTHENTICATION_ID = known("`rawResponse.id` of Create Device Authentication.", "documented");
export const NO_AUTHENTICATION = known("There is no such authentication, or it is over.", "unverified");

export const AUTHENTICATION_OUTPUTS = {
  ...RAW_OUTPUTS,
  "rawResponse.id": known("Identifies this authentication.", "documented"),
  "rawResponse.status": known(
    "`DEVICE_SELECTION_REQUIRED`, `OTP_REQUIRED`, `ASSERTION_REQUIRED`, `PUSH_CONFIRMATION_REQUIRED`, `PUSH_CONFIRMATION_TIMED_OUT`, `COMPLETED` or `FAILED`.",
    "documented",
  ),
  "rawResponse.user.id": known("The user.", "documented"),
  "rawResponse.selectedDevice.id": known("The device.", "documented"),
  "rawResponse.policy.id": known("The MFA policy.", "documented"),
  "rawResponse._embedded.devices": known(
    "The devices that can be used, the selected one first, with masked addresses.",
    "documented",
  ),
  "rawResponse.publicKeyCredentialRequestOptions": known(
    "With ASSERTION_REQUIRED: options of WebAuthn as JSON text.",
    "documented",
  ),
} as const;

export function authenticationOf(call: Call): DeviceAuthentication | undefined {
  return call.services.mfa.authentications.find(textProperty(call, "deviceAuthenticationId"));
}

export function noAuthentication(): Effect {
  return fail("notFound", "The device authentication was not found.", { status: 404 });
}

export function selectedOf(call: Call, found: DeviceAuthentication): Device | OneTimeDevice | undefined {
  return found.oneTime ?? call.services.mfa.selectedDevice(found);
}

export function presentAuthentication(call: Call, found: DeviceAuthentication) {
  const { environment, mfa } = call.services;
  const { id, userId, policyId, status, challenge } = found;
  const selected = selectedOf(call, found);
  const usable = userId === undefined || found.oneTime ? [] : mfa.devices.usable(userId);
  const devices = [...(selected ? [selected] : []), ...usable.filter((device) => device !== selected)];
  return {
    id,
    environment: { id: environment.id },
    ...(userId !== undefined && { user: { id: userId } }),
    status,
    ...(selected && { selectedDevice: { id: selected.id } }),
    policy: { id: policyId },
    ...(status === "ASSERTION_REQUIRED" &&
      challenge !== undefined && {
        publicKeyCredentialRequestOptions: requestOptions(challenge, devices, textProperty(call, "rpId")),
      }),
    createdAt: isoOf(found.createdAt),
    updatedAt: isoOf(found.updatedAt),
    _embedded: { devices: devices.map(presentMasked) },
  };
}

function requestOptions(
  challenge: string,
  devices: readonly (Device | OneTimeDevice)[],
  rpId: string,
): string {
  return JSON.stringify({
    challenge: bytesOf(challenge),
    timeout: 120_000,
    rpId: rpId || RELYING_PARTY.id,
    allowCredentials: devices
      .filter(({ type }) => isFidoType(type))
      .map(({ id }) => ({ type: "public-key", id: bytesOf(Buffer.from(id).toString("base64url")) })),
    userVerification: "preferred",
  });
}
