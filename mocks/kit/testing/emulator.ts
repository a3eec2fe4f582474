/** Two small emulators for the tests of the kit. */
import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { composeEmulators } from "../composition.ts";
import { type ControlClient, createClient } from "../control/client.ts";
import type { Control } from "../control/control.ts";
import { verbsOf } from "../control/verb.ts";
import { defineEmulator, type FaultRequest, type RequestLine } from "../emulator.ts";
import { answerWith, defineFault } from "../faults/fault.ts";
import { type EmulatorApp, listen } from "../listen.ts";
import type { LoginView } from "../login.ts";
import { ControlRequestError } from "../refusal.ts";
import { runKit } from "../run.ts";

/** What the emulators record. */
interface Notebook {
  /** Every call of a verb, as `verb(arguments)`. */
  readonly calls: string[];
  /** Logins by code or interaction. */
  readonly logins: Map<string, LoginView>;
}

const verb = verbsOf<Notebook, ReturnType<typeof describeAccounts>>();
const endsWith =
  (end: string) =>
  ({ path }: RequestLine) =>
    path.endsWith(end);
const USERS = ["alice", "bob"];

function describeAccounts() {
  return {
    plan: "policy-1",
    plans: ["Sign on <default>", "Consent without a branch"],
    users: USERS.map((username) => ({ username, sessions: 1 })),
    switches: { resourceParam: "ignore", lifetimeSeconds: 3600, replayProtection: true, graceSeconds: null },
  };
}

