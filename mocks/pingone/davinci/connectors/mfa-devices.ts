/** PingOne MFA connector: reading, naming, ordering and deleting the devices of a user; whether MFA is on. */
import { DEVICE_TYPES, type DeviceType, MAX_NICKNAME } from "../../tenant/device-schema.ts";
import { ALLOWED_TYPES, MAX_DEVICES, presentPolicy } from "../../tenant/mfa-policy.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Capability } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { fromJson } from "./inputs.ts";
import {
  constantOf,
  DEVICE_ID,
  DEVICE_OUTPUTS,
  deviceOf,
  invalidInput,
  NO_DEVICE,
  noDevice,
  POLICY_ID,
  presentDevice,
  USER_ID,
  userOf,
} from "./mfa-shared.ts";
import { isOn, known, NOT_FOUND, notFound, RAW_OUTPUTS, succeed, textProperty } from "./pingone-shared.ts";

export const readDevice: Capability = {
  about: "Reads one device of a user.",
  inputs: { userId: USER_ID, deviceId: DEVICE_ID },
  outputs: DEVICE_OUTPUTS,
  errors: { notFound: NO_DEVICE },
  run(call) {
    const found = deviceOf(call);
    if (!found) return noDevice();
    const device = presentDevice(call, found.user, found.device);
    return succeed({ device }, device);
  },
};

const LIST_OUTPUTS = {
  ...RAW_OUTPUTS,
  devices: known(
    "The devices, in the user's order, as PingOne's API lists them. The example of the documentation wraps each in `device`.",
    "unverified",
  ),
  order: known("`{ id }` of each active device, in the user's order.", "documented"),
  allowedtypes: known("Types that can be paired.", "documented"),
  applications: known("Mobile applications; always empty here.", "documented"),
  "mfaSettings.pairing.maxAllowedDevices": known("5.", "documented"),
  "mfaPolicy.authentication.deviceSelection": known(
    "`DEFAULT_TO_FIRST`, `PROMPT_TO_SELECT` or `ALWAYS_DISPLAY_DEVICES`: the switch `mfaDeviceSelection`.",
    "documented",
  ),
} as const;

export function readAllDevices(typesProperty: "deviceTypes" | "workforceDeviceTypes"): Capability {
  return {
    about: "Reads the devices of a user.",
    inputs: {
      userId: USER_ID,
      setFilterFlag: known("Whether the filters count.", "documented"),
      statusFilter: known("`ALL` (default), `ACTIVE` or `ACTIVATION_REQUIRED`.", "documented"),
      [typesProperty]: known("Only devices of these types.", "documented"),
    },
    outputs: LIST_OUTPUTS,
    errors: { notFound: NOT_FOUND },
    run(call) {
      const user = userOf(call);
      if (!user) return notFound();
      const isShown = isOn(call, "setFilterFlag") ? filterOf(call, typesProperty) : () => true;
      return present(call, user, isShown);
    },
  };
}

type DeviceFilter = (device: { readonly type: DeviceType; readonly status: string }) => boolean;

function filterOf(call: Call, typesProperty: string): DeviceFilter {
  const status = constantOf(call.properties.statusFilter);
  const chosen = call.properties[typesProperty];
  const types = (Array.isArray(chosen) ? chosen : []).map((entry) =>
    constantOf(isRecord(entry) ? (entry.value ?? entry.id) : entry),
  );
  const unknown = types.filter((type) => !(DEVICE_TYPES as readonly string[]).includes(type));
  if (unknown.length > 0) call.remark(`No device has the type ${unknown.join(", ")} of the filter.`);
  return (device) =>
    (status === "" || status === "ALL" || device.status === status) &&
    (types.length === 0 || types.includes(device.type));
}

function present(call: Call, user: User, isShown: DeviceFilter) {
  const { mfa, environment } = call.services;
  const all = mfa.devices.list(user.id);
  const devices = all.filter(isShown).map((device) => presentDevice(call, user, device));
  const order = all.filter(({ status }) => status === "ACTIVE").map(({ id }) => ({ id }));
  const shown = {
    devices,
    applications: [],
    allowedtypes: ALLOWED_TYPES,
    order,
    mfaSettings: { environment: { id: environment.id }, pairing: { maxAllowedDevices: MAX_DEVICES } },
    mfaPolicy: { authentication: { deviceSelection: mfa.deviceSelection } },
  };
  return succeed(shown, { _embedded: shown, count: devices.length, size: devices.length });
}

export const deleteDevice: Capability = {
  about: "Deletes a device. The next one in the order becomes the default.",
  inputs: { userId: USER_ID, deviceId: DEVICE_ID },
  outputs: RAW_OUTPUTS,
  errors: { notFound: NO_DEVICE },
  run(call) {
    const found = deviceOf(call);
    if (!found) return noDevice();
    call.services.mfa.devices.remove(found.user.id, found.device.id);
    return succeed({}, {}, 204);
  },
};

