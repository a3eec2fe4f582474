/** What an application's scopes mean in this tenant: their resources, audience, lifetime and order in a token. */
import type { Application, Resource } from "./environment.ts";
import type { Switches } from "./switches.ts";
import type { Tenant } from "./tenant.ts";

export function resourcesOf(tenant: Tenant, application: Application, scopes: readonly string[]): Resource[] {
  const granted = tenant.environment.grantedScopes(application.id);
  return [...new Set(scopes.flatMap((name) => granted.get(name)?.resource ?? []))];
}

/** Always an array in PingOne's access tokens. */
export function audienceOf(tenant: Tenant, application: Application, scopes: readonly string[]): string[] {
  const custom = resourcesOf(tenant, application, scopes).filter(({ type }) => type === "CUSTOM");
  return custom.length > 0 ? custom.map(({ audience }) => audience) : [tenant.environment.pingOneAudience];
}

/** `accessTokenValiditySeconds` of the audience; the shortest where there are several. */
export function accessTokenLifetime(tenant: Tenant, audience: readonly string[]): number {
  const lifetimes = tenant.environment.resources
    .filter((resource) => resource.type === "CUSTOM" && audience.includes(resource.audience))
    .map((resource) => resource.accessTokenValiditySeconds);
  return (
    tenant.switches.current.accessTokenTtlSeconds ?? (lifetimes.length > 0 ? Math.min(...lifetimes) : 3600)
  );
}

export function isOfflineAccessGranted(tenant: Tenant, application: Application): boolean {
  return (
    tenant.switches.current.offlineAccessGrant ??
    tenant.environment.grantedScopes(application.id).has("offline_access")
  );
}

/** PingOne does not keep the order of the request; in a live token the custom scopes came first. */
export function orderScopes(
  tenant: Tenant,
  application: Application,
  scopes: readonly string[],
  order: Switches["scopeOrder"] = tenant.switches.current.scopeOrder,
): string[] {
  if (order === "requested") return [...scopes];
  if (order === "shuffled") return shuffle(scopes);
  const granted = tenant.environment.grantedScopes(application.id);
  const isOidc = (name: string) =>
    (granted.get(name)?.resource.type ?? "OPENID_CONNECT") === "OPENID_CONNECT";
  return [...scopes.filter((name) => !isOidc(name)), ...scopes.filter(isOidc)];
}

/** Fisher-Yates; never returns the given order when there is another. */
function shuffle(scopes: readonly string[]): string[] {
  const shuffled = [...scopes];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] ?? "", shuffled[last] ?? ""];
  }
  return shuffled.every((name, index) => name === scopes[index]) ? shuffled.reverse() : shuffled;
}
