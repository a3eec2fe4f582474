/** PingOne connector: groups and populations. */
import { randomUUID } from "node:crypto";
import type { Group } from "../../tenant/environment.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  known,
  NOT_FOUND,
  notFound,
  presentUser,
  RAW_OUTPUTS,
  succeed,
  textProperty,
} from "./pingone-shared.ts";

const GROUP_NOT_FOUND = known("There is no such user, or no such group.", "unverified");
const GROUP_INPUTS = {
  group: known("`useGroupId`, or the id of a group.", "documented"),
  groupId: known("The id of the group.", "documented"),
} as const;

export const readUserGroupMemberships: Capability = {
  about: "Reads the groups that a user is in.",
  inputs: FIND_USER_INPUTS,
  outputs: {
    groupMemberships: known("A list of { id, name, type }.", "documented"),
    ...RAW_OUTPUTS,
  },
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    const groupMemberships = call.services.environment.groups
      .filter(({ id }) => user.memberOfGroups.some((own) => own.id === id))
      .map(({ id, name }) => ({ id, name, type: "DIRECT" }));
    const count = groupMemberships.length;
    return succeed({ groupMemberships }, { _embedded: { groupMemberships }, count, size: count });
  },
};

export const createUserGroupMembership: Capability = {
  about: "Makes a user a member of a group.",
  inputs: { ...FIND_USER_INPUTS, ...GROUP_INPUTS },
  outputs: { groupMembership: known("`{ id, name, type }`.", "documented"), ...RAW_OUTPUTS },
  errors: { notFound: GROUP_NOT_FOUND },
  run: (call) => changeMembership(call, true),
};

export const deleteUserGroupMembership: Capability = {
  about: "Ends a user's membership of a group.",
  inputs: { ...FIND_USER_INPUTS, ...GROUP_INPUTS },
  outputs: RAW_OUTPUTS,
  errors: { notFound: GROUP_NOT_FOUND },
  run: (call) => changeMembership(call, false),
};

export const readGroup: Capability = {
  about: "Reads a group.",
  inputs: GROUP_INPUTS,
  outputs: { group: known("`{ id, name, description }`.", "documented"), ...RAW_OUTPUTS },
  errors: { notFound: known("There is no such group.", "unverified") },
  run(call) {
    const found = findGroup(call);
    if (!found) return groupNotFound();
    const group = { ...found, environment: { id: call.services.environment.id } };
    return succeed({ group }, group);
  },
};

const GROUP_OUTPUTS = {
  group: known("`{ id, name, description }`.", "documented"),
  ...RAW_OUTPUTS,
} as const;
const WRITTEN = {
  groupName: known("The name.", "documented"),
  description: known("The description.", "documented"),
  userFilter: known("Not read: members are only those that were added.", "documented"),
  customData: known("Not kept.", "documented"),
} as const;

export const createGroup: Capability = {
  about: "Creates a group.",
  inputs: WRITTEN,
  outputs: GROUP_OUTPUTS,
  errors: {
    requiredValue: known("There is no name.", "unverified"),
    uniquenessViolation: known("Another group has the name.", "unverified"),
  },
  run: (call) => writeGroup(call, { id: randomUUID(), name: "" }, 201),
};

export const updateGroup: Capability = {
  about: "Changes a group.",
  inputs: { ...GROUP_INPUTS, ...WRITTEN },
  outputs: GROUP_OUTPUTS,
  errors: {
    notFound: known("There is no such group.", "unverified"),
    uniquenessViolation: known("Another group has the name.", "unverified"),
  },
  run(call) {
    const found = findGroup(call);
    return found ? writeGroup(call, found, 200) : groupNotFound();
  },
};

export const deleteGroup: Capability = {
  about: "Deletes a group.",
  inputs: GROUP_INPUTS,
  outputs: RAW_OUTPUTS,
  errors: { notFound: known("There is no such group.", "unverified") },
  run(call) {
    const found = findGroup(call);
    if (!found) return groupNotFound();
    call.services.users.setMembers(found.id, []);
    call.services.environment.deleteGroup(found.id);
    return succeed({}, {}, 204);
  },
};

