/** One person in front of one flow, as the sign-on keeps it between two requests. */
import type { AuthorizationContext } from "../contracts.ts";
import type { RunState } from "./run-state.ts";

export interface Interaction {
  readonly id: string;
  readonly context: AuthorizationContext;
  readonly policyId: string;
  readonly state: RunState;
  /** What was typed into secret fields. Never saved: {@link withoutSecrets} takes it out of the state. */
  readonly secrets: Set<string>;
}

/** Shorter texts would be found in places that have nothing to do with the secret. */
const SHORTEST_SECRET = 4;

/** A copy of the state that can be saved: secrets are empty in it, wherever a flow has copied them to. */
export function withoutSecrets({ state, secrets }: Interaction): RunState {
  const hidden = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET);
  const exact = new Set(secrets);
  const clean = (_: string, value: unknown) => {
    if (typeof value !== "string") return value;
    if (exact.has(value)) return "";
    return hidden.reduce((text, secret) => text.replaceAll(secret, ""), value);
  };
  return JSON.parse(JSON.stringify(state, clean)) as RunState;
}
