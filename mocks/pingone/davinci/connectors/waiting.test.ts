/** Challenges, screens that wait for them, and links that answer them, through the front. */
import { beforeEach, describe, expect, it } from "vitest";
import { TestBrowser } from "../../../kit/browser.ts";
import { buildFlow, type FlowSpec, type NodeSpec, richText } from "../../testing/graph-builder.ts";
import { tenant, withTenant } from "../../testing/with-tenant.ts";
import { addFlowInput } from "../files/flow-uploads.ts";

withTenant({}, { once: true });
beforeEach(() => {
  tenant.emulator.flows.clear();
  return tenant.emulator.admin.reset();
});

const binding = (path: string) => richText(`{{${path}}}`);
const output = (node: string, name: string) => binding(`local.${node}.payload.output.${name}`);
const screen = (customHTML: string, properties: Record<string, unknown> = {}): NodeSpec => ({
  is: "httpConnector.customHTMLTemplate",
  properties: { customHTML, ...properties },
});
const shows = (node: string) =>
  screen(
    `<h1>Done</h1><p>{{local.${node}.payload.output.status}}/{{local.${node}.payload.output.challengeStatus}}</p>`,
  );
const WAIT =
  '<h1>Wait</h1><form id="f"><input name="note" id="note"></form><div data-skcomponent="skpolling">Please wait</div>';
const CREATE: NodeSpec = {
  is: "challengeConnector.createChallenge",
  title: "Confirm it is you",
  properties: { challengeStatus: "started", challengeTimeout: "120" },
};

const PARALLEL: FlowSpec = {
  nodes: {
    create: CREATE,
    wait: screen(WAIT, {
      challenge: output("create", "challenge"),
      enablePolling: true,
      pollRetries: "1000",
    }),
    done: shows("wait"),
  },
  ways: [
    ["create", "true", "wait"],
    ["wait", "true", "done"],
  ],
};

async function run(spec: FlowSpec, files: Record<string, unknown> = {}) {
  const { policyId } = await tenant.emulator.flows.add(
    addFlowInput.parse({ flow: buildFlow(spec), ...files }),
  );
  const parameters = tenant.authorizeParameters({ acr_values: policyId });
  return tenant.openBrowser().open(`${tenant.issuer}/authorize?${parameters}`);
}
const links = () => tenant.emulator.admin.messages().flatMap(({ link }) => link ?? []);
const openLink = (link = links().at(-1) ?? "") => new TestBrowser().open(link);

describe("a challenge", () => {
  it("[PING-180] keeps a screen until its link is opened, once, in another browser", async () => {
    const page = await run(PARALLEL);
    expect(page.heading).toBe("Wait");
    const waiting = await page.submit("Check again");
    expect(waiting.heading).toBe("Wait");
    expect(waiting.root.querySelector('[role="status"]')?.text).toBe("Nothing has happened yet.");
    expect((await openLink()).heading).toBe("Thank you");
    const done = await waiting.submit("Check again");
    expect(done.heading).toBe("Done");
    expect(done.root.querySelector("main")?.text).toContain("approved/approved");
    const again = await openLink();
    expect([again.heading, again.response?.status]).toEqual(["This link was used already", 410]);
  });

  it("is hidden in the log, because its id is enough to answer it", async () => {
    await run(PARALLEL);
    const { log } = tenant.emulator;
    const id = new URL(links().at(-1) ?? "").pathname.split("/").at(-1) ?? "";
    expect(id).toHaveLength(43);
    const events = log.events(log.runs().at(-1)?.id ?? "");
    expect(events?.length).toBeGreaterThan(2);
    expect(JSON.stringify(events)).not.toContain(id);
  });

  it("shows its link on the page until it was used", async () => {
    const page = await run(PARALLEL);
    expect(page.root.querySelectorAll('[data-testid="link"]')).toHaveLength(1);
    await openLink(`${links().at(-1)}?answer=denied`);
    const done = await page.submit("Check again");
    expect(done.heading).toBe("Done");
    expect(done.root.querySelectorAll('[data-testid="link"]')).toHaveLength(0);
  });

  it("can be refused", async () => {
    const page = await run(PARALLEL);
    expect((await openLink(`${links().at(-1)}?answer=denied`)).heading).toBe("You have refused");
    expect((await page.submit("Check again")).root.querySelector("main")?.text).toContain("denied/denied");
  });

  it("expires by the emulator's clock, and then the link does nothing", async () => {
    const page = await run(PARALLEL);
    tenant.advanceSeconds(120);
    const late = await openLink();
    expect([late.heading, late.response?.status]).toEqual(["This link has expired", 410]);
    expect((await page.submit("Check again")).root.querySelector("main")?.text).toContain("expired/expired");
  });

  it("is not known to a link that was made up", async () => {
    await run(PARALLEL);
    const unknown = await openLink(`${links().at(-1)?.slice(0, -1)}!`);
    expect([unknown.heading, unknown.response?.status]).toEqual(["This link is not valid", 404]);
  });

  it("survives a restart", async () => {
    const page = await run(PARALLEL);
    const link = links().at(-1);
    await tenant.emulator.restore(structuredClone(tenant.emulator.snapshot()));
    expect((await openLink(link)).heading).toBe("Thank you");
    expect((await page.submit("Check again")).heading).toBe("Done");
  });

  it("is shown as a link beside the screen, and in the outbox for whom it is", async () => {
    const page = await run(PARALLEL);
    const shown = page.root.querySelector('[data-testid="link"]')?.getAttribute("href");
    expect(shown).toBe(links().at(-1));
    expect(tenant.emulator.admin.messages().at(-1)).toMatchObject({
      purpose: "challenge",
      code: "",
      link: shown,
    });
  });

  it("keeps what was typed while it waits", async () => {
    const page = await run({
      ...PARALLEL,
      nodes: {
        ...PARALLEL.nodes,
        wait: screen(WAIT, {
          challenge: output("create", "challenge"),
          formFieldsList: [{ propertyName: "note" }],
        }),
      },
    });
    const waiting = await page.submit("Check again", { note: "typed" });
    expect(waiting.root.querySelector("#note")?.getAttribute("value")).toBe("typed");
  });

  it("is written and read by nodes, and one that is not there makes them false", async () => {
    const show = (node: string, from: string) => screen(`<h1>{{local.${node}.payload.${from}}}</h1>`);
    const written = await run({
      nodes: {
        create: CREATE,
        update: {
          is: "challengeConnector.updateChallenge",
          properties: {
            challenge: output("create", "challenge"),
            challengeStatus: "approved",
            isChallengeComplete: true,
            claimsNameValuePairs: [{ name: "colour", value: richText("red") }],
          },
        },
        get: {
          is: "challengeConnector.getChallenge",
          properties: { challenge: output("create", "challenge") },
        },
        show: show("get", "output.challengeStatus}} {{local.get.payload.output.colour"),
      },
      ways: [
        ["create", "true", "update"],
        ["update", "true", "get"],
        ["get", "true", "show"],
      ],
    });
    expect(written.heading).toBe("approved red");
    const absent = await run({
      nodes: {
        get: { is: "challengeConnector.getChallenge", properties: { challenge: "no-such" } },
        show: show("get", "error.code"),
      },
      ways: [["get", "false", "show"]],
    });
    expect(absent.heading).toBe("notFound");
  });
});

