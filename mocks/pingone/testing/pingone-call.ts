/** For tests of PingOne's connectors: nodes that run on the stores of one tenant, and remember as a flow does. */
import { randomUUID } from "node:crypto";
import type { AuthorizationContext } from "../davinci/contracts.ts";
import type { Call, Connector, Effect, Services, SessionKeeper } from "../davinci/engine/capability.ts";
import { createOutbox } from "../davinci/outbox.ts";
import type { SubmittedFields } from "../davinci/screens/screen.ts";
import { AgreementStore } from "../tenant/agreements.ts";
import { ChallengeStore } from "../tenant/challenges.ts";
import { CodeStore } from "../tenant/codes.ts";
import { ConsentStore } from "../tenant/consents.ts";
import { Environment, type LoadedEnvironment } from "../tenant/environment.ts";
import { FlowCookieStore } from "../tenant/flow-cookies.ts";
import { Mfa } from "../tenant/mfa.ts";
import type { DeviceSelection } from "../tenant/mfa-policy.ts";
import { RiskStore } from "../tenant/risk.ts";
import { type UserFixture, UserStore } from "../tenant/users.ts";
import { prepareNode } from "./connector-call.ts";
import { EMPTY_ENVIRONMENT, flowContext } from "./flow-context.ts";

export interface PingOneCallOptions {
  readonly users?: readonly UserFixture[];
  readonly agreements?: ConstructorParameters<typeof AgreementStore>[0];
  readonly environment?: Partial<LoadedEnvironment>;
  readonly context?: Partial<AuthorizationContext>;
  readonly services?: Partial<Services>;
  readonly sessions?: Partial<SessionKeeper>;
  readonly isMainFlow?: boolean;
  readonly deviceSelection?: DeviceSelection;
}

const START = Date.parse("2026-11-24T12:00:00Z");

type Properties = Readonly<Record<string, unknown>>;
// biome-ignore lint/suspicious/noExplicitAny: outputs are JSON of any shape.
export type TestedEffect = Effect & { readonly output?: any; readonly error?: any; readonly outcome?: any };

export function createPingOneCalls(options: PingOneCallOptions = {}) {
  let now = START;
  let lastCode = 100_000;
  const clock = () => now;
  const remarks: string[] = [];
  const state = {
    userId: undefined as string | undefined,
    isSessionAccepted: false,
    consentedScopes: undefined as readonly string[] | undefined,
  };
  const services = {
    users: new UserStore(options.users ?? [], { clock }),
    consents: new ConsentStore({ clock }),
    codes: new CodeStore({ clock }),
    agreements: new AgreementStore(options.agreements ?? [], { clock }),
    mfa: new Mfa(options.users ?? [], {
      clock,
      ...(options.deviceSelection && {
        deviceSelection: () => options.deviceSelection ?? "DEFAULT_TO_FIRST",
      }),
    }),
    risk: new RiskStore(),
    challenges: new ChallengeStore({ clock }),
    cookies: new FlowCookieStore({ clock }),
    environment: new Environment({ ...EMPTY_ENVIRONMENT, ...options.environment }),
    sessions: {
      hasEnded: () => false,
      endSession: () => {},
      updateSession: () => undefined,
      ...options.sessions,
    },
    outbox: createOutbox(),
    clock,
    createCode: () => String(++lastCode),
    ...options.services,
  };

  const prepare = (connector: Connector, capabilityName: string, properties: Properties) => {
    const { call, capability } = prepareNode(connector, capabilityName, { properties, services });
    const ofRun: Partial<Call> = {
      context: flowContext({ scopes: ["openid", "profile", "todo_api:read"], ...options.context }),
      isMainFlow: options.isMainFlow ?? true,
      userId: state.userId,
      consentedScopes: state.consentedScopes,
      identify: (userId) => {
        state.userId = userId;
      },
      authenticated: () => {
        state.isSessionAccepted = false;
      },
      acceptSession: () => {
        state.isSessionAccepted = true;
      },
      isSessionAccepted: () => state.isSessionAccepted,
      keepConsentedScopes: (scopes) => {
        state.consentedScopes = scopes;
      },
      remark: (text) => void remarks.push(text),
    };
    return { call: { ...call, ...ofRun }, capability };
  };

  return {
    services,
    state,
    remarks,
    advanceClock: (minutes: number) => {
      now += minutes * 60_000;
    },
    async call(connector: Connector, name: string, properties: Properties = {}): Promise<TestedEffect> {
      const { call, capability } = prepare(connector, name, properties);
      return asJson(await capability.run(call));
    },
    async answer(
      connector: Connector,
      name: string,
      properties: Properties,
      fields: SubmittedFields,
    ): Promise<TestedEffect> {
      const { call, capability } = prepare(connector, name, properties);
      if (!capability.answer) throw new Error(`${name} has no answer`);
      return asJson(await capability.answer(call, fields));
    },
  };
}

/** What a flow keeps is JSON. */
function asJson(effect: Effect): TestedEffect {
  return JSON.parse(JSON.stringify(effect));
}

/** TEST ONLY. */
export const PASSWORD = "2FederateM0re!";
export const NEW_PASSWORD = "N3w-Passw0rd!";

export function aliceFixture(changes: Partial<UserFixture> = {}): UserFixture & { readonly id: string } {
  return {
    id: randomUUID(),
    username: "alice",
    email: "alice@example.com",
    name: { given: "Alice", family: "Test" },
    password: { value: PASSWORD },
    ...changes,
  };
}
