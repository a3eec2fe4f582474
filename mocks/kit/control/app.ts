/** The control API over HTTP, the same on every emulator, under `/__mocks`. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { findJsonFault, measureJson } from "../json-text.ts";
import type { Kit } from "../kit.ts";
import { CONTROL_PATH } from "../middleware.ts";
import { createPageRoutes } from "../page/routes.ts";
import { formAction } from "../page/sections.ts";
import { ControlRequestError, ExpectationError } from "../refusal.ts";
import { MAX_BODY_BYTES, MAX_FILE_BODY_BYTES } from "../request-body.ts";
import { refuseOtherOrigins, requireControlToken } from "./guard.ts";
import { describeControlApi } from "./openapi.ts";

/**
 * @param emulator Name of the emulator that serves it.
 * @param token What a caller must know. Without one, only callers on loopback are served.
 */
export function createControlApp(kit: Kit, emulator: string, token: string | undefined): Hono {
  const verbs = Object.entries(kit.verbs);
  const app = new Hono();
  app.use(
    token === undefined ? refuseOtherOrigins(CONTROL_PATH) : requireControlToken(token, CONTROL_PATH),
    limitBodies(kit),
  );
  app.get("/health", (c) => c.json({ status: "ok", emulator }));
  for (const [name, { route, answers }] of verbs) {
    const [method = "", path = ""] = route.split(" ");
    app.on(method, path, async (c) => {
      const answer = await kit.invoke(name, await readInput(c));
      if (answer === undefined) return c.body(null, 204);
      return c.json(answers === undefined ? answer : { [answers]: answer });
    });
  }
  app.get("/openapi.json", (c) => c.json(describeControlApi(kit, token !== undefined)));
  app.route("/", createPageRoutes(kit));
  app.all("*", (c) => {
    const routes = verbs.map(([, { route }]) => route.replace(" ", ` ${CONTROL_PATH}`)).join(", ");
    return refuse(
      c,
      404,
      "not_found",
      `The control API has no ${c.req.method} ${c.req.path}. It has: ${routes}.`,
    );
  });
  app.onError((error, c) => {
    if (error instanceof ControlRequestError) return refuse(c, 400, "invalid_request", error.message);
    if (error instanceof ExpectationError) return refuse(c, 417, "expectation_failed", error.message);
    return refuse(c, 500, "emulator_failure", `The control API itself failed: ${error.message}`);
  });
  return app;
}

function limitBodies({ verbs }: Kit): MiddlewareHandler {
  const onError = (c: Context) => refuse(c, 413, "too_large", "The body is too long.");
  const usual = bodyLimit({ maxSize: MAX_BODY_BYTES, onError });
  const forFiles = bodyLimit({ maxSize: MAX_FILE_BODY_BYTES, onError });
  const withFiles = new Set(
    Object.entries(verbs).flatMap(([name, { route, takesFile }]) =>
      takesFile ? [`${CONTROL_PATH}${route.split(" ")[1]}`, formAction(name)] : [],
    ),
  );
  return (c, next) => (withFiles.has(c.req.path) ? forFiles : usual)(c, next);
}

/** Parsed, each takes many times its length in memory. */
const MAX_VALUES = 2_000_000;

async function readInput(c: Context): Promise<unknown> {
  if (c.req.method === "GET") return c.req.query();
  const text = await c.req.text();
  if (text === "") return {};
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
    throw new ControlRequestError("The control API takes JSON. Send Content-Type: application/json");
  }
  if (measureJson(text).values > MAX_VALUES) {
    throw new ControlRequestError(`The body has more than ${MAX_VALUES} values. Send less at once.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    const { line, column, reason } = findJsonFault(text) ?? { line: 1, column: 1, reason: "unreadable" };
    throw new ControlRequestError(`The body is not JSON: line ${line}, column ${column}: ${reason}.`);
  }
}

function refuse(c: Context, status: 400 | 404 | 413 | 417 | 500, error: string, message: string): Response {
  return c.json({ error, message }, status);
}
