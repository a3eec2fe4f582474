/**
 * Reads a tenant: its own folder, if it has one, over the shipped one, file by file. Every fault of every file is
 * reported; whoever collects the faults throws them together.
 */
import { join } from "node:path";
import type { z } from "zod";
import type { FileFaults } from "../../kit/input-file.ts";
import { type Agreement, agreementSchema } from "./agreements.ts";
import { findMappingFault } from "./attributes.ts";
import type { GrantedScope, LoadedEnvironment } from "./environment.ts";
import { type FixtureKeys, loadKeys } from "./keys.ts";
import { type Entry, findFile, idKey, type LayeredList, type Layers, readLists } from "./layers.ts";
import {
  type Application,
  applicationSchema,
  environmentSchema,
  type FlowPolicy,
  type FlowPolicyAssignment,
  flowPolicyAssignmentSchema,
  flowPolicySchema,
  type GrantFixture,
  grantSchema,
  groupSchema,
  otherApplicationSchema,
  populationSchema,
  type Resource,
  resourceSchema,
  withWorkerOrigin,
} from "./schema.ts";
import { customAttributesOf, type UserFixture, userFixture } from "./users.ts";

/** The list files of `pingone/`, with what makes two items the same. */
export const LISTS = {
  applications: {
    file: "applications.json",
    key: "applications",
    item: applicationSchema,
    skipped: otherApplicationSchema,
    isRequired: true,
    keysOf: (application: Application) => [idKey(application)],
  },
  resources: {
    file: "resources.json",
    key: "resources",
    item: resourceSchema,
    isRequired: true,
    // An environment has one of each of PingOne's own two.
    keysOf: ({ id, type }: { id: string; type: Resource["type"] }) =>
      type === "CUSTOM" ? [idKey({ id })] : [idKey({ id }), `type ${type}`],
  },
  grants: {
    file: "grants.json",
    key: "grants",
    item: grantSchema,
    isRequired: true,
    keysOf: ({ application, resource }: GrantFixture) => [
      `application "${application.id}" and the resource "${resource.id}"`,
    ],
  },
  flowPolicies: {
    file: "flow-policies.json",
    key: "flowPolicies",
    item: flowPolicySchema,
    keysOf: (policy: FlowPolicy) => [idKey(policy)],
  },
  flowPolicyAssignments: {
    file: "flow-policy-assignments.json",
    key: "flowPolicyAssignments",
    item: flowPolicyAssignmentSchema,
    keysOf: ({ application, flowPolicy }: FlowPolicyAssignment) => [
      `application "${application.id}" and the flow policy "${flowPolicy.id}"`,
    ],
  },
  groups: {
    file: "groups.json",
    key: "groups",
    item: groupSchema,
    keysOf: ({ id, name }: { id: string; name: string }) => [idKey({ id }), `name "${name}"`],
  },
  populations: {
    file: "populations.json",
    key: "populations",
    item: populationSchema,
    keysOf: ({ id, name }: { id: string; name: string }) => [idKey({ id }), `name "${name}"`],
  },
  agreements: {
    file: "agreements.json",
    key: "agreements",
    item: agreementSchema,
    keysOf: ({ id }: { id: string }) => [idKey({ id })],
  },
  users: {
    file: "users.json",
    key: "users",
    item: userFixture,
    isRequired: true,
    keysOf: ({ id, username }: { id: string; username: string }) => [
      idKey({ id: id.toLowerCase() }),
      `user name "${username.toLowerCase()}"`,
    ],
  },
} as const;

export interface LoadTenantOptions {
  /** Folders with `pingone/` and `keys/`: the tenant's own, if it has one, then the shipped one. */
  readonly folders: readonly { readonly pingone: string; readonly keys: string }[];
  readonly workerOrigin: string;
  /** Policy ids of all flow files, own ones first, and of those that have faults. */
  readonly flows: {
    readonly policyIds: readonly string[];
    readonly ownPolicyIds: ReadonlySet<string>;
    readonly faultyPolicyIds: ReadonlySet<string | undefined>;
  };
  readonly faults: FileFaults;
}

export interface LoadedTenant {
  readonly environment: LoadedEnvironment;
  readonly users: readonly UserFixture[];
  readonly agreements: readonly Agreement[];
  readonly keys: FixtureKeys;
  /** The application that programs are given: the first one that signs people on, an own one before a shipped one. */
  readonly mainApplication: Application;
}

