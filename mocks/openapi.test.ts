/** The OpenAPI document says what the control API takes and answers: each verb is called, and its answer compared. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OFFLINE, PINGONE_ALONE } from "./control.ts";
import { type Offline, startOffline, startPingOne } from "./index.ts";
import type { Verb } from "./kit/control/verb.ts";
import { TestClient } from "./pingone/testing/client.ts";
import { buildFlow } from "./pingone/testing/graph-builder.ts";

let emulators: Offline;
beforeAll(async () => {
  emulators = await startOffline();
  const tokens = await new TestClient(emulators).obtainTokens();
  await fetch(`${emulators.todoOrigin}/api/todos`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  await (await new TestClient(emulators).open()).submit("Sign On", {
    Username: "mfa",
    Password: "2FederateM0re!",
  });
  await emulators.clock.advance(60);
});
afterAll(() => emulators.close());

const read = async (origin: string) =>
  (await (await fetch(`${origin}/__mocks/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
    security?: unknown;
  };

const DEVICE = "5b4f4d2a-0000-4000-8000-0000000000d1";

/** Bodies for the verbs that need one. */
const INPUTS: Readonly<Record<string, unknown>> = {
  "journal.expect": { pattern: { endpoint: "token" } },
  "journal.expectNone": { pattern: { endpoint: "userinfo" } },
  "faults.queue": { endpoint: "token", fault: "delay", milliseconds: 1, login: { user: "alice" } },
  "clock.advance": { advanceSeconds: 1 },
  "flows.choose": { flow: "consent-always" },
  "flows.add": { flow: buildFlow({ nodes: { end: { is: "acmeConnector.end" } } }) },
  "seed.user": { username: "carol" },
  "seed.consent": { user: "alice", scopes: ["openid"] },
  "seed.group": { name: "Staff" },
  "seed.population": { name: "Customers" },
  "seed.agreement": { name: "Terms", text: "Be kind." },
  "seed.acceptance": { user: "alice", agreement: "Terms" },
  "seed.device": { user: "alice", type: "TOTP", id: DEVICE },
  "mfa.removeDevice": { device: DEVICE },
  "mfa.approve": { user: "alice" },
  "mfa.deny": { user: "alice" },
  "risk.set": { rules: [{ when: { user: "alice" }, level: "HIGH" }] },
  issueTokens: { user: "alice" },
  "tokens.expire": { user: "alice" },
  "tokens.revoke": { user: "alice" },
  "sessions.end": { user: "alice" },
};

/** Those that take away what others show come last. */
const ORDER = ["faults.queue", "journal", "faults", "outbox", "tokens", "sessions", "clock", "reset"];
const rank = (name: string) => ORDER.findIndex((start) => name.startsWith(start));

describe("the OpenAPI document", () => {
  it("has every verb, with the method and path of the control API", async () => {
    const { openapi, paths, security } = await read(emulators.origin);
    expect(openapi).toBe("3.1.0");
    expect(security).toBeUndefined();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
      ),
    );
    const verbs = Object.entries<Verb>(OFFLINE.verbs).map(
      ([name, { route }]) => `${name.replace(".", "_")} ${route}`,
    );
    expect(described.toSorted()).toEqual(verbs.toSorted());
    expect(await read(emulators.todoOrigin)).toEqual(await read(emulators.origin));
  });

  const verbs = Object.entries<Verb>(OFFLINE.verbs)
    .filter(([name]) => !["state.import", "faults.remove", "mfa.scan"].includes(name))
    .sort(([one], [other]) => rank(one) - rank(other));

  it.each(verbs)("describes what %s answers", async (name, { route, output, answers }) => {
    const [method = "", path = ""] = route.split(" ");
    const [run] = await emulators.flows.runs();
    const query = name === "flows.events" ? `?run=${run?.id}` : "";
    const response = await fetch(`${emulators.origin}/__mocks${path}${query}`, {
      method,
      ...(method !== "GET" && {
        body: JSON.stringify(INPUTS[name] ?? {}),
        headers: { "content-type": "application/json" },
      }),
    });
    const { paths } = await read(emulators.origin);
    expect(Object.keys(paths[path]?.[method.toLowerCase()]?.responses ?? {})).toContain(
      String(response.status),
    );
    if (output === undefined) return expect(response.status).toBe(204);
    const body: unknown = await response.json();
    output.parse(answers === undefined ? body : (body as Record<string, unknown>)[answers]);
    if (Array.isArray(body)) expect(body).not.toEqual([]);
  });

  it("asks for the token where the control API does", async () => {
    await using pingone = await startPingOne({ controlToken: "a-token" });
    expect((await fetch(`${pingone.origin}/__mocks/openapi.json`)).status).toBe(401);
    const headers = { authorization: "Bearer a-token" };
    const response = await fetch(`${pingone.origin}/__mocks/openapi.json`, { headers });
    const { security, paths } = (await response.json()) as Awaited<ReturnType<typeof read>>;
    expect(security).toEqual([{ token: [] }]);
    expect(Object.keys(PINGONE_ALONE.verbs)).toHaveLength(Object.values(paths).flatMap(Object.keys).length);
  });
});
