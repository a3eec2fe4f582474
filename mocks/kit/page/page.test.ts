import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestEmulator, TEST_EMULATORS, type TestEmulator } from "../testing/emulator.ts";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await createTestEmulator();
});
afterEach(() => emulator[Symbol.asyncDispose]());

const readPage = async (search = "") => (await fetch(`${emulator.origin}/__mocks${search}`)).text();

/** What a browser does when a form of the page is sent: it posts, and follows the redirect to the page. */
async function send(verb: string, fields: Record<string, string> = {}) {
  const sent = await fetch(`${emulator.origin}/__mocks/page/${verb}`, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { origin: emulator.origin, "sec-fetch-site": "same-origin" },
    redirect: "manual",
  });
  expect(sent.status).toBe(303);
  const location = sent.headers.get("location") ?? "";
  expect(location).toMatch(/^\/__mocks\?notice=\d+$/);
  return (await fetch(`${emulator.origin}${location}`)).text();
}

describe("the page", () => {
  it("shows state, tables, forms and the journal", async () => {
    await fetch(`${emulator.origin}/env/as/userinfo?x=1`);
    const page = await readPage();
    for (const text of [
      "policy-1",
      "alice",
      "bob",
      "Consent without a branch",
      "Replay protection",
      "Behaviours that differ.",
      "#1 GET /env/as/userinfo",
    ]) {
      expect(page).toContain(text);
    }
  });

  it("escapes whatever it shows", async () => {
    await fetch(
      `${emulator.origin}/env/as/userinfo?scope=${encodeURIComponent("<script>alert(1)</script>")}`,
    );
    const page = await readPage();
    expect(page).toContain("Sign on &lt;default&gt;");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script>alert");
  });

  it("has a select with texts for the values, the current one selected", async () => {
    const page = await readPage();
    const optionsOf = (name: string) => {
      const [select = ""] = new RegExp(`<select [^>]*name="${name}".*?</select>`).exec(page) ?? [];
      return [...select.matchAll(/<option value="([^"]*)"( selected)?>([^<]*)/g)].map(
        ([, ...parts]) => parts,
      );
    };
    expect(optionsOf("resourceParam")).toEqual([
      ["ignore", " selected", "ignored"],
      ["honour", undefined, "sets the audience"],
    ]);
    expect(optionsOf("replayProtection")).toEqual([
      ["", undefined, "as the application says"],
      ["true", " selected", "yes"],
      ["false", undefined, "no"],
    ]);
    expect(page).toContain("For the old one. Empty: as the application says.");
    expect(page).not.toContain('name="application"');
  });

  it("filters the journal by endpoint", async () => {
    await fetch(`${emulator.origin}/env/as/userinfo`);
    await fetch(`${emulator.origin}/env/as/authorize`, { redirect: "manual" });
    expect(await readPage("?endpoint=userinfo")).not.toContain("/env/as/authorize");
    expect(await readPage("?endpoint=")).toContain("/env/as/authorize");
  });

  it("forbids inline scripts and styles, frames and forms to other origins", async () => {
    const { headers } = await fetch(`${emulator.origin}/__mocks`);
    const policy = headers.get("content-security-policy");
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ]) {
      expect(policy).toContain(rule);
    }
    // With no-referrer a browser says `Origin: null`, and the page's own forms would be refused.
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(await readPage()).not.toMatch(/<style|<script>|\son\w+=|style="/);
  });

  it("serves its style and its script", async () => {
    for (const [path, type] of [
      ["style.css", "text/css"],
      ["live.js", "text/javascript"],
    ]) {
      const response = await fetch(`${emulator.origin}/__mocks/page/${path}`);
      expect(response.headers.get("content-type")).toContain(type);
      expect((await response.text()).length).toBeGreaterThan(100);
    }
  });

  it("shows no text from its URL", async () => {
    expect(await readPage("?notice=Call%20the%20help%20desk")).not.toContain("help desk");
    expect(await readPage("?endpoint=<b>x")).not.toContain("<b>");
  });
});