export const readGroupMembers: Capability = {
  about: "Reads up to 100 members of a group, all or those whom an identifier names.",
  inputs: {
    ...GROUP_INPUTS,
    matchAttributes: known("Attributes to compare, such as username and email.", "unverified"),
    identifier: known("What one of them has to be. Default: all members.", "unverified"),
  },
  outputs: {
    matchedUsers: known("A list of `{ _embedded: { user } }`.", "documented"),
    count: known("How many.", "documented"),
    ...RAW_OUTPUTS,
  },
  errors: { notFound: known("There is no such group.", "unverified") },
  run(call) {
    const found = findGroup(call);
    if (!found) return groupNotFound();
    const { users, environment } = call.services;
    const wanted = textProperty(call, "identifier").toLowerCase();
    const matchedUsers = users
      .list()
      .filter(({ memberOfGroups }) => memberOfGroups.some(({ id }) => id === found.id))
      .filter(
        ({ id, username, email }) =>
          wanted === "" || [id, username, email].some((name) => name?.toLowerCase() === wanted),
      )
      .slice(0, MAX_MEMBERS)
      .map((user) => ({ _embedded: { user: presentUser(user, environment) } }));
    const count = matchedUsers.length;
    return succeed({ matchedUsers, count }, { _embedded: { matchedUsers }, count });
  },
};
const MAX_MEMBERS = 100;

function writeGroup(call: Call, group: Group, status: number): Effect {
  const { environment } = call.services;
  const name = textProperty(call, "groupName") || textProperty(call, "name") || group.name;
  if (name === "") return fail("requiredValue", "The group needs a name.");
  if (environment.groups.some((other) => other.name === name && other.id !== group.id)) {
    return fail("uniquenessViolation", "Another group has this name.");
  }
  const description = textProperty(call, "description");
  const written: Group = { ...group, name, ...(description !== "" && { description }) };
  environment.setGroup(written);
  const shown = { ...written, environment: { id: environment.id } };
  return succeed({ group: shown }, shown, status);
}

function groupNotFound(): Effect {
  return fail("notFound", "The group was not found.", { status: 404 });
}

export const readPopulation: Capability = {
  about: "Reads a population.",
  inputs: {
    population: known("`usePopulationId`, or the id of a population.", "documented"),
    populationId: known("The id of the population.", "documented"),
    alternativeIdentifier: known("Another identifier of the population.", "documented"),
  },
  outputs: {
    population: known("The population, as the Management API shows one.", "documented"),
    ...RAW_OUTPUTS,
  },
  errors: { notFound: known("There is no such population.", "unverified") },
  run(call) {
    const { environment, users } = call.services;
    const chosen = textProperty(call, "population");
    const wanted =
      textProperty(call, "populationId") ||
      textProperty(call, "alternativeIdentifier") ||
      (chosen.startsWith("use") ? "" : chosen);
    const found = environment.populations.find(
      ({ id, alternativeIdentifiers }) => id === wanted || alternativeIdentifiers.includes(wanted),
    );
    if (!found) return fail("notFound", "The population was not found.", { status: 404 });
    const userCount = users.list().filter(({ population }) => population?.id === found.id).length;
    const population = { ...found, environment: { id: environment.id }, userCount };
    return succeed({ population, populations: [population] }, population);
  },
};

function findGroup(call: Call) {
  const chosen = textProperty(call, "group");
  const wanted = textProperty(call, "groupId") || (chosen.startsWith("use") ? "" : chosen);
  return call.services.environment.groups.find(({ id }) => id === wanted);
}

function changeMembership(call: Call, isMember: boolean): Effect {
  const { users } = call.services;
  const user = findUser(call);
  const group = findGroup(call);
  if (!user) return notFound();
  if (!group) return groupNotFound();
  const others = users
    .list()
    .filter(({ id, memberOfGroups }) => id !== user.id && memberOfGroups.some((own) => own.id === group.id));
  const members = isMember ? [...others, user] : others;
  users.setMembers(
    group.id,
    members.map(({ id }) => id),
  );
  if (!isMember) return succeed({}, {}, 204);
  const groupMembership = { id: group.id, name: group.name, type: "DIRECT" };
  return succeed({ groupMembership }, { groupMembership }, 201);
}