export const updateDeviceNickname: Capability = {
  about: "Names a device.",
  inputs: {
    userId: USER_ID,
    deviceId: DEVICE_ID,
    nickname: known("Up to 100 characters.", "documented"),
  },
  outputs: { ...RAW_OUTPUTS, nickname: known("As it is now.", "documented") },
  errors: { notFound: NO_DEVICE, invalidInput: known("The name is empty or too long.", "unverified") },
  run(call) {
    const found = deviceOf(call);
    if (!found) return noDevice();
    const nickname = textProperty(call, "nickname");
    if (nickname === "" || nickname.length > MAX_NICKNAME) {
      return invalidInput("INVALID_VALUE", "nickname", `A nickname has 1 to ${MAX_NICKNAME} characters.`);
    }
    call.services.mfa.devices.change(found.device, { nickname });
    return succeed({ nickname }, { nickname });
  },
};

export const setDeviceOrder: Capability = {
  about: "Makes a device the default, or sets the order of the devices.",
  limits:
    "Which value of `setDeviceOrder` means which is not documented: the property that has a value counts.",
  inputs: {
    userId: USER_ID,
    setDeviceOrder: known("Whether the default device or the whole order is set.", "documented"),
    defaultDeviceId: known("The device that comes first.", "documented"),
    deviceOrderList: known("Ids of devices in their order.", "documented"),
    useDeviceOrderJsonAttributes: known("Whether the order is in `jsonAttributes`.", "documented"),
    jsonAttributes: known('`{ "order": [{ "id": "..." }] }`.', "documented"),
  },
  outputs: { ...RAW_OUTPUTS, devices: LIST_OUTPUTS.devices, order: LIST_OUTPUTS.order },
  errors: {
    notFound: NOT_FOUND,
    invalidInput: known("No device is named, or one that the user does not have.", "unverified"),
  },
  run(call) {
    const user = userOf(call);
    if (!user) return notFound();
    const ids = orderOf(call);
    if (ids.length === 0 || !call.services.mfa.devices.order(user.id, ids)) {
      return invalidInput(
        "INVALID_VALUE",
        "order",
        "The order names no device, or one that the user does not have.",
      );
    }
    return present(call, user, () => true);
  },
};

function orderOf(call: Call): string[] {
  const first = textProperty(call, "defaultDeviceId");
  const isWholeOrder = /order/i.test(textProperty(call, "setDeviceOrder"));
  if (first !== "" && !isWholeOrder) return [first];
  const { jsonAttributes } = call.properties;
  const json = typeof jsonAttributes === "string" ? fromJson(jsonAttributes) : jsonAttributes;
  const order = isRecord(json) && Array.isArray(json.order) ? json.order : undefined;
  const list = isOn(call, "useDeviceOrderJsonAttributes") ? order : call.properties.deviceOrderList;
  const ids = (Array.isArray(list) ? list : [])
    .map((entry) => textOf(isRecord(entry) ? (entry.id ?? entry.value) : entry).trim())
    .filter((id) => id !== "");
  return ids.length > 0 || first === "" ? ids : [first];
}

const MFA_STATUS_OUTPUTS = { ...RAW_OUTPUTS, mfaEnabled: known("Whether MFA is on.", "documented") } as const;

export const readUserMFAEnabled: Capability = {
  about: "Reads whether MFA is on for a user.",
  inputs: { userId: USER_ID },
  outputs: MFA_STATUS_OUTPUTS,
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = userOf(call);
    if (!user) return notFound();
    const { mfaEnabled } = user;
    return succeed({ mfaEnabled }, { mfaEnabled });
  },
};

export const updateUserMFAEnabled: Capability = {
  about: "Turns MFA on or off for a user.",
  inputs: { userId: USER_ID, mfaEnabled: known("On or off.", "documented") },
  outputs: MFA_STATUS_OUTPUTS,
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = userOf(call);
    if (!user) return notFound();
    const mfaEnabled = isOn(call, "mfaEnabled");
    call.services.users.setMfaEnabled(user.id, mfaEnabled);
    return succeed({ mfaEnabled }, { mfaEnabled });
  },
};

export const readDeviceAuthenticationPolicy: Capability = {
  about: "Reads the MFA policy.",
  limits:
    "The emulator has one policy, whatever the id; its numbers are those of an example in the documentation.",
  inputs: {
    deviceAuthenticationPolicyId: POLICY_ID,
    customDeviceAuthenticationPolicyId: POLICY_ID,
  },
  outputs: { ...RAW_OUTPUTS, deviceAuthenticationPolicy: known("The policy.", "documented") },
  errors: {},
  run(call) {
    const { environment, mfa } = call.services;
    const id =
      textProperty(call, "customDeviceAuthenticationPolicyId") ||
      textProperty(call, "deviceAuthenticationPolicyId");
    const policy = presentPolicy(id, environment.id, mfa.deviceSelection);
    return succeed({ deviceAuthenticationPolicy: policy }, policy);
  },
};