/** `undefined` when there are faults, which are reported. */
export function loadTenant(options: LoadTenantOptions): LoadedTenant | undefined {
  const { workerOrigin, flows, faults } = options;
  const before = faults.count;
  const layers: Layers = { folders: options.folders.map(({ pingone }) => pingone), faults };
  const environment = findFile(layers, "environment.json")?.parse(environmentSchema);
  const applications = readLists(layers, LISTS.applications);
  const resources = withAudiences(readLists(layers, LISTS.resources));
  const grants = readLists(layers, LISTS.grants);
  const policies = readLists(layers, LISTS.flowPolicies);
  const assignments = readLists(layers, LISTS.flowPolicyAssignments);
  const groups = readLists(layers, LISTS.groups);
  const populations = readLists(layers, LISTS.populations);
  const agreements = readLists(layers, LISTS.agreements);
  const users = readLists(layers, LISTS.users);
  const keys = loadKeys({ folders: options.folders.map((folder) => folder.keys), faults });

  const granted = resolveGrants(applications, resources, grants);
  const usablePolicies = checkPolicies(policies, flows);
  checkAttributes(applications, resources, users);
  const main = findMainApplication(applications, workerOrigin, layers.folders.length > 1);
  if (!main && !applications.isFaulty) {
    const path = join(layers.folders[0] ?? "", LISTS.applications.file);
    faults.add(
      path,
      "holds no enabled OIDC application with the grant type AUTHORIZATION_CODE or IMPLICIT; add one.",
    );
  }
  const usableAssignments = checkAssignments(applications, usablePolicies, policies, flows, assignments);
  const members = checkMemberships(users, groups);
  if (!environment || !keys || !main || faults.count > before) return undefined;
  return {
    environment: {
      id: environment.id,
      organizationId: environment.organization.id,
      region: environment.region,
      applications: valuesOf(applications).map((application) => ready(application, workerOrigin)),
      resources: valuesOf(resources),
      groups: valuesOf(groups),
      populations: valuesOf(populations),
      grants: granted,
      policies: usablePolicies,
      assignments: usableAssignments,
      flowPolicyIds: flows.policyIds,
      ownFlowPolicyIds: flows.ownPolicyIds,
    },
    users: members,
    agreements: valuesOf(agreements),
    keys,
    mainApplication: ready(main, workerOrigin),
  };
}

function valuesOf<T>({ entries }: LayeredList<T>): T[] {
  return entries.map(({ value }) => value);
}

/** PingOne gives every application a secret, but an export does not have it. */
function ready(application: Application, workerOrigin: string): Application {
  const { id, tokenEndpointAuthMethod: method, secret, redirectUris, postLogoutRedirectUris } = application;
  const hasSecret = method === "CLIENT_SECRET_BASIC" || method === "CLIENT_SECRET_POST";
  return {
    ...application,
    ...(hasSecret && { secret: secret ?? `TEST-ONLY-${id}-secret` }),
    redirectUris: redirectUris.map((uri) => withWorkerOrigin(uri, workerOrigin)),
    postLogoutRedirectUris: postLogoutRedirectUris.map((uri) => withWorkerOrigin(uri, workerOrigin)),
  };
}

/** PingOne's default. Once for each resource, as resources are compared by identity. */
function withAudiences(list: LayeredList<z.output<typeof resourceSchema>>): LayeredList<Resource> {
  const entries = list.entries.map((entry) => {
    const { audience = entry.value.name, ...resource } = entry.value;
    return { ...entry, value: { ...resource, audience } };
  });
  return { ...list, entries };
}

const SIGN_ON_GRANTS = ["AUTHORIZATION_CODE", "IMPLICIT"] as const;

/** The first own one; without one, that which goes back to the Worker, else the first one. */
function findMainApplication(
  { entries }: LayeredList<Application>,
  workerOrigin: string,
  isLayered: boolean,
): Application | undefined {
  const candidates = entries.filter(
    ({ value: { enabled, grantTypes } }) =>
      enabled && SIGN_ON_GRANTS.some((grant) => grantTypes.includes(grant)),
  );
  const own = isLayered ? candidates.find(({ isOwn }) => isOwn) : undefined;
  const ofWorker = candidates.find(({ value }) =>
    value.redirectUris.some((uri) => withWorkerOrigin(uri, workerOrigin).startsWith(workerOrigin)),
  );
  return (own ?? ofWorker ?? candidates[0])?.value;
}

/** A reference of a shipped item to something that is not there any more drops the item; one of an own item is a fault. */
function find<T extends { readonly id: string }>(
  list: LayeredList<T>,
  id: string,
  from: Entry<unknown>,
  at: readonly PropertyKey[],
  what: string,
): Entry<T> | undefined {
  const found = list.entries.find(({ value }) => value.id === id);
  if (!from.isOwn) return found?.isOwn ? undefined : found;
  if (!found && !list.mayHaveHad(id)) {
    const known = list.entries.map(({ value }) => value.id).join(", ");
    from.report(at, `there is no ${what} "${id}"; there are: ${known || "none"}.`);
  }
  return found;
}

