/** Serves the control page and carries out its forms. */
import { Hono, type HonoRequest } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { ownerOf } from "../emulator.ts";
import type { Kit } from "../kit.ts";
import { mediaTypeOf } from "../media-type.ts";
import { CONTROL_PATH } from "../middleware.ts";
import { ControlRequestError, ExpectationError, requireName } from "../refusal.ts";
import { faultFields } from "./faults-section.ts";
import { LIVE_SCRIPT } from "./live.ts";
import { renderFurtherPage, renderPage } from "./page.ts";
import { inputFromForm } from "./schema-field.ts";
import { type Notice, shapeOf, viewOf } from "./sections.ts";
import { PAGE_STYLE } from "./style.ts";

/** The URL has only the number of a notice, so that a link cannot put text on the page. */
const MAX_NOTICES = 50;

export function createPageRoutes(kit: Kit): Hono {
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
      ...kit,
      state: kit.describe(),
      entries: kit.journal.entries(),
      endpoint: endpoint === "" ? undefined : endpoint,
      notice: notices.get(Number(c.req.query("notice"))),
    });
    c.header("cache-control", "no-store");
    return c.html(page);
  });
  const style = [PAGE_STYLE, ...kit.emulators.map(({ page }) => page.style ?? "")].join("");
  app.get("/page/style.css", (c) => c.body(style, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/page/live.js", (c) =>
    c.body(LIVE_SCRIPT, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );

  for (const emulator of kit.emulators) {
    for (const page of emulator.page.pages ?? []) {
      app.get(`/page${page.path}`, async (c) => {
        const rendered = await page.render(kit.runningOf(emulator), c.req.param());
        c.header("cache-control", "no-store");
        return c.html(renderFurtherPage(kit, { isLive: false, ...rendered }), rendered.status ?? 200);
      });
    }
  }

  app.post("/page/:verb", async (c) => {
    const form = await readForm(c.req);
    const notice =
      form === undefined
        ? { text: "The form cannot be read.", bad: true }
        : await carryOut(kit, c.req.param("verb"), form);
    lastNotice += 1;
    notices.set(lastNotice, notice);
    notices.delete(lastNotice - MAX_NOTICES);
    return c.redirect(`${CONTROL_PATH}?notice=${lastNotice}`, 303);
  });
  return app;
}

/** A file counts by its text. Undefined: the body is not what its type says. */
async function readForm(request: HonoRequest): Promise<URLSearchParams | undefined> {
  if (mediaTypeOf(request.raw) !== "multipart/form-data") {
    return new URLSearchParams(await request.text());
  }
  try {
    const fields = new URLSearchParams();
    for (const [name, value] of await request.formData()) {
      fields.append(name, typeof value === "string" ? value : await value.text());
    }
    return fields;
  } catch {
    return undefined;
  }
}

async function carryOut(kit: Kit, given: string, form: URLSearchParams): Promise<Notice> {
  try {
    const name = requireName("verb", given, Object.keys(kit.verbs));
    const verb = kit.verbs[name] as (typeof kit.verbs)[string];
    const fields = name === "faults.queue" ? faultFields(kit) : shapeOf(verb.input);
    const values = verb.form?.values?.(viewOf(ownerOf(kit.emulators, name), kit.describe()));
    const answer = await kit.invoke(name, inputFromForm(fields, form, values));
    // Others are sent by hand, and answer with tokens or the whole state, which no page shall keep.
    const isOnPage = verb.form !== undefined || verb.button !== undefined || name === "faults.queue";
    const shown = verb.answers === undefined ? answer : { [verb.answers]: answer };
    const described = verb.form?.describe?.(answer) ?? JSON.stringify(shown);
    return {
      text: `Done: ${verb.about}${answer === undefined || !isOnPage ? "" : ` ${described}`}`,
      bad: false,
    };
  } catch (error) {
    if (error instanceof ControlRequestError || error instanceof ExpectationError) {
      return { text: error.message, bad: true };
    }
    throw error;
  }
}
