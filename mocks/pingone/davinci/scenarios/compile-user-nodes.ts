/** Nodes of a scenario that are about users, their passwords, codes and groups. */
import { richValue, type Source } from "./graph-builder.ts";
import { type CompiledNode, choose, failure, onFailure, output, type Place } from "./place.ts";
import type { NodeOfType } from "./scenario-schema.ts";
import { latest } from "./transitions.ts";

/** What the former person has proven and answered does not count for this one. */
function person(id: Source): Readonly<Record<string, Source>> {
  return {
    "user.id": id,
    "mfa.verified": { text: "false" },
    "mfa.authentication": { text: "" },
    "consent.status": { text: "" },
  };
}

export function userLookup(place: Place, node: NodeOfType<"userLookup">): CompiledNode {
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "userLookup",
    properties: {
      matchAttributes: node.by,
      userIdentifierForFindUser: place.rich(latest(node.input)),
    },
  });
  const sets = person(output(first, "matchedUser.id"));
  return {
    first,
    waysOut: [
      place.wayOut(first, "on found", node.on.found, true, sets),
      place.wayOut(first, "on notFound", node.on.notFound, false, sets),
    ],
  };
}

export function checkPassword(place: Place, node: NodeOfType<"checkPassword">): CompiledNode {
  const { on } = node;
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "checkPassword",
    properties: {
      matchAttribute: "id",
      identifier: place.rich("user.id"),
      password: place.rich(latest(node.input)),
    },
  });
  // A password that has to be changed was right: the node is true.
  const status = choose(
    place,
    "which status?",
    output(first, "rawResponse.status"),
    [
      { value: "OK", label: "on ok", to: on.ok },
      { value: "MUST_CHANGE_PASSWORD", label: "on mustChange", to: on.mustChange },
      { value: "PASSWORD_EXPIRED", label: "on expired", to: on.expired },
    ],
    undefined,
  );
  place.graph.join(first, status.first);
  const failures = onFailure(
    place,
    first,
    [
      { value: "passwordLockedOut", label: "on locked", to: on.locked },
      { value: "userDisabled", label: "on disabled", to: on.disabled },
    ],
    { label: "on invalid", to: on.invalid },
  );
  return { first, waysOut: [...status.waysOut, ...failures] };
}

export function registerUser(place: Place, node: NodeOfType<"registerUser">): CompiledNode {
  const { on } = node;
  const email = place.rich(latest(node.email));
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "createUser",
    properties: {
      username: email,
      email,
      given: place.rich(latest(node.givenName)),
      family: place.rich(latest(node.familyName)),
      passwordForCreateUser: place.rich(latest(node.password)),
      // PingOne sends the verification code.
      lifecycleStatus: "VERIFICATION_REQUIRED",
      additionalUserProperties: [],
    },
  });
  const created = person(output(first, "user.id"));
  const sets = failure(first);
  const path = `local.${first}.payload.error`;
  // Address and password are refused with codes that are not documented; the attribute is.
  const attribute = choose(
    place,
    "what is refused?",
    { path: `${path}.details[0].rawResponse.details[0].target` },
    [{ value: "email", label: "on invalidEmail", to: on.invalidEmail }],
    { label: "on passwordRefused", to: on.passwordRefused },
    sets,
  );
  const isTaken = choose(
    place,
    "is it taken?",
    { path: `${path}.code` },
    [{ value: "uniquenessViolation", label: "on taken", to: on.taken }],
    attribute,
    sets,
  );
  place.graph.join(first, isTaken.first, { operator: "anyTriggersFalse" });
  return {
    first,
    waysOut: [place.wayOut(first, "on created", on.created, true, created), ...isTaken.waysOut],
  };
}

/** Properties that the node has for attributes; others go into its list of further ones. */
const USER_PROPERTIES: Readonly<Record<string, string>> = {
  username: "username",
  email: "email",
  "name.given": "given",
  "name.family": "family",
};

export function updateUser(place: Place, node: NodeOfType<"updateUser">): CompiledNode {
  const named: Record<string, string> = {};
  const additional: object[] = [];
  for (const [attribute, key] of Object.entries(node.saves)) {
    const value = place.rich(latest(key));
    const property = Object.hasOwn(USER_PROPERTIES, attribute) ? USER_PROPERTIES[attribute] : undefined;
    if (property !== undefined) named[property] = value;
    else additional.push({ name: attribute, preferredDataType: "string", value });
  }
  const first = place.add({
    connector: "pingOneSSOConnector",
    capability: "updateUser",
    properties: {
      matchAttribute: "id",
      identifier: place.rich("user.id"),
      ...named,
      additionalUserProperties: additional,
    },
  });
  return {
    first,
    waysOut: [
      place.wayOut(first, "on done", node.on.done),
      place.wayOut(first, "on failed", node.on.failed, false, failure(first)),
    ],
  };
}

