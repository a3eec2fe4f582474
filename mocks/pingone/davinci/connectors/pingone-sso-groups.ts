/** PingOne connector: groups and populations. */
import type { Call, Capability, Effect } from "../engine/capability.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  known,
  NOT_FOUND,
  notFound,
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
    if (!found) return fail("notFound", "The group was not found.", { status: 404 });
    const group = { ...found, environment: { id: call.services.environment.id } };
    return succeed({ group }, group);
  },
};

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
  if (!group) return fail("notFound", "The group was not found.", { status: 404 });
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