describe("the forms of the page", () => {
  it.each([
    ["tokens.expire", { user: "alice" }, "expireTokens(alice)"],
    ["keys.rotate", {}, "rotateKeys(false)"],
    ["keys.rotate", { drop: "on" }, "rotateKeys(true)"],
    ["choosePlan", { plan: "policy-2" }, "choosePlan(policy-2,undefined)"],
    ["choosePlan", { plan: "policy-1" }, "choosePlan(policy-1,undefined)"],
    ["reset", {}, "notes.reset()"],
  ])("%s with %j does what the API does", async (verb, fields, call) => {
    expect(await send(verb, fields)).toContain("Done: ");
    expect(emulator.calls).toContain(call);
  });

  it("moves the clock and brings it back", async () => {
    expect(await send("clock.advance", { advanceSeconds: "3600" })).toContain("(moved by 3600 s)");
    expect(await send("clock.reset")).not.toContain("moved by");
  });

  it("queues a fault with the fields that are filled in, lists it and removes it", async () => {
    const page = await send("faults.queue", {
      fault: "status",
      endpoint: "token",
      "login.user": "alice",
      "login.state": "",
      times: "2",
      status: "500",
      body: "",
      afterProcessing: "on",
    });
    expect(page).toContain("status on token for user alice, 2 times");
    expect(await send("faults.remove", { id: "1" })).toContain("No fault is queued");
    await send("faults.queue", { fault: "reset", endpoint: "jwks", times: "1" });
    expect(await send("faults.clear")).toContain("No fault is queued");
  });

  it("requires no option of a fault, because no fault takes them all", async () => {
    const [form = ""] = /<form [^>]*page\/faults.queue".*?<\/form>/s.exec(await readPage()) ?? [];
    expect(form).toContain('name="status"');
    expect(form).not.toContain("required");
  });

  it("sends a body of JSON as JSON, and any other as text", async () => {
    const fields = { fault: "status", endpoint: "userinfo", status: "500" };
    await send("faults.queue", { ...fields, body: '{"error":"x"}' });
    await send("faults.queue", { ...fields, body: "<h1>Oh</h1>" });
    const types = [];
    for (let i = 0; i < 2; i += 1) {
      types.push((await fetch(`${emulator.origin}/env/as/userinfo`)).headers.get("content-type"));
    }
    expect(types).toEqual(["application/json", "text/plain; charset=utf-8"]);
  });

  it("sends only the fields that were changed, in their own types", async () => {
    await send("switches.set", {
      resourceParam: "honour",
      lifetimeSeconds: "60",
      replayProtection: "true",
      graceSeconds: "",
    });
    await send("switches.set", { resourceParam: "ignore", replayProtection: "", graceSeconds: "0" });
    await send("switches.set", { replayProtection: "false" });
    expect(emulator.calls).toEqual([
      'setSwitches({"resourceParam":"honour","lifetimeSeconds":60})',
      'setSwitches({"replayProtection":null,"graceSeconds":0})',
      'setSwitches({"replayProtection":false})',
    ]);
  });

  it("keeps the newest notices only", async () => {
    expect(await send("explode")).toContain("There is no verb");
    expect(await readPage("?notice=1")).toContain("There is no verb");
    for (let i = 0; i < 50; i += 1) await send("clock.reset");
    expect(await readPage("?notice=1")).not.toContain("There is no verb");
  });

  it.each([
    ["faults.queue", { fault: "reset", endpoint: "token", status: "500" }, "Valid names: "],
    ["faults.queue", { fault: "status", endpoint: "token", status: "many" }, "status"],
    ["tokens.expire", { user: "carol" }, "Users: alice, bob."],
    ["explode", {}, "There is no verb"],
  ])("%s with %j says what is wrong in an alert", async (verb, fields, message) => {
    const page = await send(verb, fields);
    expect(page).toMatch(/<p class="notice bad" role="alert">/);
    expect(page).toContain(message);
  });

  describe("with a file", () => {
    const post = (body: BodyInit, type?: string) =>
      fetch(`${emulator.origin}/__mocks/page/importPlan`, {
        method: "POST",
        body,
        headers: { origin: emulator.origin, ...(type !== undefined && { "content-type": type }) },
      });
    const formOf = (text: string) => {
      const form = new FormData();
      form.set("file", new File([text], "plan.json"));
      form.set("note", "");
      return form;
    };

    it("sends its text, also of more than 16 MB, and says what came of it", async () => {
      const page = await readPage();
      expect(page).toMatch(/<form [^>]*page\/importPlan" enctype="multipart\/form-data">/);
      expect(page).toMatch(/<input id="importPlan-file" name="file" type="file" required>/);
      expect(page).toMatch(/<form [^>]*page\/keys.rotate">/);
      const answered = await (await post(formOf("é".repeat(9_000_000)))).text();
      expect(answered).toContain("Done: Takes a plan. It has 9000000 characters.");
      expect(emulator.calls).toEqual([`importPlan(${"é".repeat(20)},undefined)`]);
    });

    it("is refused without one, or with a body that is not what it says", async () => {
      expect(await (await post(formOf(""))).text()).toMatch(/notice bad[^<]*role="alert">[^<]*file: /);
      const broken = await post("no parts", "multipart/form-data; boundary=x");
      expect(await broken.text()).toMatch(/notice bad[^<]*role="alert">The form cannot be read\./);
      expect(emulator.calls).toEqual([]);
    });
  });

  it("has a form for every verb that changes something", async () => {
    await emulator.control.faults.queue({ endpoint: "jwks", fault: "reset" });
    const page = await readPage();
    const readers = [
      "state.summary",
      "state.export",
      "journal.list",
      "journal.find",
      "journal.mark",
      "journal.expect",
      "journal.expectNone",
      "faults.pending",
      "faults.expectNone",
      "breakDown",
    ];
    // It takes a whole document, for which no field of a form has room.
    const withoutForm = ["state.import"];
    const actions = new Set(
      [...page.matchAll(/action="\/__mocks\/page\/([\w.]+)"/g)].map(([, name]) => name),
    );
    const changing = Object.keys(TEST_EMULATORS.verbs).filter(
      (name) => ![...readers, ...withoutForm].includes(name),
    );
    expect([...actions].toSorted()).toEqual(changing.toSorted());
  });
});

describe("a page of an emulator", () => {
  const at = (path: string) => `${emulator.origin}/__mocks/page${path}`;

  it("stands in the frame of the control page, with its policy, and goes on without scripts too", async () => {
    const response = await fetch(at("/logins/code-1"));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const page = await response.text();
    expect(page).toContain("<h1>Login code-1</h1>");
    expect(page).toContain('<a href="/__mocks">Emulator controls</a>');
    expect(page).toContain('<noscript><meta http-equiv="refresh"');
    expect(page).toContain('id="live"');
    expect(await (await fetch(at("/style.css"))).text()).toContain(".login {");
    expect(await readPage()).toMatch(/<h2 id="logins-title">Logins<\/h2>\s*<p>\d+ logins/);
  });

  it("answers what it does not have, escaped, and then does not reload", async () => {
    const response = await fetch(at(`/logins/${encodeURIComponent("<b>")}`));
    expect(response.status).toBe(404);
    const page = await response.text();
    expect(page).toContain("&lt;b&gt;");
    expect(page).not.toContain("http-equiv");
    expect(page).not.toContain("<script");
  });

  it("may be linked from another site, as the control page may", async () => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" };
    expect((await fetch(at("/logins/code-1"), { headers })).status).toBe(200);
    const framed = { ...headers, "sec-fetch-dest": "iframe" };
    expect((await fetch(at("/logins/code-1"), { headers: framed })).status).toBe(403);
  });
});
