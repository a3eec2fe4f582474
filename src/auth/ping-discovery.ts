/**
 * PingOne's metadata and keys. Every endpoint comes from discovery.
 */
import * as oauth from "oauth4webapi";
import { isLoopback, isSecure, type Settings } from "../config.ts";
import { budgetLeftMs } from "../deadline.ts";
import { attempt, failed, readUnavailable } from "./ping-failures.ts";
import type { PingResult } from "./ping-types.ts";

/** PingOne changes its discovery document rarely; an hour keeps a warm sign-in at one back-channel request. */
const DISCOVERY_TTL_MS = 60 * 60 * 1000;

/** Required for sign-in. */
const REQUIRED_ENDPOINTS = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;

export type PingOneMetadata = oauth.AuthorizationServer & Record<(typeof REQUIRED_ENDPOINTS)[number], string>;

/** Per isolate. Only settled values are kept: a pending promise belongs to the request that made it. */
const discovered = new Map<string, { metadata: PingOneMetadata; fetchedAt: number }>();

export function httpOptions(settings: Settings) {
  return {
    [oauth.allowInsecureRequests]:
      settings.PINGONE_ISSUER.protocol === "http:" && isLoopback(settings.PINGONE_ISSUER),
    signal: () => AbortSignal.timeout(Math.min(settings.UPSTREAM_TIMEOUT_SECONDS * 1000, budgetLeftMs())),
  };
}

/** PingOne's metadata, at most an hour old. */
export async function discoverPingOne(settings: Settings): Promise<PingResult<PingOneMetadata>> {
  const issuer = settings.PINGONE_ISSUER;
  const cached = discovered.get(issuer.href);
  if (cached !== undefined && Date.now() - cached.fetchedAt < DISCOVERY_TTL_MS) {
    return { kind: "ok", value: cached.metadata };
  }
  const found = await attempt("discovery", async () => {
    const response = await oauth.discoveryRequest(issuer, { ...httpOptions(settings), algorithm: "oidc" });
    return (
      readUnavailable(response, "discovery") ??
      requireEndpoints(await oauth.processDiscoveryResponse(issuer, response))
    );
  });
  if (found.kind === "ok") discovered.set(issuer.href, { metadata: found.value, fetchedAt: Date.now() });
  return found;
}

/** Used if PingOne's metadata has them. */
const OPTIONAL_ENDPOINTS = ["revocation_endpoint", "introspection_endpoint", "end_session_endpoint"] as const;

/** Checked before the document is cached for an hour: secrets and tokens are sent to these URLs. */
function requireEndpoints(metadata: oauth.AuthorizationServer): PingResult<PingOneMetadata> {
  for (const name of REQUIRED_ENDPOINTS) {
    if (!isSecureUrl(metadata[name])) return failed("untrusted", `discovery_without_${name}`);
  }
  for (const name of OPTIONAL_ENDPOINTS) {
    if (metadata[name] !== undefined && !isSecureUrl(metadata[name])) {
      return failed("untrusted", `discovery_with_insecure_${name}`);
    }
  }
  return { kind: "ok", value: metadata as PingOneMetadata };
}

function isSecureUrl(value: string | undefined): boolean {
  const url = URL.parse(value ?? "");
  return url !== null && isSecure(url);
}

/**
 * oauth4webapi keeps a JWKS for five minutes per metadata object and asks again for an unknown `kid` only when
 * it is a minute old. A key that rolled over inside that minute would fail a sign-in, so the check runs once more
 * with a fresh copy. An attacker cannot trigger it: ID tokens come from PingOne's token endpoint only.
 */
export async function verifyIdTokenSignature(
  metadata: PingOneMetadata,
  response: Response,
  settings: Settings,
): Promise<void> {
  try {
    await oauth.validateApplicationLevelSignature(metadata, response, httpOptions(settings));
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError) || error.code !== oauth.KEY_SELECTION) throw error;
    const copy = { ...metadata };
    await oauth.validateApplicationLevelSignature(copy, response, httpOptions(settings));
    discovered.set(settings.PINGONE_ISSUER.href, { metadata: copy, fetchedAt: Date.now() });
  }
}
