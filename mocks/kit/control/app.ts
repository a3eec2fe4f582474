/** The control API over HTTP, the same on every emulator, under `/__mocks`. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Composition } from "../composition.ts";
import type { Emulators } from "../emulator.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import { createPageRoutes } from "../page/routes.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import type { Invoke } from "./control.ts";
import { refuseOtherOrigins } from "./guard.ts";
import type { RunningParts } from "./verbs.ts";

/** Room for the long body of a fault; far above anything else. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface ControlAppOptions<E extends Emulators> {
  readonly composition: Composition<E>;
  readonly parts: RunningParts<E>;
  readonly invoke: Invoke;
  /** The emulator beside which it is served. */
  readonly emulator: string;
}

export function createControlApp<E extends Emulators>(options: ControlAppOptions<E>): Hono {
  const { composition, emulator, invoke } = options;
  const app = new Hono();
  app.use("*", refuseOtherOrigins(CONTROL_PATH));
  app.use(
    "*",
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => refuse(c, 413, "too_large", "The body is too long."),
    }),
  );
  app.get("/health", (c) => c.json({ status: "ok", emulator }));
  for (const [name, { method, path, answers }] of Object.entries(composition.verbs)) {
    app.on(method, path, async (c) => {
      const answer = await invoke(name, await readInput(c));
      if (answer === undefined) return c.body(null, 204);
      return c.json(answers === undefined ? answer : { [answers]: answer });
    });
  }
  app.route("/", createPageRoutes(options));
  app.all("*", (c) => {
    const routes = Object.values(composition.verbs).map(
      ({ method, path }) => `${method} ${CONTROL_PATH}${path}`,
    );
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
