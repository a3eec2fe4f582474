/** The control API over HTTP, the same on both emulators, under `/__mocks`. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { EmulatorName } from "../endpoints.ts";
import { type FaultInjection, injectFaults } from "../faults/middleware.ts";
import type { EmulatorApp } from "../http-server.ts";
import {
  CONTROL_PATH,
  type JournalEnv,
  type JournalMiddlewareOptions,
  journalRequests,
} from "../journal/middleware.ts";
import { createPageRoutes } from "../page/routes.ts";
import { ControlRequestError, ExpectationError, parseInput } from "../refusal.ts";
import type { Control } from "./control.ts";
import { refuseStrangers } from "./guard.ts";
import { VERB_NAMES, VERBS, type Verb } from "./verbs.ts";

/** A fault's body may be long; nothing else comes near this. */
const MAX_BODY_BYTES = 1024 * 1024;

export function createControlApp(control: Control, emulator: EmulatorName): Hono {
  const app = new Hono();
  app.use("*", refuseStrangers(CONTROL_PATH));
  app.use(
    "*",
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => refuse(c, 413, "too_large", "The body is too long."),
    }),
  );
  app.get("/health", (c) => c.json({ status: "ok", emulator }));
  for (const name of VERB_NAMES) {
    const verb: Verb = VERBS[name];
    app.on(verb.method, verb.path, async (c) => {
      const input = parseInput(
        verb.input,
        await readInput(c),
        `The request ${verb.method} ${CONTROL_PATH}${verb.path}`,
      );
      const answer = await verb.run(control, input);
      return answer === undefined ? c.body(null, 204) : c.json(answer);
    });
  }
  app.route("/", createPageRoutes(control));
  app.all("*", (c) => {
    const routes = VERB_NAMES.map((name) => `${VERBS[name].method} ${CONTROL_PATH}${VERBS[name].path}`);
    const message = `The control API has no ${c.req.method} ${c.req.path}. It has: ${routes.join(", ")}.`;
    return refuse(c, 404, "not_found", message);
  });
  app.onError((error, c) => {
    if (error instanceof ControlRequestError) return refuse(c, 400, "invalid_request", error.message);
    if (error instanceof ExpectationError) return refuse(c, 417, "expectation_failed", error.message);
    return refuse(c, 500, "emulator_failure", `The control API itself failed: ${error.message}`);
  });
  return app;
}

/** Puts the journal and the faults in front of an emulator and the control API beside it. */
export function mountControl(
  app: EmulatorApp,
  options: JournalMiddlewareOptions & FaultInjection & { readonly control: Control },
): void {
  // The journal's variables are private to the middleware of this folder, so the emulator's own type lacks them.
  const withJournal = app as unknown as Hono<JournalEnv>;
  withJournal.use("*", journalRequests(options));
  withJournal.use("*", injectFaults(options.emulator, options));
  app.route(CONTROL_PATH, createControlApp(options.control, options.emulator));
}

async function readInput(c: Context): Promise<unknown> {
  if (c.req.method === "GET") return c.req.query();
  const text = await c.req.text();
  if (text === "") return {};
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
    throw new ControlRequestError("The control API takes JSON. Send Content-Type: application/json");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ControlRequestError("The body is not JSON.");
  }
}

function refuse(c: Context, status: 400 | 404 | 413 | 417 | 500, error: string, message: string): Response {
  return c.json({ error, message }, status);
}
