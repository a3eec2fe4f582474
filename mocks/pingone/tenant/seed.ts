/**
 * Seeding at run time: users, devices, applications, groups, populations, agreements and consents, in code and as verbs of the control API. What is seeded
 * is part of snapshots, and gone at reset.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ControlRequestError, parseInput } from "../../kit/refusal.ts";
import { attributeMapping, findMappingFault } from "./attributes.ts";
import { deviceFixture } from "./device-schema.ts";
import type { Application, Group, Population } from "./environment.ts";
import { noSuch, requireApplication, requireGroup, requirePopulation, requireUser } from "./named.ts";
import { applicationSchema, populationSchema } from "./schema.ts";
import {
  type SeededAgreement,
  seedAcceptance,
  type seedAcceptanceInput,
  seedAgreement,
  type seedAgreementInput,
} from "./seed-agreements.ts";
import { type SeededDevice, seedDevice, type seedDeviceInput } from "./seed-devices.ts";
import type { Tenant } from "./tenant.ts";
import { userFixture } from "./users.ts";

/** The password of every test user that is seeded without one. TEST ONLY. */
export const TEST_PASSWORD = "2FederateM0re!";

const ofUser = userFixture.shape;
const ofApplication = applicationSchema.shape;

export const seedUserInput = z
  .strictObject({
    username: ofUser.username,
    id: ofUser.id.optional().describe("Default: that of the user with this name, else a new one."),
    email: z.email().optional().describe("Default: none."),
    name: ofUser.name.optional().describe("Given and family name. Default: none."),
    password: z
      .string()
      .min(1)
      .nullable()
      .optional()
      .describe(`TEST ONLY. null: nobody can sign on with a password. Default: ${TEST_PASSWORD}`),
    passwordStatus: z
      .enum(["OK", "MUST_CHANGE_PASSWORD", "PASSWORD_EXPIRED", "PASSWORD_LOCKED_OUT"])
      .optional()
      .describe("What the first sign-on meets. Default: OK."),
    enabled: z.boolean().optional().describe("Default: true."),
    mfaEnabled: z.boolean().optional().describe("Default: whether there are devices."),
    verified: z
      .boolean()
      .optional()
      .describe("false: the e-mail address is still to be verified. Default: true."),
    population: ofUser.population.describe("The user's population, by id or name. Default: none."),
    devices: z.array(deviceFixture).optional().describe("MFA devices, in their order. Default: none."),
    groups: z.array(z.string()).optional().describe("Names or ids of the user's groups. Default: none."),
    attributes: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Further attributes, for attribute mappings: ${user.<name>}."),
  })
  .describe("A user. One of the same id or user name is replaced.");

export const seedApplicationInput = z
  .strictObject({
    id: ofApplication.id.optional().describe("The client_id. Default: a new UUID."),
    name: z.string().min(1).optional().describe("Default: the id."),
    type: ofApplication.type.optional().describe("Default: WEB_APP."),
    enabled: z.boolean().optional().describe("Default: true."),
    grantTypes: ofApplication.grantTypes
      .optional()
      .describe("Default: AUTHORIZATION_CODE and REFRESH_TOKEN."),
    responseTypes: z
      .array(z.enum(["CODE", "TOKEN", "ID_TOKEN"]))
      .optional()
      .describe("Default: CODE."),
    tokenEndpointAuthMethod: z
      .enum(["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"])
      .optional()
      .describe("Default: CLIENT_SECRET_BASIC."),
    secret: z.string().min(1).optional().describe("TEST ONLY. Default: a new one that says TEST-ONLY."),
    pkceEnforcement: z
      .enum(["OPTIONAL", "REQUIRED", "S256_REQUIRED"])
      .optional()
      .describe("Default: OPTIONAL."),
    redirectUris: z.array(z.string()).optional().describe("Default: those of the main application."),
    allowWildcardInRedirectUris: z.boolean().optional().describe("Default: false."),
    postLogoutRedirectUris: z
      .array(z.string())
      .optional()
      .describe("Default: those of the main application."),
    refreshTokenType: z
      .enum(["OPAQUE_TOKEN", "JSON_WEB_TOKEN"])
      .optional()
      .describe("Default: OPAQUE_TOKEN."),
    requestScopesForMultipleResourcesEnabled: z.boolean().optional().describe("Default: false."),
    scopes: z
      .array(z.string())
      .optional()
      .describe(
        "Names of the granted scopes; openid always is. Default: all scopes of OpenID Connect and of the custom " +
          "resources, but offline_access: once that is granted, only a request for it gets a refresh token.",
      ),
    attributes: z.array(attributeMapping).optional().describe("Claims of the ID token and of UserInfo."),
  })
  .describe("An OIDC application. One of the same id is replaced.");

