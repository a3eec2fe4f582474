/** The control API over HTTP, for tests that run beside the emulators in another process. */
import { z } from "zod";
import type { Emulators } from "../emulator.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import { type Control, createControl } from "./control.ts";
import type { VerbTable } from "./verb.ts";

interface Health {
  readonly status: "ok";
  /** Name of the emulator that was asked. */
  readonly emulator: string;
}

/** Disposing of it fails if a fault that was queued has not been met. */
export type ControlClient<E extends Emulators> = Control<E> &
  AsyncDisposable & {
    /** Waits until the emulator answers. */
    health(): Promise<Health>;
  };

const refusalSchema = z.object({ error: z.string(), message: z.string() });

/**
 * @param emulatorOrigin Origin of any of the emulators; all serve the same control API.
 * @throws {ControlRequestError | ExpectationError} from each method, as in process.
 */
export function createClient<E extends Emulators>(
  verbs: VerbTable,
  emulatorOrigin: string,
): ControlClient<E> {
  const base = `${new URL(emulatorOrigin).origin}${CONTROL_PATH}`;
  const control = createControl<E>(verbs, async (name, input) => {
    const verb = verbs[name];
    if (verb === undefined) throw new Error(`The control API has no verb ${name}.`);
    const { method, path, answers } = verb;
    const answer = await request(`${base}${path}`, method, method === "GET" ? undefined : input);
    return answers === undefined ? answer : (answer as Record<string, unknown>)[answers];
  });
  const health = async () => (await request(`${base}/health`, "GET")) as Health;
  const dispose = async () => {
    const { assertNoPendingFaults }: { assertNoPendingFaults(): Promise<unknown> } = control;
    await assertNoPendingFaults();
  };
  return { ...control, health, [Symbol.asyncDispose]: dispose };
}

/** The shape of each answer is the server's of the same version, so it is taken as it comes. */
async function request(url: string, method: string, input?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(input !== undefined && {
      body: JSON.stringify(input),
      headers: { "content-type": "application/json" },
    }),
  });
  if (response.status === 204) return undefined;
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { error, message } = refusalSchema.parse(answer);
  if (error === "invalid_request") throw new ControlRequestError(message);
  if (error === "expectation_failed") throw new ExpectationError(message);
  throw new Error(`${method} ${url}: ${message}`);
}