describe("Poll for Transaction Status", () => {
  const POLLED: FlowSpec = {
    nodes: {
      create: CREATE,
      poll: {
        is: "challengeConnector.pollChallenge",
        properties: { challenge: output("create", "challenge"), pollInterval: "1000", pollRetries: "60" },
      },
      done: shows("poll"),
      failed: screen("<h1>{{local.poll.payload.error.code}}</h1>"),
    },
    ways: [
      ["create", "true", "poll"],
      ["poll", "true", "done"],
      ["poll", "false", "failed"],
    ],
  };

  it("waits at a page of the emulator until the status has changed", async () => {
    const page = await run(POLLED);
    expect(page.heading).toBe("Waiting for an answer");
    const waiting = await page.submit("Check again");
    expect(waiting.heading).toBe("Waiting for an answer");
    await openLink();
    expect((await waiting.submit("Check again")).heading).toBe("Done");
  });

  it("is false when the time for asking is over", async () => {
    const page = await run(POLLED);
    tenant.advanceSeconds(61);
    expect((await page.submit("Check again")).heading).toBe("timedOut");
  });
});

describe("a screen that waits without a challenge", () => {
  const polling = (more: Record<string, unknown>): FlowSpec => ({
    nodes: {
      wait: screen(WAIT, { enablePolling: "true", pollRetries: "2", ...more }),
      status: {
        is: "functionsConnector.AEqualsB",
        properties: { leftValueA: output("wait", "status"), rightValueB: richText("continue") },
      },
      again: { is: "httpConnector.continuePolling" },
      over: screen("<h1>{{local.wait.payload.output.status}}</h1>"),
    },
    ways: [
      ["wait", "true", "status"],
      ["status", "true", "again"],
      ["status", "false", "over"],
    ],
  });

  it("goes on at each press, and says when the retries are over", async () => {
    let page = await run(polling({}));
    for (let press = 1; press <= 2; press += 1) {
      page = await page.submit("Check again");
      expect(page.heading).toBe("Wait");
    }
    expect((await page.submit("Check again")).heading).toBe("timedOut");
  });

  it("says so too when their time is over", async () => {
    const page = await run(polling({ pollInterval: "5000" }));
    tenant.advanceSeconds(10);
    expect((await page.submit("Check again")).heading).toBe("timedOut");
  });

  it("has the button where the template has no place for it, and for a message", async () => {
    const spec = polling({});
    const bare = await run({
      ...spec,
      nodes: { ...spec.nodes, wait: screen("<h1>Wait</h1>", { enablePolling: true }) },
    });
    expect((await bare.submit("Check again")).heading).toBe("Wait");
    const message = {
      is: "httpConnector.customHtmlMessage",
      properties: { title: "Wait", message: "A while", enablePolling: true },
    };
    const page = await run({ ...spec, nodes: { ...spec.nodes, wait: message } });
    expect(page.root.querySelectorAll("form.screen button").map(({ text }) => text)).toEqual(["Check again"]);
    expect((await page.submit("Check again")).heading).toBe("Wait");
  });

  it("cannot be continued before there is a screen", async () => {
    const page = await run({ nodes: { again: { is: "httpConnector.continuePolling" } } });
    expect(page.url.searchParams.get("error")).toBe("login_required");
  });
});

