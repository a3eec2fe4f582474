/**
 * The PingOne emulator: an environment read from fixtures, strict OIDC endpoints, a DaVinci flow engine that asks the
 * person, and `oauth2-mock-server` as signer. It answers requests; the caller serves it.
 *
 * Deliberately left out: TLS, the device grant, token exchange, CIBA, SAML, `pi.flow`, sign-on policies, the Management
 * API. docs/pingone-fidelity.md says which of PingOne's behaviours are here, row by row.
 */
import { Hono } from "hono";
import { z } from "zod";
import type { Clock } from "../kit/clock.ts";
import type { FileFaults } from "../kit/input-file.ts";
import type { EmulatorApp, EmulatorEnv } from "../kit/listen.ts";
import { createRegistry } from "./davinci/connectors/registry.ts";
import { createFlowEngine } from "./davinci/engine/flow-engine.ts";
import type { FlowLog } from "./davinci/engine/log/event.ts";
import { checkFiles } from "./davinci/files/check-files.ts";
import { readFlowOption } from "./davinci/files/flow-option.ts";
import { FlowUploads } from "./davinci/files/flow-uploads.ts";
import { warningsOf } from "./davinci/files/warnings.ts";
import type { ShownRuns } from "./davinci/run-page/pages.ts";
import { showRuns } from "./davinci/run-page/shown-runs.ts";
import { sharedSandbox } from "./davinci/sandbox/create-sandbox.ts";
import { loadFiles } from "./load-files.ts";
import { MfaAdmin } from "./mfa-admin.ts";
import { PushedRequests } from "./oidc/pushed-requests.ts";
import { SignOnStore } from "./oidc/sign-on.ts";
import { allowOtherOrigins, createRoutes } from "./routes.ts";
import { AgreementStore } from "./tenant/agreements.ts";
import { ChallengeStore } from "./tenant/challenges.ts";
import { CodeStore } from "./tenant/codes.ts";
import { ConsentStore } from "./tenant/consents.ts";
import { type Application, Environment } from "./tenant/environment.ts";
import { FlowCookieStore } from "./tenant/flow-cookies.ts";
import { Mfa } from "./tenant/mfa.ts";
import { findRedirectUriFault } from "./tenant/redirect-uris.ts";
import { RiskStore } from "./tenant/risk.ts";
import { TenantSeeds } from "./tenant/seed.ts";
import { SwitchBoard } from "./tenant/switches.ts";
import { findApplication, type Tenant } from "./tenant/tenant.ts";
import { UserStore } from "./tenant/users.ts";
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
  /** A tenant of one's own, which lies over `fixturesDir`; any part of it may be missing. */
  readonly tenantDir?: string | undefined;
  /** Faults of other files, to be thrown together with those of the emulator's own. */
  readonly faults?: FileFaults | undefined;
  /** Redirect URIs of the main application, in place of those in the fixtures. */
  readonly redirectUris?: readonly string[] | undefined;
  /**
   * Flows by name or policy id, or by the path of an export or of a folder of exports. The main application runs the one
   * that is named, else the first of the files, also after a reset.
   */
  readonly flow?: string | readonly string[] | undefined;
  /** Told in one text what may go wrong with exported flows. */
  readonly onWarning?: ((text: string) => void) | undefined;
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
  readonly client: { readonly id: string; readonly secret: string; readonly redirectUris: readonly string[] };
  /** What the flows have done, for the developer. */
  readonly log: FlowLog;
  /** The same for the pages that show it. */
  readonly runs: ShownRuns;
  /** Test users as the files or seeds give them. TEST ONLY passwords. */
  readonly users: UserStore["testAccounts"];
  readonly admin: PingOneAdmin;
  /** Adds exported flows at run time, until reset. */
  readonly flows: FlowUploads;
  /** What the control API can do about MFA. */
  readonly mfa: MfaAdmin;
  /** Adds users, their devices, applications, groups and more at run time, until reset. */
  readonly seed: TenantSeeds;
  /** Sessions, tokens, sign-ons under way, e-mails, users, consents, seeds and keys as plain JSON. */
  snapshot(): unknown;
  /** Takes what `snapshot()` gave. @throws {Error} when it cannot be used; then a part of it may have been taken. */
  restore(snapshot: unknown): Promise<void>;
}

const DAMAGED = "its part of PingOne is damaged.";

const snapshotSchema = z.looseObject({ environmentId: z.string() });

/** Has state that outlives a restart. */
interface Kept {
  snapshot(): unknown;
  restore(saved: unknown): void | Promise<void>;
}

/** State that was saved without it has none. */
function listOf(kept: Kept): Kept {
  return { snapshot: () => kept.snapshot(), restore: (saved = []) => kept.restore(saved) };
}

