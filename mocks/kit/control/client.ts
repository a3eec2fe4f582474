/** The control API over HTTP, for tests that run in another process than the emulators. */
import { z } from "zod";
import type { Emulators } from "../emulator.ts";
import { CONTROL_PATH } from "../middleware.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import { type Control, createControl } from "./control.ts";
import type { VerbTable } from "./verb.ts";

/** Disposing of it fails if a fault that was queued has not been met. */
export type ControlClient<E extends Emulators> = Control<E> &
  AsyncDisposable & {
    /** Fails if no emulator answers; otherwise names the one that did. */
    health(): Promise<{ readonly status: "ok"; readonly emulator: string }>;
  };

/** Above the longest wait that an expectation can ask for. */
const REQUEST_TIMEOUT_MS = 90_000;

const refusalSchema = z.object({ error: z.string(), message: z.string() });

/**
 * @param emulatorOrigin Origin of any of the emulators; all serve the same control API.
 * @param token The one that was printed at start, where the emulators listen on more than loopback.
 * @throws {ControlRequestError | ExpectationError} from each method, as in process.
 */
export function createClient<E extends Emulators>(
  verbs: VerbTable,
  emulatorOrigin: string,
  token?: string,
): ControlClient<E> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const base = `${new URL(emulatorOrigin).origin}${CONTROL_PATH}`;
  const invoke = async (name: string, input: unknown) => {
    const verb = verbs[name];
    if (verb === undefined) throw new Error(`The control API has no verb ${name}.`);
    const answer = await request(base, headers, verb.route, input);
    return verb.answers === undefined ? answer : (answer as Record<string, unknown>)[verb.answers];
  };
  return {
    ...createControl<E>(verbs, invoke),
    health: async () => (await request(base, headers, "GET /health")) as { status: "ok"; emulator: string },
    [Symbol.asyncDispose]: async () => {
      await invoke("faults.expectNone", {});
    },
  };
}

function queryOf(input: unknown): string {
  const given = Object.entries(input ?? {}).filter(([, value]) => value !== undefined);
  const query = Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? "" : `?${new URLSearchParams(query)}`;
}

/** The answer is not checked: the server has the same version. */
async function request(
  base: string,
  headers: Readonly<Record<string, string>>,
  route: string,
  input?: unknown,
): Promise<unknown> {
  const [method = "", path = ""] = route.split(" ");
  const query = method === "GET" ? queryOf(input) : "";
  const response = await fetch(`${base}${path}${query}`, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(method !== "GET" && { body: JSON.stringify(input) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new Error(`${method} ${base}${path}: no answer. Is the emulator running at this address?`, {
      cause,
    });
  });
  if (response.status === 204) return undefined;
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { error, message } = refusalSchema.parse(answer);
  if (error === "invalid_request") throw new ControlRequestError(message);
  if (error === "expectation_failed") throw new ExpectationError(message);
  throw new Error(`${method} ${base}${path}: ${message}`);
}
