/**
 * The PingOne emulator: an environment read from fixtures, strict OIDC endpoints, a DaVinci flow engine that asks the
 * person, and `oauth2-mock-server` as signer. It answers requests; the caller serves it.
 *
 * Deliberately left out: TLS, the device grant, token exchange, CIBA, SAML, `pi.flow`, sign-on policies, the Management
 * API. docs/pingone-fidelity.md says which of PingOne's behaviours are here, row by row.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import { z } from "zod";
import type { Clock } from "../kit/clock.ts";
import type { EmulatorApp, EmulatorEnv } from "../kit/listen.ts";

import { createFlowEngine } from "./davinci/engine.ts";
import { loadFlows } from "./davinci/load-flows.ts";
import { PushedRequests } from "./oidc/pushed-requests.ts";
import { SignOnStore } from "./oidc/sign-on.ts";
import { allowOtherOrigins, createRoutes } from "./routes.ts";
import { ConsentStore } from "./tenant/consents.ts";
import { type Application, type Environment, loadEnvironment } from "./tenant/environment.ts";
import { loadFixtureKeys } from "./tenant/keys.ts";
import { SwitchBoard } from "./tenant/switches.ts";
import type { Tenant } from "./tenant/tenant.ts";
import { loadUserStore, type UserStore } from "./tenant/users.ts";
import type { TakeTokenFault } from "./tokens/defects.ts";
import { Signer } from "./tokens/sign.ts";
import { TokenStore } from "./tokens/store.ts";
import { PingOneAdmin } from "./verbs.ts";

export interface PingOneOptions {
  /** Replaces `{worker}` in fixtures. */
  readonly workerOrigin: string;
  readonly fixturesDir: string;
  /** Origin at which clients reach it, when that is not where it listens. */
  readonly publicOrigin?: string | undefined;
  /** Redirect URIs of the main application, in place of those in the fixtures. */
  readonly redirectUris?: readonly string[] | undefined;
  /** Name or policy id of the flow that the main application runs, also after a reset. */
  readonly flow?: string | undefined;
  /** The sign-on screen offers every test user who has a password. */
  readonly isInteractive?: boolean | undefined;
  readonly clock: Clock;
  readonly takeTokenFault?: TakeTokenFault;
  /** Told after every change that `snapshot()` would show. */
  readonly onChange?: () => void;
}

/** What `createPingOne` returns: everything but a server. */
export interface PingOneEmulator {
  /** Answers every path. */
  readonly app: EmulatorApp;
  /** To be called with the app that serves it, before the kit is mounted: preflights are not journalled. */
  prepare(server: EmulatorApp): void;
  /** Where it listens; to be set before the first request, because the issuer follows from it. */
  origin: string;
  readonly issuer: string;
  readonly apiIdentifier: string;
  /** The Worker's OIDC application. */
  readonly client: { readonly id: string; readonly secret: string };
  /** Test users as the fixtures name them. TEST ONLY passwords. */
  readonly users: UserStore["testAccounts"];
  readonly admin: PingOneAdmin;
  /** Sessions, tokens, users, consents and keys as plain JSON. */
  snapshot(): unknown;
  /** Takes what `snapshot()` gave. @throws {Error} when it cannot be used; then a part of it may have been taken. */
  restore(snapshot: unknown): Promise<void>;
}

const SHIPPED_FIXTURES_DIR = join(import.meta.dirname, "../../fixtures");

const DAMAGED = "its part of PingOne is damaged.";

const snapshotSchema = z.object({
  environmentId: z.string(),
  keys: z.unknown(),
  state: z.unknown(),
  users: z.unknown(),
  consents: z.unknown(),
});

