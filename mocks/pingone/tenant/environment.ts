/** The PingOne environment that the emulator plays: what was loaded, and what was seeded at run time over it. */
import { z } from "zod";
import {
  type Application,
  applicationSchema,
  type FlowPolicy,
  type FlowPolicyAssignment,
  type Group,
  groupSchema,
  type Population,
  populationSchema,
  REGION_TLDS,
  type Resource,
} from "./schema.ts";

export type { Application, Group, Population, Resource } from "./schema.ts";

export interface GrantedScope {
  readonly name: string;
  readonly resource: Resource;
}

/** What the files of a tenant say, checked. `load-tenant.ts` makes one. */
export interface LoadedEnvironment {
  readonly id: string;
  readonly organizationId: string;
  readonly region: keyof typeof REGION_TLDS;
  readonly applications: readonly Application[];
  readonly resources: readonly Resource[];
  readonly groups: readonly Group[];
  readonly populations: readonly Population[];
  /** Granted scopes by application, by name. */
  readonly grants: ReadonlyMap<string, ReadonlyMap<string, GrantedScope>>;
  readonly policies: readonly FlowPolicy[];
  readonly assignments: readonly FlowPolicyAssignment[];
  /** Policy ids of all flow files: the tenant's own, then the shipped ones. */
  readonly flowPolicyIds: readonly string[];
  readonly ownFlowPolicyIds: ReadonlySet<string>;
}

const applicationSeed = z.object({
  application: applicationSchema,
  /** Names of the granted scopes. */
  scopes: z.array(z.string()),
});
type ApplicationSeed = z.output<typeof applicationSeed>;

const environmentSnapshot = z.object({
  applications: z.array(applicationSeed),
  groups: z.array(groupSchema),
  deletedGroupIds: z.array(z.string()).default([]),
  // State that was saved without them has none.
  populations: z.array(populationSchema).default([]),
});
type EnvironmentSnapshot = z.output<typeof environmentSnapshot>;

export class Environment {
  readonly id: string;
  readonly organizationId: string;
  readonly region: string;
  /** Audience of tokens that are for PingOne's own endpoints only. */
  readonly pingOneAudience: string;
  readonly resources: readonly Resource[];
  readonly #loaded: LoadedEnvironment;
  readonly #applications = new Map<string, ApplicationSeed>();
  /** Not in the snapshot, as the flows themselves are not. */
  readonly #addedPolicyIds = new Set<string>();
  readonly #groups = new Map<string, Group>();
  readonly #deletedGroupIds = new Set<string>();
  readonly #populations = new Map<string, Population>();
  readonly #changed: () => void;

  /** @param onChange Told after every change that a snapshot would show. */
  constructor(loaded: LoadedEnvironment, onChange: () => void = () => {}) {
    this.id = loaded.id;
    this.organizationId = loaded.organizationId;
    this.region = loaded.region;
    this.pingOneAudience = `https://api.pingone.${REGION_TLDS[loaded.region]}`;
    this.resources = loaded.resources;
    this.#loaded = loaded;
    this.#changed = onChange;
  }