export const seedConsentInput = z
  .strictObject({
    user: z.string().min(1).describe("User name, e-mail or id."),
    application: z.string().min(1).optional().describe("Its client_id. Default: the main application."),
    scopes: z.array(z.string()).min(1).describe("Scopes that the user has accepted."),
  })
  .describe("A user's consent. An earlier one for the same application is replaced.");

export const seedGroupInput = z
  .strictObject({
    name: z.string().min(1),
    id: z.string().min(1).optional().describe("Default: that of the group with this name, else a new one."),
    description: z.string().optional(),
    members: z
      .array(z.string())
      .optional()
      .describe("User names, e-mails or ids. Given, it replaces the members that the group has."),
  })
  .describe("A group. One of the same id or name is replaced.");

export const seedPopulationInput = z
  .strictObject({
    name: z.string().min(1),
    id: z
      .string()
      .min(1)
      .optional()
      .describe("Default: that of the population with this name, else a new one."),
    description: z.string().optional(),
    default: z.boolean().optional().describe("New users come into it. Default: false."),
  })
  .describe("A population. One of the same id or name is replaced.");

export interface SeededUser {
  readonly id: string;
  readonly username: string;
  /** TEST ONLY; `null` for a user without one. */
  readonly password: string | null;
}

export interface SeededApplication {
  /** The client_id. */
  readonly id: string;
  /** TEST ONLY; empty for an application that authenticates by no secret. */
  readonly secret: string;
}

/** Every method refuses unknown names with the list of the valid ones, and then changes nothing. */
export class TenantSeeds {
  readonly #tenant: Tenant;
  readonly #mainApplication: Application;

  constructor(tenant: Tenant, mainApplication: Application) {
    this.#tenant = tenant;
    this.#mainApplication = mainApplication;
  }

