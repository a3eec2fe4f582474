/** What a fault is: where it can be queued, what it takes and what it does to the answer. */
import type { Context } from "hono";
import { z } from "zod";
import { labelled } from "../field-text.ts";
import type { JournalEnv } from "../journal/middleware.ts";
import { type LoginScope, loginScopeSchema } from "../login.ts";

/**
 * When a request meets the fault. `before`: it waits, and is answered as usual. `instead`: `respond` answers in the
 * emulator's place. `after`: `respond` spoils the emulator's answer. `inside`: the emulator asks for it while it
 * answers, and builds the defect in itself.
 */
export type FaultMoment = "before" | "instead" | "after" | "inside";

export interface FaultContext {
  readonly c: Context<JournalEnv>;
  /** The emulator's own answer; empty for a fault that comes instead of it. */
  readonly made: Response;
  /** A failure's body in the form that this emulator gives its errors. */
  readonly errorBody: (status: number) => unknown;
}

export interface FaultDefinition<
  Options extends z.ZodRawShape = z.ZodRawShape,
  Endpoint extends string = string,
  Moment extends FaultMoment = FaultMoment,
> {
  readonly moment: Moment;
  /** What the client meets, in one sentence. */
  readonly about: string;
  /** Where it can be queued; everywhere when absent. */
  readonly endpoints?: readonly Endpoint[];
  /** `afterProcessing` among them: the emulator can be told to act first, and only its answer is lost. */
  readonly options?: Options;
  respond?(options: z.output<z.ZodObject<Options>>, context: FaultContext): Response | Promise<Response>;
}

export type FaultTable = Readonly<Record<string, FaultDefinition>>;

/** Keeps the exact types of the options and endpoints. */
export function defineFault<
  const Moment extends FaultMoment,
  Options extends z.ZodRawShape = Record<never, never>,
  const Endpoint extends string = string,
>(fault: FaultDefinition<Options, Endpoint, Moment>): FaultDefinition<Options, Endpoint, Moment> {
  return fault;
}

const MAX_DELAY_MS = 120_000;
export const milliseconds = z.int().min(0).max(MAX_DELAY_MS);

/** What every fault takes. */
export const commonOptions = {
  login: loginScopeSchema.optional(),
  times: labelled(z.int().min(1).max(1000).default(1), {
    label: "Times",
    about: "How many requests meet it.",
  }),
};
/** What a fault takes that changes the answer. */
export const waitOptions = {
  delayMilliseconds: labelled(milliseconds.optional(), {
    label: "Wait first, milliseconds",
  }),
};

/** A queued fault with its defaults filled in. */
export interface Fault {
  readonly fault: string;
  readonly endpoint: string;
  readonly login?: LoginScope;
  /** How many requests meet it. */
  readonly times: number;
  readonly delayMilliseconds?: number;
  /** The emulator acts on the request and only its answer is lost, as when a proxy fails on the way back. */
  readonly afterProcessing?: boolean;
}

/** What `queueFault` takes for a table of faults. */
export type FaultRequestOf<Faults, AnyEndpoint extends string> = {
  [Name in keyof Faults & string]: Faults[Name] extends FaultDefinition<
    infer Options,
    infer Endpoint,
    infer Moment
  >
    ? {
        fault: Name;
        endpoint: string extends Endpoint ? AnyEndpoint : Endpoint;
        login?: LoginScope | undefined;
        /** How many requests meet it; 1 unless told otherwise. */
        times?: number | undefined;
      } & (Moment extends "instead" | "after"
        ? { /** The wait before anything else happens. */ delayMilliseconds?: number | undefined }
        : unknown) &
        (keyof Options extends never ? unknown : z.input<z.ZodObject<Options>>)
    : never;
}[keyof Faults & string];
