/**
 * The PingOne environment that the emulator plays, read once from `fixtures/pingone/` and checked as a whole: every
 * fault of every file is named, with the file's path, before anything listens.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { describeFaults, readJson } from "./fixture-file.ts";
import {
  type Application,
  applicationsSchema,
  environmentSchema,
  type FlowPolicy,
  type FlowPolicyAssignment,
  flowPoliciesSchema,
  flowPolicyAssignmentsSchema,
  type GrantFixture,
  grantsSchema,
  REGION_TLDS,
  type Resource,
  resourcesSchema,
} from "./schema.ts";

export type { Application, Resource } from "./schema.ts";

/** Thrown when the fixtures cannot be used; `problems` has one line for each fault, starting with the file's path. */
export class EnvironmentFixtureError extends Error {
  override readonly name = "EnvironmentFixtureError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`PingOne fixtures have faults (docs/emulator.md says how to write them):\n${problems.join("\n")}`);
    this.problems = problems;
  }
}

interface GrantedScope {
  readonly name: string;
  readonly resource: Resource;
}

export interface Environment {
  readonly id: string;
  readonly organizationId: string;
  readonly region: string;
  /** Audience of tokens that are for PingOne's own endpoints only. */
  readonly pingOneAudience: string;
  readonly applications: readonly Application[];
  readonly resources: readonly Resource[];
  /** Scopes that the application may ask for, by name. `openid` needs no grant. */
  grantedScopes(applicationId: string): ReadonlyMap<string, GrantedScope>;
  /** Ids of the enabled flow policies assigned to the application, in order of priority. */
  policiesOf(applicationId: string): readonly string[];
}

export interface LoadEnvironmentOptions {
  readonly workerOrigin: string;
  /** Policy ids of the flow files, in order. */
  readonly flowPolicyIds: readonly string[];
}

/** @throws {EnvironmentFixtureError} naming every file and reason. */
export function loadEnvironment(directory: string, options: LoadEnvironmentOptions): Environment {
  const problems: string[] = [];
  const read = <T>(name: string, schema: z.ZodType<T>, whenMissing?: T): T | undefined => {
    const path = join(directory, name);
    if (whenMissing !== undefined && !existsSync(path)) return whenMissing;
    try {
      const parsed = schema.safeParse(readJson(path));
      if (parsed.success) return parsed.data;
      problems.push(...describeFaults(path, parsed.error));
    } catch (error) {
      problems.push((error as Error).message);
    }
    return undefined;
  };

  const environment = read("environment.json", environmentSchema);
  const applications = read("applications.json", applicationsSchema(options.workerOrigin));
  const resources = read("resources.json", resourcesSchema);
  const grants = read("grants.json", grantsSchema);
  const policies = read("flow-policies.json", flowPoliciesSchema, []);
  const assignments = read("flow-policy-assignments.json", flowPolicyAssignmentsSchema, []);
  if (!environment || !applications || !resources || !grants || !policies || !assignments) {
    throw new EnvironmentFixtureError(problems);
  }

  const inFile = (name: string) => (problem: string) => problems.push(`${join(directory, name)}: ${problem}`);
  findRepeatedIds(applications, inFile("applications.json"));
  findRepeatedIds(resources, inFile("resources.json"));
  const scopes = resolveGrants(applications, resources, grants, inFile("grants.json"));
  checkPolicies(policies, options.flowPolicyIds, inFile("flow-policies.json"));
  checkAssignments(
    applications,
    policies,
    options.flowPolicyIds,
    assignments,
    inFile("flow-policy-assignments.json"),
  );
  if (!applications.some((application) => application.grantTypes.includes("AUTHORIZATION_CODE"))) {
    inFile("applications.json")("holds no OIDC application with the grant type AUTHORIZATION_CODE; add one.");
  }
  if (problems.length > 0) throw new EnvironmentFixtureError(problems);

  return {
    id: environment.id,
    organizationId: environment.organization.id,
    region: environment.region,
    pingOneAudience: `https://api.pingone.${REGION_TLDS[environment.region]}`,
    applications,
    resources,
    grantedScopes: (applicationId) => scopes.get(applicationId) ?? new Map(),
    policiesOf: (applicationId) => policiesOf(applicationId, policies, options.flowPolicyIds, assignments),
  };
}