/** @throws {EnvironmentFixtureError | FlowFileError | Error} naming every faulty fixture. */
export async function createPingOne(options: PingOneOptions): Promise<PingOneEmulator> {
  const { clock, onChange = () => {} } = options;
  const folder = (name: string) => fixtureFolder(options.fixturesDir, name);
  const flows = loadFlows(folder("davinci"));
  const environment = loadEnvironment(join(options.fixturesDir, "pingone"), {
    workerOrigin: options.workerOrigin,
    flowPolicyIds: flows.map(({ policyId }) => policyId),
  });
  const mainApplication = requireMainApplication(environment, options.workerOrigin);
  if (options.redirectUris !== undefined) setRedirectUris(mainApplication, options.redirectUris);
  const users = loadUserStore(join(options.fixturesDir, "pingone/users.json"), { clock, onChange });
  const consents = new ConsentStore({ clock, onChange });
  const tenant: Tenant = {
    environment,
    users,
    consents,
    switches: new SwitchBoard(),
    clock,
    chosenPolicies: new Map(),
  };
  const engine = createFlowEngine({
    flows,
    users,
    consents,
    clock,
    quickUsers: options.isInteractive === true ? users.testAccounts.filter(({ password }) => password) : [],
  });
  const store = new TokenStore(clock, onChange);
  const signer = await Signer.create({
    keys: loadFixtureKeys(folder("keys")),
    clock,
    hasRotationPolicy: () => tenant.switches.current.keyRotation === "policy",
    onChange,
  });
  const pingone = {
    tenant,
    tokens: { tenant, store, signer, takeTokenFault: options.takeTokenFault ?? (() => undefined) },
    flows: engine,
    signOns: new SignOnStore(clock),
    pushedRequests: new PushedRequests(clock),
  };

  let listeningAt = "";
  const admin = new PingOneAdmin(pingone, mainApplication, options.flow);
  return {
    prepare: (server) => allowOtherOrigins(server, environment.id),
    app: new Hono<EmulatorEnv>().route("/", createRoutes(pingone)),
    get origin() {
      return listeningAt;
    },
    set origin(origin) {
      listeningAt = origin;
      signer.issuer = `${options.publicOrigin ?? origin}/${environment.id}/as`;
    },
    get issuer() {
      return signer.issuer;
    },
    apiIdentifier: apiIdentifierOf(environment, mainApplication),
    client: { id: mainApplication.id, secret: mainApplication.secret ?? "" },
    users: users.testAccounts,
    admin,
    snapshot: () => ({
      environmentId: environment.id,
      keys: signer.snapshot(),
      state: store.snapshot(),
      users: users.snapshot(),
      consents: consents.snapshot(),
    }),
    restore: async (snapshot) => {
      const saved = requireSnapshot(snapshot, environment.id);
      try {
        await signer.restore(saved.keys);
        store.restore(saved.state);
        users.restore(saved.users);
        consents.restore(saved.consents);
      } catch (cause) {
        throw new Error(DAMAGED, { cause });
      }
    },
  };
}

/** Flows and keys come with the project, so that another environment needs only its own `pingone/` folder. */
function fixtureFolder(fixturesDir: string, name: string): string {
  const own = join(fixturesDir, name);
  return existsSync(own) ? own : join(SHIPPED_FIXTURES_DIR, name);
}

/** The application that goes back to the Worker, else the first one that signs people on. */
function requireMainApplication(environment: Environment, workerOrigin: string): Application {
  const candidates = environment.applications.filter(
    ({ enabled, grantTypes }) => enabled && grantTypes.includes("AUTHORIZATION_CODE"),
  );
  const main =
    candidates.find(({ redirectUris }) => redirectUris.some((uri) => uri.startsWith(workerOrigin))) ??
    candidates[0];
  if (!main)
    throw new Error("applications.json: every application that signs people on is disabled; enable one.");
  return main;
}

/** A person who signs off comes back to the origin of one of them. */
function setRedirectUris(application: Application, redirectUris: readonly string[]): void {
  for (const uri of redirectUris) {
    if (!URL.canParse(uri) || uri.includes("#")) {
      throw new Error(
        `The redirect URI ${uri} is not absolute, or has a fragment. Give one as in http://localhost:3000/callback`,
      );
    }
  }
  const origins = new Set(redirectUris.map((uri) => `${new URL(uri).origin}/`));
  Object.assign(application, { redirectUris, postLogoutRedirectUris: [...origins] });
}

function apiIdentifierOf(environment: Environment, application: Application): string {
  const custom = [...environment.grantedScopes(application.id).values()].find(
    ({ resource }) => resource.type === "CUSTOM",
  );
  return custom?.resource.audience ?? environment.pingOneAudience;
}

function requireSnapshot(snapshot: unknown, environmentId: string): z.infer<typeof snapshotSchema> {
  const parsed = snapshotSchema.safeParse(snapshot);
  if (!parsed.success) throw new Error(DAMAGED, { cause: parsed.error });
  const saved = parsed.data.environmentId;
  if (saved !== environmentId) {
    throw new Error(`it belongs to environment ${saved}, and the tenant is ${environmentId}.`);
  }
  return parsed.data;
}