export function sendCode(place: Place, node: NodeOfType<"sendCode">): CompiledNode {
  const capability = { verification: "sendVerificationCode", recovery: "sendRecoveryCode" };
  const first =
    node.purpose === "mfa"
      ? place.add({
          connector: "pingOneMfaConnector",
          capability: "createDeviceAuthentication",
          properties: {
            userId: place.rich("user.id"),
            selectedDevice: "oneTime",
            oneTimeDeviceType: "EMAIL",
            oneTimeEmailDevice: place.rich("user.email"),
          },
        })
      : place.add({
          connector: "pingOneSSOConnector",
          capability: capability[node.purpose],
          properties: { matchAttribute: "id", identifier: place.rich("user.id") },
        });
  const { way: _, ...wayOut } = place.wayOut(first, "on sent", node.on.sent, true, {
    "mfa.authentication": output(first, "rawResponse.id"),
  });
  // An unknown person sees the same screen, so that nobody can find out who has an account.
  return { first, waysOut: [{ ...wayOut, way: { operator: "always" } }] };
}

export function checkCode(place: Place, node: NodeOfType<"checkCode">): CompiledNode {
  const { on, purpose } = node;
  const code = place.rich(latest(node.input));
  const first =
    purpose === "mfa"
      ? place.add({
          connector: "pingOneMfaConnector",
          capability: "validateOtpDeviceAuthentication",
          properties: { deviceAuthenticationId: place.rich("mfa.authentication"), otp: code },
        })
      : place.add({
          connector: "pingOneSSOConnector",
          capability: "verifyEmail",
          properties: { matchAttribute: "id", identifier: place.rich("user.id"), verificationCode: code },
        });
  const sets: Readonly<Record<string, Source>> =
    purpose === "mfa" ? { "mfa.verified": { text: "true" } } : {};
  return {
    first,
    waysOut: [
      place.wayOut(first, "on ok", on.ok, true, sets),
      place.wayOut(first, "on invalid", on.invalid, false, failure(first)),
    ],
  };
}

/** The two entries of the new password are compared first. */
export function newPassword(
  place: Place,
  node: NodeOfType<"recoverPassword" | "changePassword">,
): CompiledNode {
  const first = place.add(
    {
      connector: "functionsConnector",
      capability: "AEqualsB",
      properties: {
        leftValueA: place.rich(latest(node.newPassword)),
        rightValueB: place.rich(latest(node.verifyNewPassword)),
        type: "string",
      },
    },
    "same password twice?",
  );
  const mismatch = place.wayOut(first, "on mismatch", node.on.mismatch, false);
  const identifier = place.rich("user.id");
  const password = place.rich(latest(node.newPassword));
  const id =
    node.type === "recoverPassword"
      ? place.add({
          connector: "pingOneSSOConnector",
          capability: "recoverPassword",
          properties: {
            matchAttribute: "id",
            identifier,
            recoveryCode: place.rich(latest(node.code)),
            newPassword: password,
          },
        })
      : place.add({
          connector: "pingOneSSOConnector",
          capability: "resetPassword",
          properties: {
            matchAttribute: "id",
            identifier,
            currentPassword: place.rich(latest(node.currentPassword)),
            newPassword: password,
          },
        });
  place.graph.join(first, id);
  const { on } = node;
  const codes =
    node.type === "recoverPassword"
      ? []
      : [
          { value: "passwordLockedOut", label: "on locked", to: node.on.locked },
          { value: "newPasswordNotValid", label: "on refused", to: node.on.refused ?? node.on.invalid },
        ];
  const failures = onFailure(place, id, codes, { label: "on invalid", to: on.invalid });
  return { first, waysOut: [place.wayOut(id, "on ok", on.ok), mismatch, ...failures] };
}

export function memberOf(place: Place, node: NodeOfType<"memberOf">): CompiledNode {
  const first = place.add(
    {
      connector: "pingOneSSOConnector",
      capability: "readUserGroupMemberships",
      properties: { matchAttribute: "id", identifier: place.rich("user.id") },
    },
    "read the groups",
  );
  const isMember = place.add({
    connector: "functionsConnector",
    capability: "customFunction",
    properties: {
      variableInputList: [
        { name: "groups", preferredDataType: "object", value: richValue(output(first, "groupMemberships")) },
        { name: "name", preferredDataType: "string", value: richValue({ text: node.group }) },
      ],
      code: IS_MEMBER,
    },
  });
  place.graph.join(first, isMember, { operator: "always" });
  return {
    first,
    waysOut: [
      place.wayOut(isMember, "on member", node.on.member),
      place.wayOut(isMember, "on notMember", node.on.notMember, false),
    ],
  };
}

const IS_MEMBER = `module.exports = a = async ({ params }) => {
  const groups = Array.isArray(params.groups) ? params.groups : [];
  return groups.some((group) => group && group.name === params.name);
};`;
