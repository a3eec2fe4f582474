/**
 * Which scopes an application gets, and which audience follows from them: PingOne has no need of `resource`, the custom
 * resource whose scopes are asked for is the audience.
 */

import { OAuthRefusal } from "../../errors.ts";
import type { Front } from "../../front.ts";
import type { Application, Resource } from "../../tenant/environment.ts";
import type { Switches } from "../../tenant/switches.ts";
import type { Grant } from "../../tokens/store.ts";
import { splitWords } from "./parameters.ts";

/** The scopes asked for, if all of them are granted to the application and go together. @throws {OAuthRefusal} */
export function requireScopes(front: Front, application: Application, scope: string | undefined): string[] {
  const granted = front.environment.grantedScopes(application.id);
  const scopes = splitWords(scope);
  if (scopes.length === 0) throw new OAuthRefusal("invalid_scope", "At least one scope must be granted");
  for (const name of scopes) {
    const isGranted =
      name === "offline_access" ? isOfflineAccessGranted(front, application) : granted.has(name);
    // Unverified wording.
    if (!isGranted)
      throw new OAuthRefusal("invalid_scope", "A requested scope is not granted to the application");
  }
  requireOneResource(front, application, scopes);
  return scopes;
}

/**
 * OIDC scopes go with the scopes of one custom resource; those of PingOne's own API (`p1:*`) go with no custom ones;
 * several custom resources take a setting of the application.
 */
export function requireOneResource(front: Front, application: Application, scopes: readonly string[]): void {
  const resources = resourcesOf(front, application, scopes).filter(({ type }) => type !== "OPENID_CONNECT");
  const hasPingOneApi = resources.some(({ type }) => type === "PINGONE_API");
  const allowsSeveral =
    front.switches.current.multipleResources ?? application.requestScopesForMultipleResourcesEnabled;
  if (resources.length > 1 && (hasPingOneApi || !allowsSeveral)) {
    throw new OAuthRefusal("invalid_scope", "May not request scopes for multiple resources");
  }
}

/** `resource` in its three observed behaviours. Returns the audience that it asks for. @throws {OAuthRefusal} */
export function readResource(
  front: Front,
  application: Application,
  scopes: readonly string[],
  values: readonly string[],
): string | undefined {
  const behaviour = front.switches.current.resourceParam;
  const [resource] = values;
  if (resource === undefined || behaviour === "ignore") return undefined;
  if (behaviour === "reject-with-openid") {
    if (!scopes.includes("openid")) return undefined;
    throw new OAuthRefusal("invalid_scope", "May not request scopes for multiple resources");
  }
  const custom = resourcesOf(front, application, scopes).filter(({ type }) => type === "CUSTOM");
  const isGranted = [...front.environment.grantedScopes(application.id).values()].some(
    (scope) => scope.resource.type === "CUSTOM" && scope.resource.audience === resource,
  );
  // RFC 8707 section 2: unknown, malformed, or not to be had by this client.
  if (values.length > 1 || !isGranted || custom.some(({ audience }) => audience !== resource)) {
    throw new OAuthRefusal("invalid_target", "The requested resource is not available to the application");
  }
  return resource;
}

/**
 * RFC 8707 section 2.2: the token request may name the resource, within what was authorized. Only where it means
 * anything: the other two behaviours have been reported of the authorization request alone.
 * @throws {OAuthRefusal}
 */
export function readTokenResource(
  front: Front,
  application: Application,
  grant: Grant,
  scopes: readonly string[],
  values: readonly string[],
): string | undefined {
  if (front.switches.current.resourceParam !== "honour") return undefined;
  const resource = readResource(front, application, scopes, values);
  if (resource !== undefined && grant.resource !== null && resource !== grant.resource) {
    throw new OAuthRefusal("invalid_target", "The requested resource is not that of the authorization");
  }
  return resource;
}

export function resourcesOf(front: Front, application: Application, scopes: readonly string[]): Resource[] {
  const granted = front.environment.grantedScopes(application.id);
  return [...new Set(scopes.flatMap((name) => granted.get(name)?.resource ?? []))];
}

/** Always an array in PingOne's access tokens. */
export function audienceOf(front: Front, application: Application, scopes: readonly string[]): string[] {
  const custom = resourcesOf(front, application, scopes).filter(({ type }) => type === "CUSTOM");
  return custom.length > 0 ? custom.map(({ audience }) => audience) : [front.environment.pingOneAudience];
}

/** `accessTokenValiditySeconds` of the audience; the shortest where there are several. */
export function accessTokenLifetime(front: Front, audience: readonly string[]): number {
  const lifetimes = front.environment.resources
    .filter((resource) => resource.type === "CUSTOM" && audience.includes(resource.audience))
    .map((resource) => resource.accessTokenValiditySeconds);
  return (
    front.switches.current.accessTokenTtlSeconds ?? (lifetimes.length > 0 ? Math.min(...lifetimes) : 3600)
  );
}

export function isOfflineAccessGranted(front: Front, application: Application): boolean {
  return (
    front.switches.current.offlineAccessGrant ??
    front.environment.grantedScopes(application.id).has("offline_access")
  );
}

/** PingOne does not keep the order of the request; a live token showed the custom scopes first. */
export function orderScopes(
  front: Front,
  application: Application,
  scopes: readonly string[],
  order: Switches["scopeOrder"] = front.switches.current.scopeOrder,
): string[] {
  if (order === "requested") return [...scopes];
  if (order === "shuffled") return shuffle(scopes);
  const granted = front.environment.grantedScopes(application.id);
  const isOidc = (name: string) =>
    (granted.get(name)?.resource.type ?? "OPENID_CONNECT") === "OPENID_CONNECT";
  return [...scopes.filter((name) => !isOidc(name)), ...scopes.filter(isOidc)];
}

/** Fisher and Yates, and never the order it was given where there is another. */
function shuffle(scopes: readonly string[]): string[] {
  const shuffled = [...scopes];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? "", shuffled[last] ?? ""];
  }
  return shuffled.every((name, index) => name === scopes[index]) ? shuffled.reverse() : shuffled;
}
