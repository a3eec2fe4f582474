/** PingOne MFA connector: what a person scans with a phone. The control API takes the part of the phone: `mfa.scan`. */
import type { AuthenticationCode, PairingKey } from "../../tenant/phone-keys.ts";
import type { Call, Capability } from "../engine/capability.ts";
import { isRecord, setOwn, textOf } from "../graph/values.ts";
import { namedValuesOf, numberOf } from "./inputs.ts";
import { constantOf, invalidInput, isoOf, presentMasked, USER_ID, userOf } from "./mfa-shared.ts";
import { fail, known, NOT_FOUND, notFound, RAW_OUTPUTS, succeed, textProperty } from "./pingone-shared.ts";

const PAIRING_KEY_ID = known("`rawResponse.id` of Create Pairing Key.", "documented");
const PAIRING_KEY_OUTPUTS = {
  ...RAW_OUTPUTS,
  "rawResponse.id": known("Identifies the key.", "documented"),
  "rawResponse.code": known("What the phone scans, 14 digits.", "documented"),
  "rawResponse.status": known("`UNCLAIMED`, `CLAIMED` or `EXPIRED`.", "documented"),
  "rawResponse.expiresAt": known("After two days.", "documented"),
} as const;
const PHONE_LIMITS = "No phone is paired by it: mfa.scan of the control API takes the part of the phone.";

export function createPairingKey(policyProperty?: "workforcePolicyMfaPolicyId"): Capability {
  return {
    about: "Makes a key by which a phone is paired with the user.",
    limits: PHONE_LIMITS,
    inputs: {
      userId: USER_ID,
      applicationIds: known("Mobile applications; only shown again.", "documented"),
      ...(policyProperty && { [policyProperty]: known("Not read.", "documented") }),
    },
    outputs: PAIRING_KEY_OUTPUTS,
    errors: { notFound: NOT_FOUND },
    run(call) {
      const user = userOf(call);
      if (!user) return notFound();
      const key = call.services.mfa.phoneKeys.createPairingKey(
        user.id,
        idsOf(call.properties.applicationIds),
      );
      tellHowToScan(call);
      return succeed({}, presentPairingKey(call, key), 201);
    },
  };
}

export const readPairingKey: Capability = {
  about: "Reads whether a phone was paired by a key.",
  inputs: { userId: USER_ID, pairingKeyId: PAIRING_KEY_ID },
  outputs: PAIRING_KEY_OUTPUTS,
  errors: { notFound: known("There is no such key of the user.", "unverified") },
  run(call) {
    const key = pairingKeyOf(call);
    return key ? succeed({}, presentPairingKey(call, key)) : noKey();
  },
};

export const deletePairingKey: Capability = {
  about: "Deletes a key that was not used.",
  inputs: { userId: USER_ID, pairingKeyId: PAIRING_KEY_ID },
  outputs: RAW_OUTPUTS,
  errors: { notFound: known("There is no such key of the user, or it was used.", "unverified") },
  run(call) {
    const user = userOf(call);
    const isRemoved =
      user && call.services.mfa.phoneKeys.removePairingKey(user.id, textProperty(call, "pairingKeyId"));
    return isRemoved ? succeed({}, {}, 204) : noKey();
  },
};

const CODE_OUTPUTS = {
  ...RAW_OUTPUTS,
  authenticationCode: known("The code, as `rawResponse`.", "documented"),
  "authenticationCode.code": known("What the phone scans.", "documented"),
  "authenticationCode.uri": known("`pingonesdk?authentication_code=...`, for a QR code.", "documented"),
  "authenticationCode.status": known(
    "`UNCLAIMED`, `CLAIMED`, `COMPLETED`, `DENIED` or `EXPIRED`.",
    "documented",
  ),
  "authenticationCode.user.id": known("Who has scanned it.", "documented"),
} as const;

