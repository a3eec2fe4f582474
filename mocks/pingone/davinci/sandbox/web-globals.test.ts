import { afterAll, expect, it } from "vitest";
import { failed, ok, returning } from "../../testing/sandbox-answers.ts";
import { createSandbox } from "./create-sandbox.ts";

const sandbox = createSandbox();
afterAll(() => sandbox.close());

it.each([
  ["an address", returning("new URL('../c?d=1#e', 'https://A.test/b/').href"), "https://a.test/c?d=1#e"],
  [
    "changes to an address",
    "module.exports = () => { const url = new URL('https://a.test'); url.searchParams.append('q', 'ä b'); url.port = 8; return { url } }",
    { url: "https://a.test:8/?q=%C3%A4+b" },
  ],
  ["a query", returning("Object.fromEntries(new URLSearchParams({ a: 1, b: 'x&y' }))"), { a: "1", b: "x&y" }],
  [
    "dates and numbers for people",
    returning(
      "[new Date(0).toLocaleDateString('en-US', { month: 'long', day: 'numeric' }), new Intl.DateTimeFormat('de', { hour: '2-digit', timeZone: 'Europe/Berlin' }).format(0), (1234.5).toLocaleString('en-US', { style: 'currency', currency: 'USD' })]",
    ),
    ["January 1", "01 Uhr", "$1,234.50"],
  ],
  ["bytes", returning("new TextDecoder().decode(new TextEncoder().encode('ä'))"), "ä"],
  ["random bytes", returning("crypto.getRandomValues(new Uint32Array(4)).length"), 4],
  [
    "copies",
    returning("structuredClone({ a: [new Date(0)], b: new Map([[1, { c: 2 }]]).get(1) })"),
    {
      a: ["1970-01-01T00:00:00.000Z"],
      b: { c: 2 },
    },
  ],
])("code can use %s", async (_, code, value) => {
  expect(await sandbox.callFunction(code, {})).toEqual(ok(value));
});

it.each([
  ["has a malformed address", returning("new URL(params.secret)"), "The code threw TypeError in line 1."],
  [
    "wants too many random bytes",
    returning("crypto.getRandomValues(new Uint8Array(1e6))"),
    "The code threw an error in line 1.",
  ],
])("code that %s fails, without values of the run", async (_, code, message) => {
  expect(await sandbox.callFunction(code, { secret: "no address" })).toEqual(failed("threw", message));
});
