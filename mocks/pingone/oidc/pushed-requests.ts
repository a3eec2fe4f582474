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

export class PushedRequests {
  readonly #requests = new Map<string, PushedRequest>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the `request_uri`. */
  push(clientId: string, parameters: RequestParameters, lifetimeSeconds: number): string {
    const now = this.#clock();
    for (const [uri, { expiresAt }] of this.#requests) if (expiresAt <= now) this.#requests.delete(uri);
    const [oldest] = this.#requests.keys();
    if (oldest !== undefined && this.#requests.size >= MAX_PUSHED_REQUESTS) this.#requests.delete(oldest);
    const uri = PREFIX + randomUUID();
    this.#requests.set(uri, { clientId, parameters, expiresAt: now + lifetimeSeconds * 1000 });
    return uri;
  }

  /** `undefined` when it is unknown, used, expired or of another client. */
  take(requestUri: string, clientId: string): RequestParameters | undefined {
    const request = this.#requests.get(requestUri);
    // An attempt by another client does not use up the request.
    if (request?.clientId !== clientId) return undefined;
    this.#requests.delete(requestUri);
    return this.#clock() < request.expiresAt ? request.parameters : undefined;
  }

  clear(): void {
    this.#requests.clear();
  }
}
