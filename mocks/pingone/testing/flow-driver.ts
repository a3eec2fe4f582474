/** Drives flows in tests as a person would: reads the screen, fills its form, presses a button. */
import { randomUUID } from "node:crypto";
import usersFixture from "../../../fixtures/pingone/users.json" with { type: "json" };
import type { AuthorizationContext, FlowOutcome } from "../davinci/contracts.ts";
import { createFlowEngine, type FlowEngine } from "../davinci/engine.ts";
import type { Flow } from "../davinci/flow-schema.ts";
import type { Interaction } from "../davinci/interaction.ts";
import { loadFlows } from "../davinci/load-flows.ts";
import { ConsentStore } from "../tenant/consents.ts";
import { type UserFixture, UserStore } from "../tenant/users.ts";

/** TEST ONLY. */
export const PASSWORD = "2FederateM0re!";

export function userFixture(username: string, changes: Partial<UserFixture> = {}): UserFixture {
  return {
    id: randomUUID(),
    username,
    email: `${username}@example.com`,
    name: { given: username, family: "Test" },
    enabled: true,
    password: { value: PASSWORD },
    ...changes,
  };
}

export interface TestEngineOptions {
  readonly users?: readonly UserFixture[];
  readonly flows?: readonly Flow[];
}

const START = Date.parse("2026-11-24T12:00:00Z");

/** Their passwords are hashed only once, because that takes longer than most tests. */
const shippedUsers = new UserStore(usersFixture._embedded.users as UserFixture[], {
  clock: () => START,
}).snapshot();

/** An engine over the shipped flows and users, with a clock that stands still until `advanceClock`. */
export function createTestEngine({ users: fixtures, flows }: TestEngineOptions = {}) {
  let now = START;
  const clock = () => now;
  const users = new UserStore(fixtures ?? [], { clock });
  if (fixtures === undefined) users.restore(shippedUsers);
  const consents = new ConsentStore({ clock });
  let codes = 100_000;
  const engine = createFlowEngine({
    flows: flows ?? loadFlows("fixtures/davinci"),
    users,
    consents,
    clock,
    createCode: () => String(++codes),
  });

  /** Begins the flow of that name and returns the person in front of it. */
  const open = async (flow: string, changes: Partial<AuthorizationContext> = {}) => {
    const id = randomUUID();
    const { interaction, outcome } = await engine.begin(id, {
      application: { id: "app-1", name: "Remote MCP Server" },
      redirectHost: "localhost:8787",
      scopes: ["openid", "profile", "todo_api:read", "todo_api:write"],
      policyId: engine.findFlow(flow).policyId,
      loginHint: undefined,
      silent: false,
      forceAuthentication: false,
      session: undefined,
      parameters: {},
      formAction: `/as/interaction/${id}`,
      ...changes,
    });
    return new Person(engine, id, interaction, outcome);
  };

  return {
    engine,
    users,
    consents,
    clock,
    open,
    advanceClock: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

export class Person {
  readonly interactionId: string;
  readonly #engine: FlowEngine;
  readonly #interaction: Interaction | undefined;
  /** What the last answer was; undefined: the flow had ended. */
  outcome: FlowOutcome | undefined;

  constructor(
    engine: FlowEngine,
    interactionId: string,
    interaction: Interaction | undefined,
    outcome: FlowOutcome,
  ) {
    this.#engine = engine;
    this.interactionId = interactionId;
    this.#interaction = interaction;
    this.outcome = outcome;
  }

  /** The page on screen. @throws {Error} when there is none. */
  get html(): string {
    if (this.outcome?.kind === "screen") return this.outcome.html;
    throw new Error(`There is no screen but: ${JSON.stringify(this.outcome)}`);
  }

  get heading(): string {
    return /<h1>(.*?)<\/h1>/s.exec(this.html)?.[1] ?? "";
  }

  /** The error text of the page. */
  get alert(): string | undefined {
    return /role="alert"[^>]*>(.*?)<\/p>/s.exec(this.html)?.[1];
  }

  get notice(): string | undefined {
    return /role="status"[^>]*>(.*?)<\/p>/s.exec(this.html)?.[1];
  }

  /** Keys of the inputs that a person sees, in their order. */
  get inputs(): string[] {
    return [...this.html.matchAll(/<input type="(?:text|password)" id="(\w+)"/g)].map(
      (match) => match[1] ?? "",
    );
  }

  /** Buttons as `value: label`. */
  get buttons(): string[] {
    return [...this.html.matchAll(/name="buttonValue" value="(\w+)"[^>]*>(.*?)<\/button>/g)].map(
      (match) => `${match[1]}: ${match[2]}`,
    );
  }

  get step(): string {
    return /name="step" value="(\d+)"/.exec(this.html)?.[1] ?? "";
  }

  /** Presses a button of the page on screen. */
  async press(button: string, fields: Readonly<Record<string, string>> = {}): Promise<this> {
    return this.post({ ...fields, step: this.step, buttonValue: button });
  }

  async post(form: Readonly<Record<string, string>> | URLSearchParams): Promise<this> {
    if (!this.#interaction) throw new Error("The flow did not begin.");
    this.outcome = await this.#engine.submit(this.#interaction, new URLSearchParams(form));
    return this;
  }

  async signOn(username: string, password = PASSWORD): Promise<this> {
    return this.press("SIGNON", { username, password });
  }
}
