/** Serves the control page and carries out its forms. */
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Control } from "../control/control.ts";
import { VERB_NAMES, VERBS, type Verb, type VerbName } from "../control/verbs.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import { ControlRequestError, ExpectationError, requireName } from "../refusal.ts";
import { inputFromForm } from "./forms.ts";
import { LIVE_SCRIPT } from "./live.ts";
import { type Notice, renderPage } from "./page.ts";
import { PAGE_STYLE } from "./style.ts";

/** Notices are kept here and named by number in the URL, so that a link cannot put words on the page. */
const MAX_NOTICES = 50;

export function createPageRoutes(control: Control): Hono {
  const app = new Hono();
  const notices = new Map<number, Notice>();
  let lastNotice = 0;

  app.use(
    "*",
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["data:"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
      xFrameOptions: "DENY",
      // Under the default, no-referrer, browsers send `Origin: null` with a form, which the guard must refuse.
      referrerPolicy: "same-origin",
      // The page is plain http on loopback.
      strictTransportSecurity: false,
    }),
  );

  app.get("/", async (c) => {
    const endpoint = c.req.query("endpoint");
    const page = renderPage({
      basePath: CONTROL_PATH,
      state: await control.state(),
      entries: await control.requests(),
      endpoint: endpoint === "" ? undefined : endpoint,
      notice: notices.get(Number(c.req.query("notice"))),
    });
    c.header("cache-control", "no-store");
    return c.html(page);
  });
  app.get("/page/style.css", (c) => c.body(PAGE_STYLE, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/page/live.js", (c) =>
    c.body(LIVE_SCRIPT, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );

  app.post("/page/:verb", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const notice = await carryOut(control, c.req.param("verb"), form);
    lastNotice += 1;
    notices.set(lastNotice, notice);
    notices.delete(lastNotice - MAX_NOTICES);
    return c.redirect(`${CONTROL_PATH}?notice=${lastNotice}`, 303);
  });
  return app;
}

async function carryOut(control: Control, name: string, form: URLSearchParams): Promise<Notice> {
  try {
    const verbName: VerbName = requireName("verb", name, VERB_NAMES);
    const verb: Verb = VERBS[verbName];
    const answer = await verb.run(control, inputFromForm(verbName, form, await control.state()));
    return { text: `Done: ${sayWhat(verbName, answer)}`, bad: false };
  } catch (error) {
    if (error instanceof ControlRequestError || error instanceof ExpectationError) {
      return { text: error.message, bad: true };
    }
    throw error;
  }
}

function sayWhat(name: VerbName, answer: unknown): string {
  const about = VERBS[name].about;
  return answer === undefined ? about : `${about} ${JSON.stringify(answer)}`;
}
