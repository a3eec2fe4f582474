/** PingOne connector: creating, changing and deleting users. */
import { isWritableAttribute } from "../../tenant/user-profile.ts";
import type { ChangeUserOutcome } from "../../tenant/users.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  isOn,
  known,
  listProperty,
  NOT_FOUND,
  notFound,
  presentUser,
  RAW_OUTPUTS,
  secretProperty,
  succeed,
  textProperty,
  USER_OUTPUTS,
} from "./pingone-shared.ts";
import { sendCodeTo } from "./pingone-sso-email.ts";

/** Properties that are attributes, by the path in the user. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  given: "name.given",
  family: "name.family",
  email: "email",
  primaryPhone: "primaryPhone",
  mobilePhone: "mobilePhone",
  preferredLanguage: "preferredLanguage",
  locale: "locale",
};

const ATTRIBUTE_INPUTS = {
  given: known("Given name.", "export"),
  family: known("Family name.", "export"),
  email: known("E-mail address.", "export"),
  primaryPhone: known("Phone number.", "documented"),
  mobilePhone: known("Phone number.", "documented"),
  preferredLanguage: known("Language tag.", "documented"),
  locale: known("Language tag.", "documented"),
  additionalUserProperties: known(
    "Any other attributes: a list of { name, value, preferredDataType }; names may be paths.",
    "export",
  ),
} as const;

const CHANGE_ERRORS = {
  uniquenessViolation: known("Another user has that user name.", "export"),
  invalidInput: known("An attribute has a value that it cannot have.", "export"),
  requiredValue: known("A value is missing.", "export"),
} as const;

export const createUser: Capability = {
  about: "Creates a user. With VERIFICATION_REQUIRED a verification code is sent to the address.",
  limits:
    "No notification of a created account, no groups. A user name that is somebody's address is refused too: that person could not be told apart when signing on.",
  inputs: {
    username: known("Required.", "export"),
    passwordForCreateUser: known("The password.", "export"),
    password: known("The same, in old exports.", "export"),
    lifecycleStatus: known("ACCOUNT_OK (default) or VERIFICATION_REQUIRED.", "export"),
    population: known("`usePopulationId`, or the id of a population.", "export"),
    populationId: known("The id of the population.", "export"),
    alternativeIdentifier: known("Another identifier of the population.", "documented"),
    ...ATTRIBUTE_INPUTS,
  },
  outputs: USER_OUTPUTS,
  errors: {
    ...CHANGE_ERRORS,
    passwordPolicyNotValid: known("The password does not meet the policy.", "unverified"),
    notFound: known("There is no such population.", "unverified"),
  },
  run: create,
};

export const updateUser: Capability = {
  about: "Changes attributes of a user. What has no value stays as it is.",
  limits: "What PingOne keeps itself, such as account or lifecycle, is left aside with a remark.",
  inputs: {
    ...FIND_USER_INPUTS,
    username: known("That of the user; it cannot be changed.", "documented"),
    clearUserAttributes: known("Names of attributes to take away.", "documented"),
    ...ATTRIBUTE_INPUTS,
  },
  outputs: USER_OUTPUTS,
  errors: {
    notFound: NOT_FOUND,
    constraintViolation: known("The user name is another one: it cannot be changed.", "documented"),
    ...CHANGE_ERRORS,
  },
  run: update,
};

export const deleteUser: Capability = {
  about: "Deletes a user, with devices, codes, consents and acceptances.",
  inputs: FIND_USER_INPUTS,
  outputs: RAW_OUTPUTS,
  errors: { notFound: NOT_FOUND },
  run(call) {
    const { users, codes, agreements, consents, mfa } = call.services;
    const user = findUser(call);
    if (!user) return notFound();
    users.delete(user.id);
    codes.forget(user.id);
    mfa.forget(user.id);
    agreements.forget(user.id);
    consents.revoke(user.id);
    return succeed({}, {}, 204);
  },
};

export const enableUser: Capability = {
  about: "Enables or disables a user.",
  inputs: { ...FIND_USER_INPUTS, enabled: known("Enable or disable.", "documented") },
  outputs: { "user.enabled": known("As it is now.", "documented"), ...RAW_OUTPUTS },
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    const enabled = isOn(call, "enabled");
    call.services.users.setEnabled(user.id, enabled);
    return succeed({ user: { enabled } }, { enabled });
  },
};

export const unlockUser: Capability = {
  about: "Unlocks a locked account, and a password that was locked by wrong entries.",
  limits: "That it unlocks the password too is not verified.",
  inputs: { userId: known("The user's id.", "documented") },
  outputs: USER_OUTPUTS,
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    call.services.users.unlock(user.id);
    const shown = presentUser(user, call.services.environment);
    return succeed({ user: shown }, shown);
  },
};

function create(call: Call): Effect {
  const { users, environment } = call.services;
  const username = textProperty(call, "username");
  const lifecycle =
    textProperty(call, "lifecycleStatus") === "VERIFICATION_REQUIRED"
      ? "VERIFICATION_REQUIRED"
      : "ACCOUNT_OK";
  const population = populationOf(call);
  if (population === undefined) return fail("notFound", "The population was not found.", { status: 404 });
  const attributes: Record<string, unknown> = {
    ...attributesOf(call),
    ...(population !== "" && { population: { id: population } }),
  };
  if (username === "") return missing("username");
  if (lifecycle === "VERIFICATION_REQUIRED" && attributes.email === undefined) return missing("email");
  if (users.findByLogin(username, ["email"])) {
    call.remark(
      "The user name is the address of another user, so nobody was created; PingOne would allow that.",
    );
    return taken();
  }
  const password = secretProperty(call, "passwordForCreateUser") || secretProperty(call, "password");
  const outcome = users.create({
    username,
    attributes,
    lifecycle,
    ...(password !== "" && { password }),
  });
  const failure = failureOf(outcome);
  if (failure) return failure;
  const { user } = outcome as Extract<ChangeUserOutcome, { kind: "done" }>;
  call.identify(user.id);
  if (lifecycle === "VERIFICATION_REQUIRED") sendCodeTo(call, user, "verification");
  const shown = presentUser(user, environment);
  return succeed({ user: shown }, shown, 201);
}

function update(call: Call): Effect {
  const { users, environment } = call.services;
  const user = findUser(call);
  if (!user) return notFound();
  const username = secretProperty(call, "username");
  if (username !== "" && username !== user.username) {
    return fail("constraintViolation", "Username is immutable and cannot be updated.", {
      details: [{ code: "INVALID_VALUE", target: "username", message: "username cannot be updated" }],
    });
  }
  const listed = call.properties.clearUserAttributes;
  const cleared = Array.isArray(listed) ? listed.map((name) => [textOf(name), null] as const) : [];
  const changes = { ...writable(call, Object.fromEntries(cleared)), ...attributesOf(call) };
  const outcome = users.update(user.id, changes);
  if (!outcome) return notFound();
  const failure = failureOf(outcome);
  if (failure) return failure;
  const shown = presentUser((outcome as Extract<ChangeUserOutcome, { kind: "done" }>).user, environment);
  return succeed({ user: shown }, shown);
}

/** The values that this node gives to attributes, by path. Empty ones do not count (release notes of August 2023). */
function attributesOf(call: Call): Record<string, unknown> {
  const named = Object.entries(ATTRIBUTES).map(
    ([property, path]) => [path, textProperty(call, property)] as const,
  );
  const others = additionalProperties(call);
  const given = [...named, ...others].filter(
    ([, value]) => value !== "" && value !== undefined && value !== null,
  );
  return writable(call, Object.fromEntries(given));
}

