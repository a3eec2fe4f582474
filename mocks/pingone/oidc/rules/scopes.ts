/**
 * Which scopes and which `resource` an application may ask for. PingOne needs no `resource`: the custom resource whose
 * scopes are asked for is the audience.
 */
import { OAuthRefusal } from "../../refusals.ts";
import type { Application } from "../../tenant/environment.ts";
import { isOfflineAccessGranted, resourcesOf } from "../../tenant/scopes.ts";
import type { Tenant } from "../../tenant/tenant.ts";
import type { Grant } from "../../tokens/store.ts";
import { splitWords } from "./parameters.ts";

/**
 * The scopes asked for that are granted to the application, if they go together. PingOne leaves the others out.
 * @throws {OAuthRefusal} `invalid_scope` when none is left, or when the switch refuses what is not granted.
 */
export function requireScopes(tenant: Tenant, application: Application, scope: string | undefined): string[] {
  const granted = tenant.environment.grantedScopes(application.id);
  const isGranted = (name: string) =>
    name === "offline_access" ? isOfflineAccessGranted(tenant, application) : granted.has(name);
  const asked = splitWords(scope);
  const scopes = asked.filter(isGranted);
  if (scopes.length < asked.length && tenant.switches.current.ungrantedScopes === "refuse") {
    // Unverified wording.
    throw new OAuthRefusal("invalid_scope", "A requested scope is not granted to the application");
  }
  if (scopes.length === 0) throw new OAuthRefusal("invalid_scope", "At least one scope must be granted");
  requireOneResource(tenant, application, scopes);
  return scopes;
}

/**
 * OIDC scopes go with the scopes of one custom resource; those of PingOne's own API (`p1:*`) go with no custom ones;
 * several custom resources take a setting of the application.
 */
export function requireOneResource(
  tenant: Tenant,
  application: Application,
  scopes: readonly string[],
): void {
  const resources = resourcesOf(tenant, application, scopes).filter(({ type }) => type !== "OPENID_CONNECT");
  const hasPingOneApi = resources.some(({ type }) => type === "PINGONE_API");
  const allowsSeveral =
    tenant.switches.current.multipleResources ?? application.requestScopesForMultipleResourcesEnabled;
  if (resources.length > 1 && (hasPingOneApi || !allowsSeveral)) {
    throw new OAuthRefusal("invalid_scope", "May not request scopes for multiple resources");
  }
}

/** `resource` in its three observed behaviours. Returns the audience that it asks for. @throws {OAuthRefusal} */
export function readResource(
  tenant: Tenant,
  application: Application,
  scopes: readonly string[],
  values: readonly string[],
): string | undefined {
  const behaviour = tenant.switches.current.resourceParam;
  const [resource] = values;
  if (resource === undefined || behaviour === "ignore") return undefined;
  if (behaviour === "reject-with-openid") {
    if (!scopes.includes("openid")) return undefined;
    throw new OAuthRefusal("invalid_scope", "May not request scopes for multiple resources");
  }
  const custom = resourcesOf(tenant, application, scopes).filter(({ type }) => type === "CUSTOM");
  const isGranted = [...tenant.environment.grantedScopes(application.id).values()].some(
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
  tenant: Tenant,
  application: Application,
  grant: Grant,
  scopes: readonly string[],
  values: readonly string[],
): string | undefined {
  if (tenant.switches.current.resourceParam !== "honour") return undefined;
  const resource = readResource(tenant, application, scopes, values);
  if (resource !== undefined && grant.resource !== null && resource !== grant.resource) {
    throw new OAuthRefusal("invalid_target", "The requested resource is not that of the authorization");
  }
  return resource;
}