  /**
   * Adds a user, who can sign on at once. A user of the same id or user name is replaced as a whole: what is left out gets
   * its default again. The id stays when only the user name is given, so sessions and tokens go on.
   * @throws {ControlRequestError}
   */
  user(input: z.input<typeof seedUserInput>): SeededUser {
    const {
      groups = [],
      devices = [],
      attributes = {},
      verified = true,
      ...given
    } = parseInput(seedUserInput, input, "The user");
    const { users, mfa } = this.#tenant;
    const named = users.findByLogin(given.username, ["username"]);
    const id = given.id ?? named?.id ?? randomUUID();
    if (named && named.id !== id) {
      throw new ControlRequestError(
        `The user name "${given.username}" is that of the user ${named.id}. Give that id, or another user name.`,
      );
    }
    const taken = Object.keys(attributes).find((name) => Object.hasOwn(userFixture.shape, name));
    if (taken !== undefined) {
      const way = Object.hasOwn(seedUserInput.shape, taken)
        ? "give it beside attributes"
        : "it cannot be seeded";
      throw new ControlRequestError(`The attribute "${taken}" is one of the user's own: ${way}.`);
    }
    const { password = TEST_PASSWORD, passwordStatus = "OK", ...profile } = given;
    const now = new Date(this.#tenant.clock()).toISOString();
    // A tenant that lists no populations has all of them.
    const hasPopulations = this.#tenant.environment.populations.length > 0;
    const population =
      given.population && hasPopulations
        ? { id: requirePopulation(this.#tenant, given.population.id).id }
        : given.population;
    users.seed({
      ...attributes,
      mfaEnabled: devices.length > 0,
      ...withoutUndefined({ ...profile, population }),
      id,
      username: given.username,
      lifecycle: { status: verified ? "ACCOUNT_OK" : "VERIFICATION_REQUIRED" },
      memberOfGroups: groups.map((name) => ({ id: requireGroup(this.#tenant, name).id })),
      createdAt: now,
      updatedAt: now,
      password: password === null ? { status: "NO_PASSWORD" } : { value: password, status: passwordStatus },
    });
    mfa.devices.forget(id);
    for (const device of devices) mfa.devices.seed(id, device);
    return { id, username: given.username, password };
  }

  /**
   * Gives a user an MFA device. One of the same id is replaced.
   * @throws {ControlRequestError}
   */
  device(input: z.input<typeof seedDeviceInput>): SeededDevice {
    return seedDevice(this.#tenant, input);
  }

  /**
   * Adds an application, which can be used at once: it has every flow policy. One of the same id is replaced as a whole;
   * without a `secret` it gets a new one.
   * @throws {ControlRequestError}
   */
  application(input: z.input<typeof seedApplicationInput> = {}): SeededApplication {
    const { scopes, ...given } = parseInput(seedApplicationInput, input, "The application");
    const { environment } = this.#tenant;
    const id = given.id ?? randomUUID();
    const method = given.tokenEndpointAuthMethod ?? "CLIENT_SECRET_BASIC";
    const secret = method === "NONE" ? "" : (given.secret ?? `TEST-ONLY-${randomUUID()}`);
    const application = parseInput(
      applicationSchema,
      {
        name: id,
        type: "WEB_APP",
        protocol: "OPENID_CONNECT",
        grantTypes: ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
        responseTypes: ["CODE"],
        redirectUris: this.#mainApplication.redirectUris,
        postLogoutRedirectUris: this.#mainApplication.postLogoutRedirectUris,
        ...withoutUndefined(given),
        id,
        tokenEndpointAuthMethod: method,
        ...(secret !== "" && { secret }),
      },
      "The application",
    );
    const grantable = environment.grantableScopes();
    const unknown = scopes?.find((name) => !grantable.has(name));
    if (unknown !== undefined) throw noSuch("scope", unknown, [...grantable.keys()]);
    this.#checkMappings(application);
    environment.setApplication(application, scopes ?? defaultScopes(this.#tenant));
    return { id, secret };
  }

  /**
   * Records that a user has accepted these scopes, so that Get User Consent does not ask.
   * @throws {ControlRequestError}
   */
  consent(input: z.input<typeof seedConsentInput>): void {
    const {
      user,
      application = this.#mainApplication.id,
      scopes,
    } = parseInput(seedConsentInput, input, "The consent");
    const { environment, consents } = this.#tenant;
    const { id: userId } = requireUser(this.#tenant, user);
    const client = requireApplication(this.#tenant, application);
    const granted = environment.grantedScopes(client.id);
    const unknown = scopes.find((name) => !granted.has(name));
    if (unknown !== undefined) throw noSuch(`scope granted to ${client.id}`, unknown, [...granted.keys()]);
    consents.record({ userId, applicationId: client.id, scopes }, { status: "ACCEPTED", scopes });
  }

  /**
   * Adds a group. One of the same id or name is replaced; its members stay unless `members` is given.
   * @throws {ControlRequestError}
   */
  group(input: z.input<typeof seedGroupInput>): Group {
    const { members, ...given } = parseInput(seedGroupInput, input, "The group");
    const { environment, users } = this.#tenant;
    const named = environment.groups.find(({ name }) => name === given.name);
    const id = given.id ?? named?.id ?? randomUUID();
    if (named && named.id !== id) {
      throw new ControlRequestError(
        `The name "${given.name}" is that of the group ${named.id}. Give that id, or another name.`,
      );
    }
    const userIds = members?.map((member) => requireUser(this.#tenant, member).id);
    const group: Group = { ...given, id };
    environment.setGroup(group);
    if (userIds) users.setMembers(id, userIds);
    return group;
  }

  /**
   * Adds a population. One of the same id or name is replaced.
   * @throws {ControlRequestError}
   */
  population(input: z.input<typeof seedPopulationInput>): Population {
    const given = parseInput(seedPopulationInput, input, "The population");
    const { environment } = this.#tenant;
    const named = environment.populations.find(({ name }) => name === given.name);
    const id = given.id ?? named?.id ?? randomUUID();
    if (named && named.id !== id) {
      throw new ControlRequestError(
        `The name "${given.name}" is that of the population ${named.id}. Give that id, or another name.`,
      );
    }
    const population = populationSchema.parse({ ...withoutUndefined(given), id });
    environment.setPopulation(population);
    return population;
  }

  /**
   * Adds an agreement with one language. One of the same id or name is replaced, by a revision that nobody has accepted.
   * @throws {ControlRequestError}
   */
  agreement(input: z.input<typeof seedAgreementInput>): SeededAgreement {
    return seedAgreement(this.#tenant, input);
  }

  /**
   * Records that a user has accepted an agreement.
   * @throws {ControlRequestError}
   */
  acceptance(input: z.input<typeof seedAcceptanceInput>): void {
    seedAcceptance(this.#tenant, input);
  }

  #checkMappings({ attributes }: Application): void {
    const custom = new Set(
      this.#tenant.users.list().flatMap(({ customAttributes }) => Object.keys(customAttributes)),
    );
    for (const mapping of attributes) {
      const fault = findMappingFault(mapping, custom);
      if (fault) throw new ControlRequestError(`The attribute mapping "${mapping.name}": ${fault.reason}`);
    }
  }
}

function defaultScopes({ environment }: Tenant): string[] {
  return [...environment.grantableScopes().values()]
    .filter(({ name, resource }) => resource.type !== "PINGONE_API" && name !== "offline_access")
    .map(({ name }) => name);
}

/** An explicit `undefined` must not take the place of a default. */
function withoutUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
