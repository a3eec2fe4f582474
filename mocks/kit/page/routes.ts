/** Serves the control page and carries out its forms. */
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { ControlAppOptions } from "../control/app.ts";
import type { Emulators } from "../emulator.ts";
import { CONTROL_PATH } from "../journal/middleware.ts";
import { ControlRequestError, ExpectationError, requireName } from "../refusal.ts";
import { faultFields } from "./faults-section.ts";
import { fieldsOf, inputFromForm } from "./forms.ts";
import { LIVE_SCRIPT } from "./live.ts";
import { type Notice, renderPage } from "./page.ts";
import { ownerOf, viewOf } from "./sections.ts";
import { PAGE_STYLE } from "./style.ts";

/** Notices are kept here and named by number in the URL, so that a link cannot put words on the page. */
const MAX_NOTICES = 50;

type PageOptions = Pick<ControlAppOptions<Emulators>, "composition" | "parts" | "invoke">;

export function createPageRoutes(options: PageOptions): Hono {
  const { composition, parts } = options;
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

  app.get("/", (c) => {
    const endpoint = c.req.query("endpoint");
    const page = renderPage({
      context: { composition, state: parts.describe() },
      entries: parts.journal.entries(),
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
    const notice = await carryOut(options, c.req.param("verb"), form);
    lastNotice += 1;
    notices.set(lastNotice, notice);
    notices.delete(lastNotice - MAX_NOTICES);
    return c.redirect(`${CONTROL_PATH}?notice=${lastNotice}`, 303);
  });
  return app;
}

async function carryOut(
  { composition, parts, invoke }: PageOptions,
  given: string,
  form: URLSearchParams,
): Promise<Notice> {
  try {
    const name = requireName("verb", given, Object.keys(composition.verbs));
    const verb = composition.verbs[name] as (typeof composition.verbs)[string];
    const fields = name === "queueFault" ? faultFields(composition) : fieldsOf(verb);
    const view = viewOf(ownerOf(composition.emulators, name), parts.describe());
    const input = inputFromForm(fields, form, verb.form?.values?.(view));
    const answer = await invoke(name, input);
    return { text: `Done: ${verb.about}${sayWhat(verb, answer)}`, bad: false };
  } catch (error) {
    if (error instanceof ControlRequestError || error instanceof ExpectationError) {
      return { text: error.message, bad: true };
    }
    throw error;
  }
}

function sayWhat({ answers }: { readonly answers?: string }, answer: unknown): string {
  if (answer === undefined) return "";
  return ` ${JSON.stringify(answers === undefined ? answer : { [answers]: answer })}`;
}
