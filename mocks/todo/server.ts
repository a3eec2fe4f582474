/**
 * The Todo API emulator over HTTP: a Node server that runs the MSW handlers. MSW leaves three cases to the caller of
 * `getResponse`, which are handled here: no handler matched, a handler threw, a handler simulated a network error.
 */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { getResponse, type RequestHandler } from "msw";
import type { EmulatorApp } from "../kit/listen.ts";
import { createTodoHandlers, problem, TODO_ROUTES, type TodoHandlerOptions } from "./handlers.ts";

/** The origin that the handlers match; requests reach it by whatever name the caller used. */
const INTERNAL_ORIGIN = "http://todo.invalid";

/** Answers every path; the caller serves it. */
export function createTodoApp(options: Omit<TodoHandlerOptions, "origin">): EmulatorApp {
  const app: EmulatorApp = new Hono();
  const handlers = createTodoHandlers({ ...options, origin: INTERNAL_ORIGIN });
  app.all("*", async (c) => {
    const response = await answer(handlers, INTERNAL_ORIGIN, c.req.raw);
    if (response !== undefined) return response;
    c.env.outgoing.destroy();
    return RESPONSE_ALREADY_SENT;
  });
  app.onError((error) => emulatorFailure(error));
  return app;
}

/** Returns `undefined` when the handler simulates a network error. */
export async function answer(
  handlers: RequestHandler[],
  origin: string,
  request: Request,
): Promise<Response | undefined> {
  const { pathname, search } = new URL(request.url);
  let response: Response | undefined;
  try {
    response = await getResponse(handlers, withUrl(request, `${origin}${pathname}${search}`));
  } catch (error) {
    return emulatorFailure(error);
  }
  if (response === undefined) {
    return problem(
      501,
      "unmatched_request",
      `No handler of the Todo API emulator matches ${request.method} ${pathname}. It has: ${TODO_ROUTES.join(", ")}.`,
    );
  }
  return response.type === "error" || response.status === 0 ? undefined : response;
}

function emulatorFailure(error: unknown): Response {
  const cause = error instanceof Error ? error.message : String(error);
  return problem(500, "emulator_failure", `A handler of the Todo API emulator threw: ${cause}`);
}

/** The same request with the origin that the handlers match, whichever loopback name the caller used. */
function withUrl(request: Request, url: string): Request {
  const { method, headers, body } = request;
  return new Request(url, { method, headers, ...(body !== null && { body, duplex: "half" as const }) });
}