  /** A seeded application stands in the place of the loaded one with its id, else at the end. */
  get applications(): readonly Application[] {
    const seeded = [...this.#applications.values()].map(({ application }) => application);
    return replacing(this.#loaded.applications, seeded);
  }

  get groups(): readonly Group[] {
    const all = replacing(this.#loaded.groups, [...this.#groups.values()]);
    return all.filter(({ id }) => !this.#deletedGroupIds.has(id));
  }

  /** At most one is the default: that which was seeded last. */
  get populations(): readonly Population[] {
    const seeded = [...this.#populations.values()];
    const first = seeded.findLast((population) => population.default)?.id;
    const all = replacing(this.#loaded.populations, seeded);
    return first === undefined ? all : all.map((own) => ({ ...own, default: own.id === first }));
  }

  /** Scopes that the application may ask for, by name. `openid` needs no grant. */
  grantedScopes(applicationId: string): ReadonlyMap<string, GrantedScope> {
    const seeded = this.#applications.get(applicationId);
    if (!seeded) return this.#loaded.grants.get(applicationId) ?? new Map();
    const all = this.grantableScopes();
    return new Map(
      ["openid", ...seeded.scopes].flatMap((name) => {
        const scope = all.get(name);
        return scope ? [[name, scope]] : [];
      }),
    );
  }

  /** Every scope of the environment. Of several with one name, that of the first resource. */
  grantableScopes(): ReadonlyMap<string, GrantedScope> {
    const scopes = new Map<string, GrantedScope>();
    for (const resource of this.resources) {
      for (const { name } of resource.scopes) if (!scopes.has(name)) scopes.set(name, { name, resource });
    }
    return scopes;
  }

  /**
   * Ids of the enabled flow policies of the application, the default first. An application with assignments has these,
   * by priority, then every flow file whose policy `flow-policies.json` does not list: dropping a file into `davinci/` is
   * enough to use it. An application without any has all policies, those of the tenant's own flows first.
   */
  policiesOf(applicationId: string): readonly string[] {
    const { policies, assignments, flowPolicyIds, ownFlowPolicyIds } = this.#loaded;
    const listed = policies.map(({ id }) => id);
    const unlisted = flowPolicyIds.filter((id) => !listed.includes(id));
    const assigned = assignments
      .filter(({ application }) => application.id === applicationId)
      .sort((one, other) => one.priority - other.priority)
      .map(({ flowPolicy }) => flowPolicy.id);
    const own = flowPolicyIds.filter((id) => ownFlowPolicyIds.has(id));
    const loaded = assigned.length > 0 ? [...assigned, ...unlisted] : [...own, ...listed, ...unlisted];
    const inOrder = [...loaded, ...this.#addedPolicyIds];
    const disabled = new Set(policies.filter(({ enabled }) => !enabled).map(({ id }) => id));
    return [...new Set(inOrder)].filter((id) => !disabled.has(id));
  }

  /** Adds an application, or puts it in the place of the one with its id, until {@link reset}. */
  setApplication(application: Application, scopes: readonly string[]): void {
    this.#applications.set(application.id, { application, scopes: [...scopes] });
    this.#changed();
  }

  /** Assigns the policy to every application, after those that it has, until {@link reset}. */
  addFlowPolicy(id: string): void {
    this.#addedPolicyIds.add(id);
  }

  /** Adds a group, or puts it in the place of the one with its id, until {@link reset}. */
  setGroup(group: Group): void {
    this.#groups.set(group.id, group);
    this.#deletedGroupIds.delete(group.id);
    this.#changed();
  }

  /** Removes a group until {@link reset}. */
  deleteGroup(id: string): void {
    this.#groups.delete(id);
    this.#deletedGroupIds.add(id);
    this.#changed();
  }

  /** Adds a population, or puts it in the place of the one with its id, until {@link reset}. */
  setPopulation(population: Population): void {
    this.#populations.delete(population.id);
    this.#populations.set(population.id, population);
    this.#changed();
  }

  /** What was seeded. */
  snapshot(): EnvironmentSnapshot {
    return structuredClone({
      applications: [...this.#applications.values()],
      groups: [...this.#groups.values()],
      deletedGroupIds: [...this.#deletedGroupIds],
      populations: [...this.#populations.values()],
    });
  }

  /** @throws {Error} when `state` is not a snapshot of an environment. */
  restore(state: unknown): void {
    const restored = environmentSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of seeds: ${z.prettifyError(restored.error)}`);
    this.#empty();
    for (const seeded of restored.data.applications) this.#applications.set(seeded.application.id, seeded);
    for (const group of restored.data.groups) this.#groups.set(group.id, group);
    for (const id of restored.data.deletedGroupIds) this.#deletedGroupIds.add(id);
    for (const own of restored.data.populations) this.#populations.set(own.id, own);
  }

  /** Back to what was loaded. */
  reset(): void {
    this.#empty();
    this.#changed();
  }

  #empty(): void {
    this.#applications.clear();
    this.#groups.clear();
    this.#deletedGroupIds.clear();
    this.#populations.clear();
    this.#addedPolicyIds.clear();
  }
}

function replacing<T extends { readonly id: string }>(
  loaded: readonly T[],
  seeded: readonly T[],
): readonly T[] {
  const byId = new Map([...loaded, ...seeded].map((item) => [item.id, item]));
  return [...byId.values()];
}