function resolveGrants(
  applications: LayeredList<Application>,
  resources: LayeredList<Resource>,
  grants: LayeredList<GrantFixture>,
): Map<string, Map<string, GrantedScope>> {
  const openid = resources.entries.find(({ value }) => value.type === "OPENID_CONNECT")?.value;
  const granted = new Map<string, Map<string, GrantedScope>>();
  for (const { value } of applications.entries) {
    // `openid` is implicit: PingOne neither shows it in grants nor lets an administrator take it away.
    granted.set(value.id, openid ? new Map([["openid", { name: "openid", resource: openid }]]) : new Map());
  }
  for (const entry of grants.entries) {
    const { application, resource, scopes } = entry.value;
    const client = find(applications, application.id, entry, ["application", "id"], "application");
    const found = find(resources, resource.id, entry, ["resource", "id"], "resource");
    const ofApplication = client && granted.get(client.value.id);
    if (!ofApplication || !found) continue;
    for (const [index, { id }] of scopes.entries()) {
      const scope = found.value.scopes.find((candidate) => candidate.id === id);
      if (!scope) {
        const known = found.value.scopes.map((candidate) => `${candidate.id} (${candidate.name})`).join(", ");
        const reason = `the resource "${found.value.name}" has no scope with the id "${id}"; it has: ${known || "none"}.`;
        if (entry.isOwn) entry.report(["scopes", index, "id"], reason);
      } else if (scope.name !== "openid" && ofApplication.has(scope.name)) {
        const reason = `an application may be granted the scope name "${scope.name}" only once; take one out.`;
        if (entry.isOwn) entry.report(["scopes", index, "id"], reason);
      } else ofApplication.set(scope.name, { name: scope.name, resource: found.value });
    }
  }
  return granted;
}

type Flows = LoadTenantOptions["flows"];

function mayHaveFlow({ policyIds, faultyPolicyIds }: Flows, id: string): boolean {
  return policyIds.includes(id) || faultyPolicyIds.has(id) || faultyPolicyIds.has(undefined);
}

function checkPolicies(policies: LayeredList<FlowPolicy>, flows: Flows): FlowPolicy[] {
  return policies.entries.flatMap(({ value, isOwn, report }) => {
    if (mayHaveFlow(flows, value.id)) return [value];
    if (isOwn)
      report(["id"], `no flow file has the policyId "${value.id}" of the policy "${value.name}"; add one.`);
    return [];
  });
}

function checkAssignments(
  applications: LayeredList<Application>,
  usable: readonly FlowPolicy[],
  policies: LayeredList<FlowPolicy>,
  flows: Flows,
  assignments: LayeredList<FlowPolicyAssignment>,
): FlowPolicyAssignment[] {
  return assignments.entries.flatMap((entry) => {
    const { application, flowPolicy } = entry.value;
    const found = find(applications, application.id, entry, ["application", "id"], "application");
    const isPolicy = usable.some(({ id }) => id === flowPolicy.id) || mayHaveFlow(flows, flowPolicy.id);
    const isReplaced =
      flows.ownPolicyIds.has(flowPolicy.id) ||
      policies.entries.some(({ value, isOwn }) => isOwn && value.id === flowPolicy.id);
    if (!entry.isOwn) return found && isPolicy && !isReplaced ? [entry.value] : [];
    if (!isPolicy && !policies.mayHaveHad(flowPolicy.id)) {
      const known = flows.policyIds.join(", ");
      entry.report(["flowPolicy", "id"], `there is no flow policy "${flowPolicy.id}"; there are: ${known}.`);
    }
    return [entry.value];
  });
}

function checkAttributes(
  applications: LayeredList<Application>,
  resources: LayeredList<Resource>,
  users: LayeredList<UserFixture>,
): void {
  const custom = new Set(users.entries.flatMap(({ value }) => Object.keys(customAttributesOf(value))));
  const customResources = resources.entries.filter(({ value }) => value.type === "CUSTOM");
  for (const { value, report } of [...applications.entries, ...customResources]) {
    const seen = new Set<string>();
    for (const [index, mapping] of value.attributes.entries()) {
      const fault = findMappingFault(mapping, custom);
      if (fault) report(["attributes", index, fault.at], fault.reason);
      if (seen.has(mapping.name)) {
        report(["attributes", index, "name"], `there is another mapping "${mapping.name}"; take one out.`);
      }
      seen.add(mapping.name);
    }
  }
}

/** Returns the users; a shipped one without the groups that are not there any more. */
function checkMemberships(
  users: LayeredList<z.output<typeof userFixture>>,
  groups: LayeredList<{ id: string; name: string }>,
): UserFixture[] {
  return users.entries.map((entry) => ({
    ...entry.value,
    memberOfGroups: entry.value.memberOfGroups.filter(
      ({ id }, index) => find(groups, id, entry, ["memberOfGroups", index, "id"], "group") !== undefined,
    ),
  }));
}
