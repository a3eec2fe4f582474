/** One person in front of one flow, as the sign-on keeps it between two requests. */
import type { AuthorizationContext } from "../contracts.ts";
import type { RunState } from "./run-state.ts";

export interface Interaction {
  readonly id: string;
  readonly context: AuthorizationContext;
  readonly policyId: string;
  readonly state: RunState;
  /** What was typed into secret fields, and codes that were sent. Never saved: {@link withoutSecrets} takes it out of the state. */
  readonly secrets: Set<string>;
}

/** Shorter texts would be found in places that have nothing to do with the secret. */
export const SHORTEST_SECRET = 4;

/** A copy of the state that can be saved: secrets are empty in it, wherever a flow has copied them to. */
export function withoutSecrets({ state, secrets }: Interaction): RunState {
  const clean = (_: string, value: unknown) =>
    typeof value === "string" ? hideSecrets(value, secrets) : value;
  return JSON.parse(JSON.stringify(state, clean)) as RunState;
}

export function hideSecrets(text: string, secrets: ReadonlySet<string>): string {
  if (secrets.has(text)) return "";
  const found = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET);
  return found.reduce((hidden, secret) => hidden.replaceAll(secret, ""), text);
}
