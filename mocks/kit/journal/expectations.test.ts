import { describe, expect, it } from "vitest";
import { redactParameters } from "../middleware.ts";
import { expectRequest } from "./expectations.ts";
import { Journal, type NewEntry } from "./journal.ts";
import { createRedactor } from "./redaction.ts";
import type { RequestPattern } from "./request-pattern.ts";

const CODE = "SECRET-CODE-1234";
const redactor = createRedactor([
  { shownParameters: ["grant_type"], secretsInPaths: /(?<=\/interactions\/)[^/?#*]+/g },
]);

function journalWith(...entries: Partial<NewEntry>[]): Journal {
  const journal = new Journal(redactor);
  for (const entry of entries) addTo(journal, entry);
  return journal;
}

function addTo(journal: Journal, entry: Partial<NewEntry>): void {
  const form = new URLSearchParams({ grant_type: "authorization_code", code: CODE });
  journal.add({
    emulator: "accounts",
    endpoint: "token",
    method: "POST",
    path: "/env/as/token",
    query: {},
    form: redactParameters(form, journal.redactor),
    headers: {
      authorization: journal.redactor.header("authorization", `Basic ${btoa("mcp-server:SECRET")}`),
    },
    at: "2026-01-01T00:00:00.000Z",
    status: 200,
    login: { username: "alice", clientId: "mcp-server", state: journal.redactor.hash("SECRET-STATE") },
    ...entry,
  });
}

const USERINFO: Partial<NewEntry> = {
  endpoint: "userinfo",
  method: "GET",
  path: "/env/as/userinfo",
  form: {},
};

describe("expectRequest", () => {
  it.each<RequestPattern>([
    {},
    { endpoint: "token" },
    { emulator: "accounts", method: "post", status: 200 },
    { path: "/env/as/token" },
    { path: "*/as/token" },
    { path: "/env/*" },
    { path: "/env*/as**/token" },
    { path: "*" },
    { form: { constructor: false }, query: { toString: false }, headers: { constructor: false } },
    { form: { grant_type: "authorization_code" } },
    { form: { code: CODE } },
    { form: { code: true, refresh_token: false } },
    { headers: { Authorization: `Basic ${btoa("mcp-server:SECRET")}` } },
    { headers: { authorization: true, cookie: false } },
    { login: { user: "alice" } },
    { login: { state: "SECRET-STATE", clientId: "mcp-server" } },
    { fault: "reset" },
    { after: 0 },
  ])("fits %j", async (pattern) => {
    expect(await expectRequest(journalWith({ faults: ["reset"] }), pattern)).toHaveLength(1);
  });

  it("answers soon, however many characters may be any", async () => {
    const journal = journalWith({ path: `/${"a".repeat(5000)}` });
    const began = performance.now();
    await expect(expectRequest(journal, { path: `${"*a".repeat(500)}b` })).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it.each<RequestPattern>([
    { endpoint: "par" },
    { emulator: "notes" },
    { method: "GET" },
    { status: 400 },
    { path: "/env/as" },
    { path: "/env/as/toke." },
    { path: "" },
    { path: "/env/as/token*n" },
    { path: "*/env/as/token/*" },
    { path: "/env/as*/as/token" },
    { form: { constructor: true } },
    { headers: { constructor: true } },
    { form: { grant_type: "refresh_token" } },
    { form: { code: "another" } },
    { form: { code: false } },
    { form: { refresh_token: true } },
    { query: { code: true } },
    { headers: { authorization: "Bearer x" } },
    { login: { user: "bob" } },
    { login: { state: "other" } },
    { login: { clientId: "other" } },
    { fault: "delay" },
    { after: 1 },
  ])("does not fit %j", async (pattern) => {
    await expect(expectRequest(journalWith({}), pattern)).rejects.toThrow("No request fits");
  });

  it("finds a sign-in under way by its path, hidden as it is", async () => {
    const journal = new Journal(redactor);
    addTo(journal, { path: journal.redactor.path("/env/interactions/SECRET") });
    expect(await expectRequest(journal, { path: "/env/interactions/SECRET" })).toHaveLength(1);
    expect(await expectRequest(journal, { path: "/env/interactions/*" })).toHaveLength(1);
    await expect(expectRequest(journal, { path: "/env/interactions/other" })).rejects.toThrow();
  });

  it("shows the closest request field by field, without a secret of either side", async () => {
    const journal = journalWith(USERINFO, {}, USERINFO);
    const error = await expectRequest(journal, {
      endpoint: "token",
      form: { grant_type: "refresh_token", code: "OTHER-SECRET" },
    }).catch((caught: Error) => caught);
    const { message } = error as Error;
    expect(message).toContain("The closest of 3 is:\n  #2 POST /env/as/token -> 200\n    endpoint: token\n");
    expect(message).toContain(
      "  - form.grant_type: expected refresh_token\n  + form.grant_type: was authorization_code",
    );
    expect(message).toMatch(/- form\.code: expected #[0-9a-f]{8}\n {2}\+ form\.code: was #[0-9a-f]{8}/);
    expect(message).not.toContain("SECRET");
  });

  it("says so when nothing was journalled, and when entries were lost", async () => {
    await expect(expectRequest(new Journal(redactor), { endpoint: "token" })).rejects.toThrow(
      "none has been journalled",
    );
    const small = new Journal(redactor, 1);
    addTo(small, {});
    addTo(small, USERINFO);
    await expect(expectRequest(small, { endpoint: "token" })).rejects.toThrow("1 older ones are no longer");
  });

  it("counts exactly, and lists what there was", async () => {
    const journal = journalWith({}, {});
    await expect(expectRequest(journal, { endpoint: "token" }, { times: 1 })).rejects.toThrow(
      /exactly 1 request like .*but 2 fit:\n {2}#1 POST .*\n {2}#2 POST/,
    );
    expect(await expectRequest(journal, { endpoint: "token" }, { times: 2 })).toHaveLength(2);
  });

  it("names the pattern's fields but not their values", async () => {
    const failed = expectRequest(journalWith({}), { form: { code: CODE } }, { times: 0 });
    await expect(failed).rejects.toThrow(/"form":\["code"\]/);
    await expect(failed).rejects.not.toThrow(CODE);
  });

  it.each([
    ["resolves when a request comes that it waits for", undefined],
    ["rejects when a request comes that must not", 0],
  ])("%s", async (_, times) => {
    const journal = new Journal(redactor);
    const waiting = expectRequest(journal, { endpoint: "token" }, { times, withinMilliseconds: 5000 });
    addTo(journal, {});
    if (times === 0) await expect(waiting).rejects.toThrow("Expected no request");
    else expect(await waiting).toHaveLength(1);
  });

  it("settles when the time is over", async () => {
    const wait = (times?: number) =>
      expectRequest(new Journal(redactor), {}, { times, withinMilliseconds: 20 });
    await expect(wait()).rejects.toThrow("No request fits");
    expect(await wait(0)).toEqual([]);
  });
});