type Report = (problem: string) => void;

function findRepeatedIds(items: readonly { id: string }[], report: Report): void {
  const seen = new Set<string>();
  for (const { id } of items) {
    if (seen.has(id)) report(`the id "${id}" stands twice; make it unique.`);
    seen.add(id);
  }
}

function resolveGrants(
  applications: readonly Application[],
  resources: readonly Resource[],
  grants: readonly GrantFixture[],
  report: Report,
): Map<string, Map<string, GrantedScope>> {
  const openid = resources.find((resource) => resource.type === "OPENID_CONNECT");
  const granted = new Map<string, Map<string, GrantedScope>>();
  for (const { id } of applications) {
    // `openid` is implicit: PingOne neither shows it in grants nor lets an administrator take it away.
    granted.set(id, openid ? new Map([["openid", { name: "openid", resource: openid }]]) : new Map());
  }
  const seen = new Set<string>();
  for (const [index, grant] of grants.entries()) {
    const ofApplication = granted.get(grant.application.id);
    const resource = resources.find(({ id }) => id === grant.resource.id);
    if (!ofApplication)
      report(`[${index}].application.id: there is no application "${grant.application.id}".`);
    if (!resource) report(`[${index}].resource.id: there is no resource "${grant.resource.id}".`);
    if (!ofApplication || !resource) continue;
    const pair = `${grant.application.id} ${resource.id}`;
    if (seen.has(pair)) report(`[${index}]: one application has one grant for each resource; merge the two.`);
    seen.add(pair);
    for (const { id } of grant.scopes) {
      const scope = resource.scopes.find((candidate) => candidate.id === id);
      if (!scope)
        report(`[${index}].scopes: the resource "${resource.name}" has no scope with the id "${id}".`);
      else if (scope.name !== "openid" && ofApplication.has(scope.name)) {
        report(`[${index}].scopes: an application may be granted the scope name "${scope.name}" only once.`);
      } else ofApplication.set(scope.name, { name: scope.name, resource });
    }
  }
  return granted;
}

function checkPolicies(
  policies: readonly FlowPolicy[],
  flowPolicyIds: readonly string[],
  report: Report,
): void {
  findRepeatedIds(policies, report);
  for (const { id, name } of policies) {
    if (!flowPolicyIds.includes(id))
      report(`no flow file has the policyId "${id}" of the policy "${name}"; add one.`);
  }
}

function checkAssignments(
  applications: readonly Application[],
  policies: readonly FlowPolicy[],
  flowPolicyIds: readonly string[],
  assignments: readonly FlowPolicyAssignment[],
  report: Report,
): void {
  for (const [index, { application, flowPolicy }] of assignments.entries()) {
    if (!applications.some(({ id }) => id === application.id)) {
      report(`[${index}].application.id: there is no application "${application.id}".`);
    }
    if (!policies.some(({ id }) => id === flowPolicy.id) && !flowPolicyIds.includes(flowPolicy.id)) {
      report(`[${index}].flowPolicy.id: there is no flow policy "${flowPolicy.id}".`);
    }
  }
}

/**
 * A policy that `flow-policies.json` lists belongs to the applications it is assigned to. A flow file whose policy is
 * not listed belongs to every application, last in order: dropping a file into `fixtures/davinci/` is enough to use it.
 */
function policiesOf(
  applicationId: string,
  policies: readonly FlowPolicy[],
  flowPolicyIds: readonly string[],
  assignments: readonly FlowPolicyAssignment[],
): string[] {
  const assigned = assignments
    .filter(({ application }) => application.id === applicationId)
    .sort((one, other) => one.priority - other.priority)
    .map(({ flowPolicy }) => flowPolicy.id);
  const unlisted = flowPolicyIds.filter((id) => !policies.some((policy) => policy.id === id));
  const disabled = new Set(policies.filter((policy) => !policy.enabled).map((policy) => policy.id));
  return [...new Set([...assigned, ...unlisted])].filter((id) => !disabled.has(id));
}
