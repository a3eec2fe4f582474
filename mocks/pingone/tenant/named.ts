/** Finds what a caller of the control API names. An unknown name is refused with the list of the valid ones. */
import { ControlRequestError } from "../../kit/refusal.ts";
import type { Agreement } from "./agreements.ts";
import type { Application, Group, Population } from "./environment.ts";
import type { Tenant } from "./tenant.ts";
import type { User } from "./users.ts";

/** @param name User name, e-mail or id. @throws {ControlRequestError} */
export function requireUser({ users }: Tenant, name: string): User {
  const user = users.findById(name) ?? users.findByLogin(name);
  if (user) return user;
  const known = users.list().map(({ username }) => username);
  throw noSuch("user", name, known);
}

/** Disabled ones too. @throws {ControlRequestError} */
export function requireApplication({ environment }: Tenant, id: string): Application {
  const application = environment.applications.find((candidate) => candidate.id === id);
  if (application) return application;
  const known = environment.applications.map((candidate) => candidate.id);
  throw noSuch("application", id, known);
}

/** @param name Name or id. @throws {ControlRequestError} */
export function requireGroup({ environment }: Tenant, name: string): Group {
  const group = environment.groups.find((candidate) => candidate.id === name || candidate.name === name);
  if (group) return group;
  const known = environment.groups.map((candidate) => candidate.name);
  throw noSuch("group", name, known);
}

/** @param name Name or id. @throws {ControlRequestError} */
export function requirePopulation({ environment }: Tenant, name: string): Population {
  const found = environment.populations.find((candidate) => candidate.id === name || candidate.name === name);
  if (found) return found;
  const known = environment.populations.map((candidate) => candidate.name);
  throw noSuch("population", name, known);
}

/** @param name Name or id. @throws {ControlRequestError} */
export function requireAgreement({ agreements }: Tenant, name: string): Agreement {
  const found = agreements.agreements.find((candidate) => candidate.id === name || candidate.name === name);
  if (found) return found;
  const known = agreements.agreements.map((candidate) => candidate.name);
  throw noSuch("agreement", name, known);
}

export function noSuch(what: string, name: string, valid: readonly string[]): ControlRequestError {
  return new ControlRequestError(`There is no ${what} "${name}". Valid ones: ${valid.join(", ") || "none"}.`);
}
