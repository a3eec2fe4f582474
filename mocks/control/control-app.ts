/** The control API over HTTP, the same on both stand-ins, under `/__mocks`. */
import { Hono } from "hono";
import type { Control } from "./control.ts";
import type { StandInName } from "./endpoints.ts";
import { refuseStrangers } from "./guard.ts";
import {
  CONTROL_PATH,
  type JournalEnv,
  type JournalMiddlewareOptions,
  journalRequests,
} from "./journal-middleware.ts";
import type { StandInApp } from "./listen.ts";

export function createControlApp(control: Control, standIn: StandInName): Hono {
  const app = new Hono();
  app.use("*", refuseStrangers(CONTROL_PATH));
  app.get("/health", (c) => c.json({ status: "ok", standIn }));
  app.get("/state", async (c) => c.json(await control.state()));
  app.get("/requests", async (c) => c.json({ requests: await control.requests() }));
  app.delete("/requests", async (c) => {
    await control.clearRequests();
    return c.body(null, 204);
  });
  app.post("/reset", async (c) => {
    await control.reset();
    return c.body(null, 204);
  });
  return app;
}

/** Puts the journal in front of a stand-in and the control API beside it. */
export function mountControl(
  app: StandInApp,
  options: JournalMiddlewareOptions & { readonly control: Control },
): void {
  // The journal's variables are private to the middleware of this folder, so the stand-in's own type lacks them.
  const withJournal = app as unknown as Hono<JournalEnv>;
  withJournal.use("*", journalRequests(options));
  app.route(CONTROL_PATH, createControlApp(options.control, options.standIn));
}