/** @throws {InputFileError | Error} naming every fault of every file. */
export async function createPingOne(options: PingOneOptions): Promise<PingOneEmulator> {
  const { clock, onChange = () => {} } = options;
  const { paths: flowPaths, name: flowName } = readFlowOption(options.flow);
  const loaded = loadFiles({ ...options, flowPaths });
  if (loaded.exportPaths.length > 0) {
    options.onWarning?.(warningsOf(await checkFiles(loaded.exportPaths)));
  }
  const mainApplication = withRedirectUris(loaded.tenant.mainApplication, options.redirectUris);
  const applications = loaded.tenant.environment.applications.map((application) =>
    application.id === mainApplication.id ? mainApplication : application,
  );
  const environment = new Environment({ ...loaded.tenant.environment, applications }, onChange);
  const users = new UserStore(loaded.tenant.users, { clock, onChange });
  const consents = new ConsentStore({ clock, onChange });
  const codes = new CodeStore({ clock, onChange });
  const agreements = new AgreementStore(loaded.tenant.agreements, { clock, onChange });
  const switches = new SwitchBoard();
  const mfa = new Mfa(loaded.tenant.users, {
    clock,
    onChange,
    deviceSelection: () => switches.current.mfaDeviceSelection,
  });
  const risk = new RiskStore(onChange);
  const challenges = new ChallengeStore({ clock, onChange });
  const cookies = new FlowCookieStore({ clock, onChange });
  const stores = { users, consents, codes, agreements, mfa, risk, challenges, cookies };
  const tenant: Tenant = { environment, ...stores, switches, clock, chosenPolicies: new Map() };
  const store = new TokenStore(clock, onChange);
  const registry = createRegistry();
  const sandbox = sharedSandbox(clock);
  const engine = createFlowEngine({
    flows: loaded.flows,
    registry,
    ...stores,
    environment,
    sessions: store,
    sandbox,
    clock,
    isInteractive: options.isInteractive,
    onChange,
  });
  const uploads = new FlowUploads({
    addFlows: (flows) => {
      engine.addFlows(flows);
      for (const { policyId } of flows) environment.addFlowPolicy(policyId);
    },
    checks: { registry, sandbox },
    loaded: [...new Set(loaded.exported.flatMap(({ together }) => together))],
  });
  const signer = await Signer.create({
    keys: loaded.tenant.keys,
    clock,
    hasRotationPolicy: () => tenant.switches.current.keyRotation === "policy",
    onChange,
  });
  const pingone = {
    tenant,
    tokens: { tenant, store, signer, takeTokenFault: options.takeTokenFault ?? (() => undefined) },
    flows: engine,
    signOns: new SignOnStore(clock, onChange),
    pushedRequests: new PushedRequests(clock),
  };
  /** In the order in which they are restored. */
  const kept: Readonly<Record<string, Kept>> = {
    keys: signer,
    state: store,
    users,
    consents,
    codes: listOf(codes),
    seededAgreements: listOf({
      snapshot: () => agreements.snapshotSeeds(),
      restore: (saved) => agreements.restoreSeeds(saved),
    }),
    agreements: listOf(agreements),
    mfa: {
      snapshot: () => mfa.snapshot(),
      restore: (saved) => (saved === undefined ? mfa.reset() : mfa.restore(saved)),
    },
    mail: listOf(engine.outbox),
    variables: listOf(engine.variables),
    risk,
    challenges,
    cookies,
    seeds: environment,
    signOns: {
      snapshot: () => pingone.signOns.snapshot(),
      restore: (saved) => pingone.signOns.restore(saved, (id) => findApplication(tenant, id)),
    },
  };

  let listeningAt = "";
  const admin = new PingOneAdmin(pingone, mainApplication, flowName ?? loaded.givenFlows[0]?.policyId);
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
    get client() {
      const {
        id,
        secret = "",
        redirectUris,
      } = findApplication(tenant, mainApplication.id) ?? mainApplication;
      return { id, secret, redirectUris };
    },
    get users() {
      return users.testAccounts;
    },
    log: engine.log,
    runs: showRuns({
      engine,
      checks: { registry, sandbox },
      usernameOf: (id) => users.findById(id)?.username,
    }),
    admin,
    mfa: new MfaAdmin(tenant),
    flows: uploads,
    seed: new TenantSeeds(tenant, mainApplication),
    snapshot: () => ({
      environmentId: environment.id,
      ...Object.fromEntries(Object.entries(kept).map(([name, part]) => [name, part.snapshot()])),
    }),
    restore: async (snapshot) => {
      const saved = requireSnapshot(snapshot, environment.id);
      try {
        for (const [name, part] of Object.entries(kept)) await part.restore(saved[name]);
      } catch (cause) {
        throw new Error(DAMAGED, { cause });
      }
      onChange();
    },
  };
}

/** A person who signs off comes back to the origin of one of them. @throws {Error} saying which is malformed. */
function withRedirectUris(
  application: Application,
  redirectUris: readonly string[] | undefined,
): Application {
  if (redirectUris === undefined) return application;
  for (const uri of redirectUris) {
    const fault = findRedirectUriFault(uri, { allowWildcard: true });
    if (fault !== undefined) {
      throw new Error(`The redirect URI ${uri} ${fault} An example: http://localhost:3000/callback`);
    }
  }
  // The URI of an app on a phone, `com.example.app:/callback`, has none.
  const origins = new Set(
    redirectUris.map((uri) => new URL(uri).origin).filter((origin) => origin !== "null"),
  );
  return {
    ...application,
    redirectUris: [...redirectUris],
    allowWildcardInRedirectUris: true,
    postLogoutRedirectUris: [...origins].map((origin) => `${origin}/`),
  };
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
