/** PingOne connector: looking users up. */
import type { User } from "../../tenant/users.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { readPath, textOf } from "../graph/values.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  isOn,
  known,
  NOT_FOUND,
  notFound,
  presentUser,
  RAW_OUTPUTS,
  succeed,
  textProperty,
  USER_OUTPUTS,
} from "./pingone-shared.ts";
import { matchesFilter, parseScimFilter } from "./scim-filter.ts";

export const userLookup: Capability = {
  about: "Finds one user by an identifier that any of the named attributes has, or by a SCIM filter.",
  limits:
    "The first attribute that exactly one user has decides. Filters: eq, ne, co, sw, ew, pr, and, or, not. Usernames need no escaping.",
  inputs: {
    matchAttributes: known("Attributes to compare, such as username and email.", "export"),
    userIdentifierForFindUser: known("What one of them has to be.", "export"),
    identifier: known("The same, in old exports.", "export"),
    returnUserPasswordStatus: known("Adds passwordStatus to the output.", "export"),
    useCustomSCIMFilter: known("Look for scimFilter instead.", "field"),
    scimFilter: known("A SCIM filter.", "documented"),
  },
  outputs: {
    matchedUser: known("The whole user, as the Management API shows one.", "export"),
    passwordStatus: known("OK, MUST_CHANGE_PASSWORD and so on, if asked for.", "export"),
    userCount: known("How many users match.", "documented"),
    userFilter: known("The SCIM filter.", "documented"),
    ...RAW_OUTPUTS,
  },
  errors: {
    notFound: known("No user matches, or several do.", "export"),
    invalidInput: known("The SCIM filter cannot be read.", "unverified"),
  },
  run: lookUp,
};

export const usersLookup: Capability = {
  about: "Finds all users that an attribute or a SCIM filter fits. False when there is none.",
  limits: "At most 100, in the order of the files. That it is false without any is not verified.",
  inputs: {
    matchAttributes: known("Attributes to compare, such as username and email.", "documented"),
    userIdentifierForFindUser: known("What one of them has to be.", "unverified"),
    identifier: known("The same.", "unverified"),
    useCustomSCIMFilter: known("Look for scimFilter instead.", "unverified"),
    scimFilter: known("A SCIM filter.", "unverified"),
  },
  outputs: {
    matchedUsers: known("The users, as the Management API shows them.", "unverified"),
    userCount: known("How many.", "unverified"),
    ...RAW_OUTPUTS,
  },
  errors: {
    notFound: known("Nobody matches.", "unverified"),
    invalidInput: known("The SCIM filter cannot be read.", "unverified"),
  },
  run(call) {
    const filter = textProperty(call, "scimFilter");
    const found =
      isOn(call, "useCustomSCIMFilter") || filter !== "" ? filterUsers(call, filter) : everyMatch(call);
    if (found === undefined) return fail("invalidInput", "The SCIM filter is not valid.");
    if (found.length === 0) return notFound();
    const matchedUsers = found
      .slice(0, MAX_FOUND)
      .map((user) => presentUser(user, call.services.environment));
    const count = matchedUsers.length;
    return succeed(
      { matchedUsers, userCount: count },
      { _embedded: { users: matchedUsers }, count, size: count },
    );
  },
};
const MAX_FOUND = 100;

/** For each attribute that is compared the users who have what is looked for, in the order of the attributes. */
function* matches(call: Call): Generator<readonly User[]> {
  const { users, environment } = call.services;
  const wanted = (
    textProperty(call, "userIdentifierForFindUser") || textProperty(call, "identifier")
  ).toLowerCase();
  const listed = call.properties.matchAttributes;
  const attributes = Array.isArray(listed) ? listed.map(textOf) : ["username", "email"];
  if (wanted === "") return;
  for (const attribute of attributes) {
    const path = /^user_?id$/i.test(attribute) ? "id" : attribute;
    yield users.list().filter((user) => {
      const value = readPath(`user.${path}`, scopeOf(presentUser(user, environment)));
      return textOf(value).toLowerCase() === wanted;
    });
  }
}

/** Those of whom any of the attributes is what is looked for, in the order of the files. */
function everyMatch(call: Call): readonly User[] {
  const found = new Set([...matches(call)].flat().map(({ id }) => id));
  return call.services.users.list().filter(({ id }) => found.has(id));
}

/** Those who share the first attribute that anybody matches. */
function matchUsers(call: Call): readonly User[] {
  let several: readonly User[] = [];
  for (const matching of matches(call)) {
    if (matching.length === 1) return matching;
    if (several.length === 0) several = matching;
  }
  return several;
}

export const readUser: Capability = {
  about: "Reads a user.",
  inputs: FIND_USER_INPUTS,
  outputs: USER_OUTPUTS,
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    call.identify(user.id);
    const shown = presentUser(user, call.services.environment);
    return succeed({ user: shown }, shown);
  },
};

function lookUp(call: Call): Effect {
  const { environment, users } = call.services;
  const isFiltered = isOn(call, "useCustomSCIMFilter");
  const filter = isFiltered ? textProperty(call, "scimFilter") : "";
  const found = isFiltered ? filterUsers(call, filter) : matchUsers(call);
  if (found === undefined) {
    call.remark(
      "The SCIM filter of this node cannot be read here: eq, ne, co, sw, ew, pr, and, or, not are known.",
    );
    return fail("invalidInput", "The SCIM filter is not valid.");
  }
  const [user] = found;
  if (!user) return notFound();
  if (found.length > 1) {
    call.remark(`${found.length} users match, so nobody is identified; what PingOne does is not verified.`);
    return notFound();
  }
  call.identify(user.id);
  const matchedUser = presentUser(user, environment);
  const status = users.passwordStatusOf(user.id);
  const isAsked = isOn(call, "returnUserPasswordStatus");
  return succeed(
    {
      matchedUser,
      ...(isAsked && { passwordStatus: status }),
      userCount: 1,
      ...(isFiltered && { userFilter: filter }),
    },
    {
      matchedUsers: { _embedded: { users: [matchedUser] }, count: 1, size: 1 },
      ...(isAsked && { passwordState: { status } }),
    },
  );
}

function filterUsers({ services }: Call, text: string): readonly User[] | undefined {
  const filter = parseScimFilter(text);
  if (!filter) return undefined;
  return services.users.list().filter((user) => {
    const shown = presentUser(user, services.environment);
    return matchesFilter(filter, (path) => readPath(`user.${path}`, scopeOf(shown)));
  });
}

function scopeOf(user: Record<string, unknown>) {
  return { user, global: {}, local: {} };
}