/** Has every kind of verb, and faults that it builds in itself. */
const ACCOUNTS = defineEmulator({
  name: "accounts",
  title: "Accounts",
  endpoints: {
    jwks: endsWith("/as/jwks"),
    authorize: endsWith("/as/authorize"),
    interaction: ({ path }) => path.includes("/interactions/"),
    token: endsWith("/as/token"),
    userinfo: endsWith("/as/userinfo"),
    par: endsWith("/as/par"),
  },
  faults: {
    wrong_signature: defineFault({ moment: "inside", about: "Another key signs.", endpoints: ["token"] }),
    wrong_nonce: defineFault({ moment: "inside", about: "Another nonce.", endpoints: ["token"] }),
  },
  verbs: {
    "keys.rotate": verb({
      route: "POST /keys/rotate",
      about: "A new key.",
      input: z.strictObject({ drop: z.boolean().optional().meta({ title: "Drop the old keys" }) }),
      answers: "kid",
      form: { section: "Keys", submit: "Rotate the key" },
      run: ({ calls }, { drop = false }) => {
        calls.push(`rotateKeys(${drop})`);
        return "key-2";
      },
    }),
    "tokens.expire": verb({
      route: "POST /tokens/expire",
      about: "Expires the user's tokens.",
      input: z.strictObject({ user: z.string().min(1) }),
      inputFrom: (user: string) => ({ user }),
      answers: "count",
      button: "Expire tokens",
      run: ({ calls }, { user }) => {
        if (!USERS.includes(user))
          throw new ControlRequestError(`There is no user ${user}. Users: alice, bob.`);
        calls.push(`expireTokens(${user})`);
        return 2;
      },
    }),
    choosePlan: verb({
      route: "POST /plan",
      about: "Chooses a plan.",
      input: z.strictObject({
        plan: z.string().min(1).meta({ title: "Plan" }),
        application: z.string().min(1).optional(),
      }),
      inputFrom: (plan: string, application?: string) => ({ plan, application }),
      form: {
        section: "Plan",
        submit: "Choose this plan",
        choices: ({ plans }) => ({
          plan: plans.map((text, at) => ({ value: `policy-${at + 1}`, text })),
        }),
        values: ({ plan }) => ({ plan }),
      },
      run: ({ calls }, { plan, application }) => {
        calls.push(`choosePlan(${plan},${application})`);
      },
    }),
    "switches.set": verb({
      route: "POST /switches",
      about: "Sets switches.",
      input: z.strictObject({
        resourceParam: z
          .enum(["ignore", "honour"])
          .optional()
          .meta({ title: "Resource", choices: { ignore: "ignored", honour: "sets the audience" } }),
        lifetimeSeconds: z.int().optional().meta({ title: "Lifetime, seconds" }),
        replayProtection: z
          .boolean()
          .nullable()
          .optional()
          .meta({ title: "Replay protection", unset: "as the application says" }),
        graceSeconds: z.int().nullable().optional().meta({
          title: "Grace, seconds",
          hint: "For the old one.",
          unset: "as the application says",
        }),
      }),
      form: {
        section: "Switches",
        about: "Behaviours that differ.",
        submit: "Set the switches",
        values: ({ switches }) => switches,
      },
      run: ({ calls }, switches) => {
        calls.push(`setSwitches(${JSON.stringify(switches)})`);
      },
    }),
    importPlan: verb({
      route: "POST /plan/file",
      about: "Takes a plan.",
      input: z.strictObject({
        file: z.string().min(1).meta({ title: "File", file: true }),
        note: z.string().optional().meta({ title: "Note" }),
      }),
      output: z.int(),
      takesFile: true,
      form: { section: "Plan", submit: "Take it", describe: (length) => `It has ${length} characters.` },
      run: ({ calls }, { file, note }) => {
        calls.push(`importPlan(${file.slice(0, 20)},${note})`);
        return file.length;
      },
    }),
    breakDown: verb({
      route: "POST /break",
      about: "Fails.",
      input: z.strictObject({}),
      run: () => {
        throw new Error("wires crossed");
      },
    }),
  },
  redaction: {
    shownParameters: ["client_id", "grant_type", "login_hint", "scope", "x"],
    secretsInPaths: /(?<=\/interactions\/)[^/?#*]+/g,
  },
  page: {
    facts: ({ plan }) => [["Plan", plan]],
    users: ({ users }) => new Map(users.map(({ username, sessions }) => [username, { Sessions: sessions }])),
    sections: ({ logins }: Notebook) => [
      { title: "Logins", content: html`<p>${logins.size} logins</p>`, isWide: false },
    ],
    pages: [
      {
        path: "/logins/:login",
        render: (_: Notebook, { login = "" }) =>
          login === "code-1"
            ? { title: `Login ${login}`, content: html`<p id="live-login" data-live>here</p>`, isLive: true }
            : { title: "No such login", content: html`<p>${login}</p>`, status: 404 },
      },
    ],
    style: ".login { color: var(--ink); }",
  },
  errorBody: (status) => ({ code: "UNEXPECTED_ERROR", message: `Told to answer ${status}.` }),
  readLogin: ({ path, query, form }) => {
    const stated = { state: query.get("state"), loginHint: query.get("login_hint") };
    const credentials = { code: form.get("code"), interactionId: /\/interactions\/(.+)$/.exec(path)?.[1] };
    return { stated: withoutNull(stated), credentials: withoutNull(credentials) };
  },
  loginOf: ({ logins }: Notebook, { code, interactionId }) => logins.get(code ?? interactionId ?? ""),
  state: describeAccounts as (notebook: Notebook) => ReturnType<typeof describeAccounts>,
  reset: ({ calls }: Notebook) => {
    calls.push("accounts.reset()");
  },
  snapshot: ({ calls }: Notebook) => ({ calls: calls.length }),
  restore: ({ calls }: Notebook, snapshot) => {
    const saved = z.object({ calls: z.int() }).safeParse(snapshot);
    if (!saved.success) throw new Error("the number of calls is missing.");
    calls.splice(0, calls.length, ...Array(saved.data.calls).fill("restored"));
  },
});

/** Has a fault with an answer of its own, and no verb. */
const NOTES = defineEmulator({
  name: "notes",
  title: "Notes",
  endpoints: {
    "notes.list": ({ method, path }) => method === "GET" && path === "/notes",
    "notes.add": ({ method, path }) => method === "POST" && path === "/notes",
  },
  faults: {
    conflict: defineFault({
      moment: "instead",
      about: "409.",
      endpoints: ["notes.list", "notes.add"],
      respond: () => answerWith({ error: "conflict" }, 409),
    }),
  },
  verbs: {},
  redaction: { shownParameters: ["text"] },
  page: { facts: ({ count }) => [["Notes", String(count)]] },
  errorBody: (status) => ({ error: `status_${status}` }),
  readLogin: () => ({}),
  state: (_: Notebook) => ({ count: 2 }),
  reset: ({ calls }: Notebook) => {
    calls.push("notes.reset()");
  },
  snapshot: () => "notes",
  restore: (_: Notebook, snapshot) => {
    if (snapshot !== "notes") throw new Error("the notes are lost.");
  },
});

export const TEST_EMULATORS = composeEmulators(ACCOUNTS, NOTES);

type Emulators = typeof TEST_EMULATORS.emulators;
export type TestControl = Control<Emulators>;
export type TestClient = ControlClient<Emulators>;
export type TestFaultRequest = FaultRequest<Emulators>;

export interface TestEmulator extends AsyncDisposable, Notebook {
  readonly origin: string;
  readonly control: TestControl;
  readonly client: TestClient;
  readonly exportState: () => unknown;
  /** How often the route behind the faults has run. */
  readonly processed: () => number;
}

/**
 * Serves the first of the two.
 * @param options.isStarting The server listens, but neither emulator has started.
 */
export async function createTestEmulator(
  options: { readonly isStarting?: boolean; readonly controlToken?: string } = {},
): Promise<TestEmulator> {
  const notebook: Notebook = { calls: [], logins: new Map() };
  const running = () => (options.isStarting === true ? undefined : notebook);
  const kit = runKit(TEST_EMULATORS, { accounts: running, notes: running }, options);
  let processed = 0;

  const app: EmulatorApp = new Hono();
  kit.mount(app, "accounts");
  app.post("/env/as/token", async (c) => {
    processed += 1;
    const form = new URLSearchParams(await c.req.text());
    const fault = kit.takeFault("token", notebook.logins.get(form.get("code") ?? "") ?? {});
    return c.json({ token_type: "Bearer", expires_in: 3600, fields: [...form.keys()], fault });
  });
  app.get("/env/as/userinfo", (c) => c.json({ sub: "alice-id" }));
  app.get("/env/as/authorize", (c) => c.redirect("https://client.example/callback?code=SECRET-CODE&state=s"));
  app.get("/env/as/broken", () => {
    throw new Error("wires crossed: eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln");
  });
  const server = await listen(app, { port: 0, need: "a test" });
  return {
    ...notebook,
    origin: server.origin,
    control: kit.control,
    client: createClient<Emulators>(TEST_EMULATORS.verbs, server.origin),
    exportState: kit.exportState,
    processed: () => processed,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function withoutNull(values: Readonly<Record<string, string | null | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => typeof value === "string"),
  ) as Record<string, string>;
}
