/** A place in a flow from which a link goes on, possibly in another browser. Plain JSON. */
import { z } from "zod";
import type { AuthorizationContext } from "../contracts.ts";
import { type RunState, runStateSchema } from "./run-state.ts";

export interface Place {
  readonly policyId: string;
  readonly context: AuthorizationContext;
  readonly state: RunState;
  readonly nodeId: string;
}

/** Saved by the emulator itself, so only that it is one of ours is checked. */
export const placeSchema = z.custom<Place>(
  (value) =>
    z
      .object({ policyId: z.string(), context: z.looseObject({}), state: runStateSchema, nodeId: z.string() })
      .safeParse(value).success,
);
