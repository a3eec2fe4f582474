/** Drives flows in tests as a person would: reads the screen, fills its form, presses a button. */
import { randomUUID } from "node:crypto";
import { type HTMLElement, parse } from "node-html-parser";
import usersFixture from "../../../fixtures/pingone/users.json" with { type: "json" };
import { createRegistry } from "../davinci/connectors/registry.ts";
import type { AuthorizationContext, FlowOutcome } from "../davinci/contracts.ts";
import { createFlowEngine, type FlowEngine } from "../davinci/engine/flow-engine.ts";
import type { RunnableFlow } from "../davinci/engine/flows.ts";
import type { Interaction } from "../davinci/engine/interaction.ts";
import { createSandbox } from "../davinci/sandbox/create-sandbox.ts";
import { compileLoaded, loadScenarios } from "../davinci/scenarios/load-scenarios.ts";
import type { Scenario } from "../davinci/scenarios/scenario-schema.ts";
import { runnable } from "../load-files.ts";
import { AgreementStore } from "../tenant/agreements.ts";
import { ChallengeStore } from "../tenant/challenges.ts";
import { CodeStore } from "../tenant/codes.ts";
import { ConsentStore } from "../tenant/consents.ts";
import { Environment, type Group } from "../tenant/environment.ts";
import { FlowCookieStore } from "../tenant/flow-cookies.ts";
import { Mfa } from "../tenant/mfa.ts";
import type { DeviceSelection } from "../tenant/mfa-policy.ts";
import { RiskStore } from "../tenant/risk.ts";
import { type UserFixture, UserStore } from "../tenant/users.ts";
import { EMPTY_ENVIRONMENT, flowContext } from "./flow-context.ts";

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
  readonly scenarios?: readonly Scenario[];
  /** Default: those of the scenarios. */
  readonly flows?: readonly RunnableFlow[];
  readonly groups?: readonly Group[];
  readonly deviceSelection?: DeviceSelection;
}

const START = Date.parse("2026-11-24T12:00:00Z");

/** Their passwords are hashed only once, because that takes longer than most tests. */
const shippedUsers = new UserStore(usersFixture._embedded.users as UserFixture[], {
  clock: () => START,
}).snapshot();

/** Compiled only once, for the same reason. */
const shippedFlows = loadScenarios("fixtures/davinci").map(runnable);
/** Its thread is started at first use and keeps no process alive. */
const sandbox = createSandbox();

/** An engine over the shipped flows and users, with a clock that stands still until `advanceClock`. */
export function createTestEngine({
  users: fixtures,
  scenarios,
  flows,
  groups = [],
  deviceSelection = "DEFAULT_TO_FIRST",
}: TestEngineOptions = {}) {
  let now = START;
  const clock = () => now;
  const users = new UserStore(fixtures ?? [], { clock });
  if (fixtures === undefined) users.restore(shippedUsers);
  const consents = new ConsentStore({ clock });
  const mfa = new Mfa(fixtures ?? (usersFixture._embedded.users as UserFixture[]), {
    clock,
    deviceSelection: () => deviceSelection,
  });
  let codes = 100_000;
  const engine = createFlowEngine({
    flows: flows ?? scenarios?.map((scenario) => runnable(compileLoaded(scenario))) ?? shippedFlows,
    registry: createRegistry(),
    users,
    consents,
    codes: new CodeStore({ clock }),
    agreements: new AgreementStore([], { clock }),
    mfa,
    risk: new RiskStore(),
    challenges: new ChallengeStore({ clock }),
    cookies: new FlowCookieStore({ clock }),
    environment: new Environment({ ...EMPTY_ENVIRONMENT, groups }),
    sessions: { hasEnded: () => false, endSession: () => {}, updateSession: () => undefined },
    sandbox,
    clock,
    createCode: () => String(++codes),
  });

  /** Begins the flow of that name and returns the person in front of it. */
  const open = async (flow: string, changes: Partial<AuthorizationContext> = {}) => {
    const id = randomUUID();
    const context = flowContext({
      policyId: engine.findFlow(flow).policyId,
      formAction: `/as/interaction/${id}`,
      ...changes,
    });
    const { interaction, outcome } = await engine.begin(id, context);
    return new Person(engine, id, interaction, outcome);
  };

  return {
    engine,
    users,
    consents,
    mfa,
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
    return this.#page.querySelector("h1")?.text.trim() ?? "";
  }

  /** The error text of the page. */
  get alert(): string | undefined {
    return this.#page.querySelector('[role="alert"]')?.text.trim();
  }

  get notice(): string | undefined {
    return this.#page.querySelector('[role="status"]')?.text.trim();
  }

  /** Keys of the inputs that a person sees, in their order. */
  get inputs(): string[] {
    return this.#page
      .querySelectorAll("form.screen input")
      .filter((input) => /^(?:text|password|email|tel)$/.test(input.getAttribute("type") ?? ""))
      .map((input) => input.getAttribute("name") ?? "");
  }

  /** Buttons as `value: label`. */
  get buttons(): string[] {
    return this.#buttons.map((button) => `${button.getAttribute("value")}: ${button.text.trim()}`);
  }

  get step(): string {
    return this.#page.querySelector('input[name="step"]')?.getAttribute("value") ?? "";
  }

  get #page(): HTMLElement {
    return parse(this.html);
  }

  get #buttons(): HTMLElement[] {
    return this.#page.querySelectorAll("form.screen button:not([aria-hidden])");
  }

  /** Presses a button of the page on screen, by its value. */
  async press(button: string, fields: Readonly<Record<string, string>> = {}): Promise<this> {
    const pressed = this.#buttons.find((candidate) => candidate.getAttribute("value") === button);
    const name = pressed?.getAttribute("name") ?? "buttonValue";
    return this.post({ ...fields, step: this.step, [name]: button });
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