/** A list of `{ name, value }`; in old exports the text of a JSON object. */
function additionalProperties(call: Call): (readonly [string, unknown])[] {
  const entries = listProperty(call, "additionalUserProperties");
  if (entries.length > 0) {
    return entries.map(({ name, value, preferredDataType }) => [
      textOf(name).trim(),
      typed(value, preferredDataType),
    ]);
  }
  const parsed = parsedJson(textProperty(call, "additionalUserProperties"));
  return isRecord(parsed) ? Object.entries(parsed) : [];
}

/** A binding keeps its type; text is read as the type that the editor was told. */
function typed(value: unknown, type: unknown): unknown {
  if (typeof value !== "string") return value;
  if (type === "object" || type === "array" || type === "number" || type === "boolean") {
    return parsedJson(value) ?? value;
  }
  return value;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function writable(call: Call, changes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(changes).filter(([path]) => {
      if (isWritableAttribute(path)) return true;
      call.remark(`The attribute "${path}" cannot be written by this node and was left aside.`);
      return false;
    }),
  );
}

/** Empty: none is named, so the default one, if there is one. `undefined`: there is no such population. */
function populationOf(call: Call): string | undefined {
  const { populations } = call.services.environment;
  const alternative = textProperty(call, "alternativeIdentifier");
  const chosen = textProperty(call, "population");
  if (alternative !== "" && /alternative/i.test(chosen)) {
    return populations.find(({ alternativeIdentifiers }) => alternativeIdentifiers.includes(alternative))?.id;
  }
  const id = textProperty(call, "populationId") || (chosen.startsWith("use") ? "" : chosen);
  if (id === "") return populations.find((population) => population.default)?.id ?? "";
  // A tenant that lists no populations has all of them.
  return populations.length === 0 || populations.some((population) => population.id === id) ? id : undefined;
}

function failureOf(outcome: ChangeUserOutcome): Effect | undefined {
  switch (outcome.kind) {
    case "done":
      return undefined;
    case "username-taken":
      return taken();
    case "password-refused":
      return fail("passwordPolicyNotValid", "The password does not meet the password policy.", {
        details: [
          { code: "INVALID_VALUE", target: "password", message: "User password did not satisfy the policy." },
        ],
      });
    case "refused": {
      const { target, reason } = outcome.fault;
      const message = `The attribute ${target} ${/^[a-z]/.test(reason) ? reason : `is invalid: ${reason}`}.`;
      return fail("invalidInput", message, { details: [{ code: "INVALID_VALUE", target, message }] });
    }
  }
}

function taken(): Effect {
  return fail("uniquenessViolation", "A user with this user name exists already.", {
    details: [
      {
        code: "UNIQUENESS_VIOLATION",
        target: "username",
        message: "is unique but a non-unique value is provided",
      },
    ],
  });
}

function missing(target: string): Effect {
  const message = `A value for ${target} is required.`;
  return fail("requiredValue", message, { details: [{ code: "REQUIRED_VALUE", target, message }] });
}
