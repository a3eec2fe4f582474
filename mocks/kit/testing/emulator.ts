/** For the tests of this folder: a small PingOne-like server behind the journal, the faults and the control API. */
import { Hono } from "hono";
import type { LoginView, PingOneAdmin, PingOneStateView, TakeTokenFault } from "../../pingone/contracts.ts";
import { createClock, type MovableClock } from "../clock.ts";
import { mountControl } from "../control/app.ts";
import { type Control, createControl } from "../control/control.ts";
import { createTokenFaultTaker } from "../faults/middleware.ts";
import { createFaultQueue } from "../faults/queue.ts";
import type { EmulatorApp } from "../http-server.ts";
import { createJournal, type Journal } from "../journal/journal.ts";
import { listen } from "../listen.ts";

export interface TestEmulator extends AsyncDisposable {
  readonly origin: string;
  readonly control: Control;
  readonly journal: Journal;
  readonly clock: MovableClock;
  readonly takeTokenFault: TakeTokenFault;
  /** Every call of a verb of the fake PingOne, as `verb(arguments)`. */
  readonly calls: string[];
  /** How often the route behind the faults has run. */
  readonly processed: () => number;
  /** What the fake PingOne knows of a code or an interaction. */
  readonly logins: Map<string, LoginView>;
}

const USERS = ["alice", "bob"].map((username) => ({
  id: `${username}-id`,
  username,
  state: "OK",
  sessions: 1,
  accessTokens: 2,
  refreshTokens: 1,
  consents: 0,
}));

export async function createTestEmulator(): Promise<TestEmulator> {
  const journal = createJournal();
  const clock = createClock();
  const queue = createFaultQueue(journal.redactor.hash);
  const calls: string[] = [];
  const logins = new Map<string, LoginView>();
  let processed = 0;
  const control = createControl({
    journal,
    clock,
    faults: queue,
    pingone: () => createFakeAdmin(calls, logins),
    todo: { counts: () => new Map([["alice-id", 2]]), reset: () => calls.push("todo.reset()") },
  });
  const takeTokenFault = createTokenFaultTaker({ queue, journal });

  const app: EmulatorApp = new Hono();
  mountControl(app, {
    emulator: "pingone",
    journal,
    queue,
    control,
    clock: clock.now,
    loginOf: ({ code, interactionId }) => logins.get(code ?? interactionId ?? ""),
  });
  app.post("/env/as/token", async (c) => {
    processed += 1;
    const form = new URLSearchParams(await c.req.text());
    const fault = takeTokenFault(logins.get(form.get("code") ?? "") ?? {});
    return c.json({ token_type: "Bearer", expires_in: 3600, fields: [...form.keys()], fault });
  });
  app.get("/env/as/userinfo", (c) => c.json({ sub: "alice-id" }));
  app.get("/env/as/authorize", (c) => c.redirect(`https://client.example/callback?code=SECRET-CODE&state=s`));
  app.get("/env/as/broken", () => {
    throw new Error("wires crossed");
  });
  const server = await listen(app, { port: 0, variable: "PINGONE_PORT", need: "a test" });
  return {
    origin: server.origin,
    control,
    journal,
    clock,
    takeTokenFault,
    calls,
    logins,
    processed: () => processed,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function createFakeAdmin(calls: string[], logins: ReadonlyMap<string, LoginView>): PingOneAdmin {
  const forUser = (verb: string) => (user: string) => {
    if (!USERS.some(({ username }) => username === user)) {
      throw new Error(`There is no user ${user}. Users: alice, bob.`);
    }
    calls.push(`${verb}(${user})`);
    return 2;
  };
  return {
    describe: (): PingOneStateView => ({
      issuer: "http://127.0.0.1/env/as",
      signingKeyId: "key-1",
      keyIds: ["key-1"],
      switches: { resourceParam: "ignore", accessTokenTtlSeconds: 3600, replayProtection: true },
      flows: [
        { policyId: "policy-1", name: "Sign on <default>", bound: true },
        { policyId: "policy-2", name: "Consent without a branch", bound: false },
      ],
      users: USERS,
    }),
    loginOf: ({ code, interactionId }) => logins.get(code ?? interactionId ?? ""),
    rotateKeys: async ({ drop = false } = {}) => {
      calls.push(`rotateKeys(${drop})`);
      return "key-2";
    },
    refreshTokens: () => [
      {
        username: "alice",
        clientId: "mcp-server",
        scopes: ["openid"],
        expiresAt: "2026-01-01T00:00:00.000Z",
      },
    ],
    expireTokens: forUser("expireTokens"),
    revokeTokens: forUser("revokeTokens"),
    endSession: forUser("endSession"),
    chooseFlow: (flow, application) => calls.push(`chooseFlow(${flow},${application})`),
    setSwitches: (switches) => calls.push(`setSwitches(${JSON.stringify(switches)})`),
    reset: async () => {
      calls.push("reset()");
    },
  };
}
