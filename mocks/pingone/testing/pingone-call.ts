/** For tests of connectors: one run of one node, outside of a flow. */
import { randomUUID } from "node:crypto";
import type { AuthorizationContext } from "../davinci/contracts.ts";
import type { Call, Capability, Effect, Services, SessionKeeper } from "../davinci/engine/capability.ts";
import type { FlowNode } from "../davinci/graph/graph.ts";
import { createOutbox } from "../davinci/outbox.ts";
import type { SubmittedFields } from "../davinci/screens/screen.ts";
import { AgreementStore } from "../tenant/agreements.ts";
import { CodeStore } from "../tenant/codes.ts";
import { ConsentStore } from "../tenant/consents.ts";
import { Environment, type LoadedEnvironment } from "../tenant/environment.ts";
import { type UserFixture, UserStore } from "../tenant/users.ts";

export interface PingOneCallOptions {
  readonly users?: readonly UserFixture[];
  readonly agreements?: ConstructorParameters<typeof AgreementStore>[0];
  readonly environment?: Partial<LoadedEnvironment>;
  readonly context?: Partial<AuthorizationContext>;
  readonly sessions?: Partial<SessionKeeper>;
  readonly isMainFlow?: boolean;
}

const ENVIRONMENT: LoadedEnvironment = {
  id: "env-1",
  organizationId: "org-1",
  region: "EU",
  applications: [],
  resources: [],
  groups: [],
  populations: [],
  grants: new Map(),
  policies: [],
  assignments: [],
  flowPolicyIds: [],
  ownFlowPolicyIds: new Set(),
};

/** Stores of a tenant, and a way to run nodes on them. The run remembers what nodes tell it, as that of a flow does. */
export function createPingOneCalls(options: PingOneCallOptions = {}) {
  let now = Date.parse("2026-11-24T12:00:00Z");
  const clock = () => now;
  let lastCode = 100_000;
  const remarks: string[] = [];
  const run = {
    userId: undefined as string | undefined,
    isSessionAccepted: false,
    consentedScopes: undefined as readonly string[] | undefined,
  };
  const services = {
    users: new UserStore(options.users ?? [], { clock }),
    consents: new ConsentStore({ clock }),
    codes: new CodeStore({ clock }),
    agreements: new AgreementStore(options.agreements ?? [], { clock }),
    environment: new Environment({ ...ENVIRONMENT, ...options.environment }),
    sessions: { endSession: () => {}, updateSession: () => undefined, ...options.sessions },
    outbox: createOutbox(),
    clock,
    createCode: () => String(++lastCode),
    get sandbox(): never {
      throw new Error("these tests have no sandbox");
    },
  } as unknown as Services;
  const context: AuthorizationContext = {
    application: { id: "app-1", name: "Remote MCP Server" },
    redirectHost: "localhost:8787",
    scopes: ["openid", "profile", "todo_api:read"],
    policyId: "policy-1",
    loginHint: undefined,
    silent: false,
    forceAuthentication: false,
    session: undefined,
    parameters: {},
    formAction: "/form",
    ...options.context,
  };

  const callOf = (capabilityName: string, properties: Record<string, unknown>): Call => {
    const node: FlowNode = {
      id: "node1",
      connectorId: "connector",
      capabilityName,
      title: capabilityName,
      properties,
      isDisabled: false,
      exits: [],
    };
    const call = {
      node,
      properties,
      scope: { global: {}, local: {} },
      context,
      services,
      isMainFlow: options.isMainFlow ?? true,
      resolve: (raw: unknown) => raw,
      variable: () => undefined,
      setVariable: () => {},
      get userId() {
        return run.userId;
      },
      identify: (userId: string) => {
        run.userId = userId;
      },
      authenticated: () => {
        run.isSessionAccepted = false;
      },
      acceptSession: () => {
        run.isSessionAccepted = true;
      },
      isSessionAccepted: () => run.isSessionAccepted,
      keepConsentedScopes: (scopes: readonly string[]) => {
        run.consentedScopes = scopes;
      },
      get consentedScopes() {
        return run.consentedScopes;
      },
      remark: (text: string) => remarks.push(text),
    };
    return call as unknown as Call;
  };

  return {
    services,
    state: run,
    remarks,
    advanceClock: (minutes: number) => {
      now += minutes * 60_000;
    },
    /** Runs a capability of a connector. Values of properties are as bindings would have given them. */
    async call(
      connector: { readonly capabilities: Readonly<Record<string, Capability>> },
      capabilityName: string,
      properties: Record<string, unknown> = {},
    ): Promise<TestedEffect> {
      const capability = capabilityOf(connector, capabilityName);
      return tested(await capability.run(callOf(capabilityName, properties)));
    },
    async answer(
      connector: { readonly capabilities: Readonly<Record<string, Capability>> },
      capabilityName: string,
      properties: Record<string, unknown>,
      fields: SubmittedFields,
    ): Promise<TestedEffect> {
      const { answer } = capabilityOf(connector, capabilityName);
      if (!answer) throw new Error(`${capabilityName} has no answer`);
      return tested(await answer(callOf(capabilityName, properties), fields));
    },
  };
}

/** An effect as the tests look at it. */
// biome-ignore lint/suspicious/noExplicitAny: outputs are JSON of any shape.
export type TestedEffect = Effect & { readonly output?: any; readonly error?: any };

function tested(effect: Effect): TestedEffect {
  // What a flow keeps is JSON.
  return JSON.parse(JSON.stringify(effect));
}

function capabilityOf(
  { capabilities }: { readonly capabilities: Readonly<Record<string, Capability>> },
  name: string,
): Capability {
  const found = capabilities[name];
  if (!found) throw new Error(`there is no capability ${name}`);
  return found;
}

/** TEST ONLY. */
export const PASSWORD = "2FederateM0re!";

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