describe("an out-of-band link", () => {
  const FLOW: FlowSpec = {
    nodes: {
      ask: screen(
        '<h1>Your address</h1><form id="f"><input name="who"><input type="password" name="secret"></form><button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skform="f" data-skbuttonvalue="GO">Go</button>',
        { formFieldsList: [{ propertyName: "who" }, { propertyName: "secret", hashedVisibility: true }] },
      ),
      start: {
        is: "flowConnector.outOfBandLinks",
        properties: { challengeExpiry: "60", generateQr: true },
      },
      wait: screen(`${WAIT}<img alt="QR" src="{{qr}}">`, {
        challenge: output("start", "challenge"),
        qr: output("start", "continueQr"),
      }),
      done: shows("wait"),
      resume: { is: "flowConnector.outOfBandContinue" },
      approve: {
        is: "challengeConnector.updateChallenge",
        properties: {
          challenge: output("resume", "challenge"),
          challengeStatus: "approved",
          isChallengeComplete: true,
        },
      },
      thanks: screen(
        '<h1>Thanks, {{local.ask.payload.output.who}}{{local.ask.payload.output.secret}}</h1><button data-skcomponent="skbutton" data-skbuttonvalue="MORE">More</button>',
      ),
      more: screen("<h1>More</h1>"),
    },
    ways: [
      ["ask", "true", "resume"],
      ["ask", "true", "start"],
      ["start", "true", "wait"],
      ["wait", "true", "done"],
      ["resume", "true", "approve"],
      ["approve", "true", "thanks"],
      ["thanks", "true", "more"],
    ],
  };

  it("[PING-181] runs the part of the flow behind it in the other browser, which lets the first one go on", async () => {
    const asked = await run(FLOW);
    const page = await asked.submit("Go", { who: "Ann", secret: "hunter2-TEST-ONLY" });
    expect(page.heading).toBe("Wait");
    expect(page.root.querySelector('img[alt="QR"]')?.getAttribute("src")).toMatch(/^data:image\/svg/);
    const opened = await openLink();
    // The secret is not kept for the link.
    expect(opened.heading).toBe("Thanks, Ann");
    expect((await opened.submit("More")).heading).toBe("More");
    expect((await page.submit("Check again")).root.querySelector("main")?.text).toContain(
      "approved/approved",
    );
    expect((await openLink()).heading).toBe("This link was used already");
  });

  it("is over in the other browser when its part of the flow ends", async () => {
    const { thanks: _, ...nodes } = FLOW.nodes;
    const asked = await run({
      nodes: { ...nodes, end: { is: "httpConnector.createSuccessResponse" } },
      ways: [
        ...(FLOW.ways ?? []).filter(([, , to]) => !["thanks", "more"].includes(to)),
        ["approve", "true", "end"],
      ],
    });
    const page = await asked.submit("Go", { who: "Ann", secret: "x" });
    const opened = await openLink();
    expect(opened.heading).toBe("Thank you");
    expect(opened.response?.headers.get("x-emulator-note")).toContain("ends a sub-flow");
    expect((await page.submit("Check again")).heading).toBe("Done");
  });

  it("survives a restart, without what was typed into secret fields", async () => {
    const asked = await run(FLOW);
    const page = await asked.submit("Go", { who: "Ann", secret: "hunter2-TEST-ONLY" });
    const link = links().at(-1);
    const snapshot = tenant.emulator.snapshot();
    expect(JSON.stringify(snapshot)).not.toContain("hunter2");
    await tenant.emulator.restore(structuredClone(snapshot));
    expect((await openLink(link)).heading).toBe("Thanks, Ann");
    expect((await page.submit("Check again")).heading).toBe("Done");
  });

  it("answers its challenge by itself where no Out-of-Band Continue is", async () => {
    const { resume: _, approve: __, thanks: ___, more: ____, ...nodes } = FLOW.nodes;
    const asked = await run({
      nodes,
      ways: [
        ["ask", "true", "start"],
        ["start", "true", "wait"],
        ["wait", "true", "done"],
      ],
    });
    const page = await asked.submit("Go", { who: "Ann", secret: "x" });
    expect((await openLink()).heading).toBe("Thank you");
    expect((await page.submit("Check again")).heading).toBe("Done");
  });

  it("of which only the continuation is there never comes", async () => {
    const page = await run({ nodes: { resume: { is: "flowConnector.outOfBandContinue" } } });
    expect(page.url.searchParams.get("error")).toBe("login_required");
  });

  it("does not take other names of the connector for it", async () => {
    const added = await tenant.emulator.flows.add(
      addFlowInput.parse({ flow: buildFlow({ nodes: { a: { is: "flowConnector.teleportUser" } } }) }),
    );
    expect(added.missing).toEqual(["flowConnector.teleportUser"]);
  });
});
