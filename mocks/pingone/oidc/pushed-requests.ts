/** Authorization requests that clients have pushed (RFC 9126). Each `request_uri` is good once, for its own client. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../kit/clock.ts";
import type { RequestParameters } from "./rules/parameters.ts";

const PREFIX = "urn:ietf:params:oauth:request_uri:";
export const MAX_PUSHED_REQUESTS = 1000;

interface PushedRequest {
  readonly clientId: string;
  readonly parameters: RequestParameters;
  readonly expiresAt: number;
}

export interface PushedRequests {
  /** Returns the `request_uri`. */
  push(clientId: string, parameters: RequestParameters, lifetimeSeconds: number): string;
  /** `undefined` when it is unknown, used, expired or of another client. */
  take(requestUri: string, clientId: string): RequestParameters | undefined;
  clear(): void;
}

export function createPushedRequests(clock: Clock): PushedRequests {
  const requests = new Map<string, PushedRequest>();
  return {
    push(clientId, parameters, lifetimeSeconds) {
      for (const [uri, { expiresAt }] of requests) {
        if (expiresAt <= clock() || requests.size >= MAX_PUSHED_REQUESTS) requests.delete(uri);
      }
      const uri = PREFIX + randomUUID();
      requests.set(uri, { clientId, parameters, expiresAt: clock() + lifetimeSeconds * 1000 });
      return uri;
    },
    take(requestUri, clientId) {
      const request = requests.get(requestUri);
      // Another client's attempt must not use up the request.
      if (request?.clientId !== clientId) return undefined;
      requests.delete(requestUri);
      return clock() < request.expiresAt ? request.parameters : undefined;
    },
    clear: () => requests.clear(),
  };
}
