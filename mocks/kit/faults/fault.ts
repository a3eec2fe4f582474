/** What a fault is: where it can be queued, what it takes and what it does to the answer. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { z } from "zod";
import { type LoginScope, loginScopeSchema } from "../login.ts";

/**
 * When a request meets the fault. `before`: the request waits and is then answered as usual. `instead`: `respond`
 * answers and the emulator does not. `after`: `respond` changes the emulator's answer. `inside`: the emulator asks for
 * the fault while it answers, and builds it in itself.
 */
export type FaultMoment = "before" | "instead" | "after" | "inside";

export interface FaultContext {
  readonly c: Context<{ Bindings: HttpBindings }>;
  /** The emulator's own answer; empty for `instead`. */
  readonly made: Response;
  /** The body of an error in the emulator's own format. */
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
  times: z.int().min(1).max(1000).default(1).meta({ title: "Times", hint: "How many requests meet it." }),
};
/** What a fault takes that changes the answer. */
export const waitOptions = {
  delayMilliseconds: milliseconds.optional().meta({ title: "Wait first, milliseconds" }),
};

/** A definition with its name, and with what the definition leaves to defaults. */
export interface FaultEntry extends FaultDefinition {
  readonly name: string;
  /** Title of its emulator; undefined for a fault of the wire. */
  readonly emulator: string | undefined;
  readonly endpoints: readonly string[];
  /** Everything that it takes beside `fault` and `endpoint`. */
  readonly options: z.ZodRawShape;
}

/** A queued fault with its defaults filled in. */
export interface Fault {
  readonly fault: string;
  readonly endpoint: string;
  readonly definition: FaultEntry;
  readonly login?: LoginScope;
  /** How many requests meet it. */
  readonly times: number;
  readonly delayMilliseconds?: number;
  /** Of the fault `delay`. */
  readonly milliseconds?: number;
  /** The emulator acts on the request and only its answer is lost, as when a proxy fails on the way back. */
  readonly afterProcessing?: boolean;
}

export interface PendingFault {
  readonly id: number;
  readonly fault: string;
  readonly endpoint: string;
  /** `state` is shown as a hash. */
  readonly login?: LoginScope;
  /** How many requests will still meet it. */
  readonly remaining: number;
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

/** RFC 9110 section 6.4.1: these have no body, and the constructor of Response refuses one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** @param body A string is sent as it is, anything else as JSON. */
export function answerWith(
  body: unknown,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const isText = typeof body === "string";
  const content = BODILESS.has(status) ? null : isText ? body : JSON.stringify(body);
  const contentType = isText ? "text/plain; charset=utf-8" : "application/json";
  return new Response(content, { status, headers: { "content-type": contentType, ...headers } });
}

/** The answer with another body, without the old `Content-Length`. */
export function replaceBody(
  { status, headers: given }: Response,
  body: ConstructorParameters<typeof Response>[0],
): Response {
  const headers = new Headers(given);
  headers.delete("content-length");
  return new Response(BODILESS.has(status) ? null : body, { status, headers });
}