export const createAuthenticationCode: Capability = {
  about: "Makes a code that a person scans with a paired phone to sign on.",
  limits: PHONE_LIMITS,
  inputs: {
    authenticatingApplicationId: known("Only shown again.", "documented"),
    customAuthenticatingApplicationId: known("The same.", "documented"),
    duration: known("How long the code is valid, from 10 seconds to 30 minutes.", "documented"),
    timeUnit: known("`SECONDS` (default) or `MINUTES`.", "documented"),
    userApproval: known("`REQUIRED` (default) or `NOT_REQUIRED`.", "documented"),
    clientContext: known("Names and values, only shown again.", "documented"),
  },
  outputs: CODE_OUTPUTS,
  errors: { invalidInput: known("The code would be valid too shortly or too long.", "unverified") },
  run(call) {
    const timeUnit = constantOf(call.properties.timeUnit) === "MINUTES" ? "MINUTES" : "SECONDS";
    const duration = numberOf(call.properties.duration) ?? Number.NaN;
    const seconds = duration * (timeUnit === "MINUTES" ? 60 : 1);
    if (!(seconds >= 10 && seconds <= 1800)) {
      return invalidInput("INVALID_VALUE", "lifeTime", "A code is valid for 10 seconds to 30 minutes.");
    }
    const clientContext = contextOf(call.properties.clientContext);
    if (JSON.stringify(clientContext).length > MAX_CONTEXT) {
      return invalidInput("INVALID_VALUE", "clientContext", `It has more than ${MAX_CONTEXT} characters.`);
    }
    const { authenticatingApplicationId, customAuthenticatingApplicationId } = call.properties;
    const code = call.services.mfa.phoneKeys.createAuthenticationCode({
      applicationIds: idsOf([customAuthenticatingApplicationId ?? authenticatingApplicationId]),
      isApprovalRequired: constantOf(call.properties.userApproval) !== "NOT_REQUIRED",
      clientContext,
      lifeTime: { duration, timeUnit },
    });
    tellHowToScan(call);
    const shown = presentCode(call, code);
    return succeed({ authenticationCode: shown }, shown, 201);
  },
};

export const readAuthenticationCode: Capability = {
  about: "Reads whether somebody has scanned a code, and who.",
  inputs: { authenticationCodeId: known("`rawResponse.id` of Create Authentication Code.", "documented") },
  outputs: CODE_OUTPUTS,
  errors: { notFound: known("There is no such code.", "unverified") },
  run(call) {
    const found = call.services.mfa.phoneKeys.findAuthenticationCode(
      textProperty(call, "authenticationCodeId"),
    );
    if (!found) return noKey();
    if (found.status === "COMPLETED") call.authenticated();
    const shown = presentCode(call, found);
    return succeed({ authenticationCode: shown }, shown);
  },
};

function pairingKeyOf(call: Call): PairingKey | undefined {
  const user = userOf(call);
  return user && call.services.mfa.phoneKeys.findPairingKey(user.id, textProperty(call, "pairingKeyId"));
}

function noKey() {
  return fail("notFound", "The requested resource was not found.", { status: 404 });
}

function tellHowToScan(call: Call): void {
  call.remark(
    "No phone scans anything here: mfa.scan of the control API, or the control page, takes its part.",
  );
}

function idsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [])
    .map((entry) => textOf(isRecord(entry) ? (entry.id ?? entry.value) : entry).trim())
    .filter((id) => id !== "" && id !== "{}" && id.length <= 100)
    .slice(0, 50);
}

/** Characters of JSON. */
const MAX_CONTEXT = 10_000;

function contextOf(value: unknown): Record<string, unknown> {
  const context: Record<string, unknown> = {};
  for (const { name, value: own } of namedValuesOf(value)) setOwn(context, name, own);
  return context;
}

function presentPairingKey({ services }: Call, key: PairingKey) {
  const { id, code, status, userId, applicationIds } = key;
  return {
    id,
    environment: { id: services.environment.id },
    code,
    status,
    applications: applicationIds.map((own) => ({ id: own })),
    user: { id: userId },
    createdAt: isoOf(key.createdAt),
    updatedAt: isoOf(key.updatedAt),
    expiresAt: isoOf(key.expiresAt),
  };
}

function presentCode({ services }: Call, found: AuthenticationCode) {
  const { id, code, status, userId, deviceId, lifeTime, clientContext } = found;
  const device =
    userId !== undefined && deviceId !== undefined ? services.mfa.devices.find(userId, deviceId) : undefined;
  return {
    id,
    environment: { id: services.environment.id },
    code,
    uri: `pingonesdk?authentication_code=${code}`,
    applications: found.applicationIds.map((own) => ({ id: own })),
    lifeTime,
    userApproval: found.isApprovalRequired ? "REQUIRED" : "NOT_REQUIRED",
    status,
    clientContext,
    ...(device && { _embedded: { device: presentMasked(device) } }),
    ...(userId !== undefined && { user: { id: userId } }),
    createdAt: isoOf(found.createdAt),
    updatedAt: isoOf(found.updatedAt),
    expiresAt: isoOf(found.expiresAt),
  };
}
