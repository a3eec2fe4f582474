/**
 * The PingOne emulator: an environment read from fixtures, strict OIDC endpoints, a DaVinci flow engine that asks the
 * person, and `oauth2-mock-server` as signer. Listens on loopback only.
 *
 * Deliberately left out: TLS, device and implicit grants, token exchange, CIBA, SAML, `pi.flow`, sign-on policies, the
 * Management API. docs/pingone-fidelity.md says which of PingOne's behaviours are here, row by row.
 */
import { Hono } from "hono";
import { z } from "zod";
import type { Clock } from "../kit/clock.ts";
import type { FileFaults } from "../kit/input-file.ts";
import { type EmulatorApp, listen } from "../kit/listen.ts";
import { createFlowEngine } from "./davinci/engine.ts";
import { loadFiles } from "./load-files.ts";
import { PushedRequests } from "./oidc/pushed-requests.ts";
import { SignOnStore } from "./oidc/sign-on.ts";
import { createRoutes } from "./routes.ts";
import { ConsentStore } from "./tenant/consents.ts";
import { type Application, Environment } from "./tenant/environment.ts";
import { TenantSeeds } from "./tenant/seed.ts";
import { SwitchBoard } from "./tenant/switches.ts";
import { findApplication, type Tenant } from "./tenant/tenant.ts";
import { UserStore } from "./tenant/users.ts";
import type { TakeTokenFault } from "./tokens/defects.ts";
import { Signer } from "./tokens/sign.ts";
import { TokenStore } from "./tokens/store.ts";
import { PingOneAdmin } from "./verbs.ts";

/** What `createPingOneEmulator` takes. Port 0 picks a free one. */
export interface PingOneEmulatorOptions {
  readonly port: number;
  /** Replaces `{worker}` in fixtures. */
  readonly workerOrigin: string;
  readonly fixturesDir: string;
  /** A tenant of one's own, which lies over `fixturesDir`; any part of it may be missing. */
  readonly tenantDir?: string | undefined;
  /** Faults of other files, to be thrown together with those of the emulator's own. */
  readonly faults?: FileFaults | undefined;
  readonly clock: Clock;
  /**
   * Called with the Hono app before any route or middleware of the emulator is added, so that the journal sees every
   * request, faults can answer in the emulator's place and `/__mocks` is reachable.
   */
  readonly mount?: (app: EmulatorApp) => void;
  readonly takeTokenFault?: TakeTokenFault;
  /** What an earlier `snapshot()` returned, through JSON. Anything unreadable is refused with a plain sentence. */
  readonly snapshot?: unknown;
  /** Told after every change that `snapshot()` would show. */
  readonly onChange?: () => void;
}

/** What `createPingOneEmulator` returns, listening. */
export interface PingOneEmulator {
  readonly origin: string;
  readonly issuer: string;
  readonly apiIdentifier: string;
  /** The Worker's OIDC application. */
  readonly client: { readonly id: string; readonly secret: string };
  /** Test users as the fixtures name them. TEST ONLY passwords. */
  readonly users: UserStore["testAccounts"];
  readonly admin: PingOneAdmin;
  /** Adds users, applications, groups and consents at run time, until reset. */
  readonly seed: TenantSeeds;
  /** Sessions, tokens, users, consents, seeds and keys as plain JSON. */
  snapshot(): unknown;
  close(): Promise<void>;
}

const snapshotSchema = z.object({
  version: z.literal(2),
  environmentId: z.string(),
  keys: z.unknown(),
  state: z.unknown(),
  users: z.unknown(),
  consents: z.unknown(),
  seeds: z.unknown(),
});

/**
 * Starts the emulator.
 * @throws {InputFileError | PortUnavailableError | Error} naming every fault of every file, or an unreadable snapshot.
 */
export async function createPingOneEmulator(
  options: PingOneEmulatorOptions,
): Promise<PingOneEmulator & AsyncDisposable> {
  const { clock, onChange = () => {} } = options;
  const loaded = loadFiles(options);
  const environment = new Environment(loaded.tenant.environment, onChange);
  const { mainApplication } = loaded.tenant;
  const users = new UserStore(loaded.tenant.users, { clock, onChange });
  const consents = new ConsentStore({ clock, onChange });
  const tenant: Tenant = {
    environment,
    users,
    consents,
    switches: new SwitchBoard(),
    clock,
    chosenPolicies: new Map(),
  };
  const engine = createFlowEngine({ flows: loaded.flows, users, consents, clock });
  const store = new TokenStore(clock, onChange);
  const signer = await Signer.create({
    keys: loaded.tenant.keys,
    clock,
    hasRotationPolicy: () => tenant.switches.current.keyRotation === "policy",
    onChange,
  });
  if (options.snapshot !== undefined) {
    const saved = readSnapshot(options.snapshot, environment.id);
    try {
      await signer.restore(saved.keys);
      store.restore(saved.state);
      users.restore(saved.users);
      consents.restore(saved.consents);
      environment.restore(saved.seeds);
    } catch (error) {
      throw unusableSnapshot("it is damaged", error);
    }
  }
  const pingone = {
    tenant,
    tokens: { tenant, store, signer, takeTokenFault: options.takeTokenFault ?? (() => undefined) },
    flows: engine,
    signOns: new SignOnStore(clock),
    pushedRequests: new PushedRequests(clock),
  };

  const app: EmulatorApp = new Hono();
  options.mount?.(app);
  app.route("/", createRoutes(pingone));
  const { origin, close } = await listen(app, {
    port: options.port,
    variable: "PINGONE_PORT",
    need: "the PingOne emulator",
  });
  signer.issuer = `${origin}/${environment.id}/as`;

  return {
    origin,
    issuer: signer.issuer,
    apiIdentifier: apiIdentifierOf(environment, mainApplication),
    get client() {
      const { id, secret = "" } = findApplication(tenant, mainApplication.id) ?? mainApplication;
      return { id, secret };
    },
    users: users.testAccounts,
    admin: new PingOneAdmin(pingone, mainApplication),
    seed: new TenantSeeds(tenant, mainApplication),
    snapshot: () => ({
      version: 2,
      environmentId: environment.id,
      keys: signer.snapshot(),
      state: store.snapshot(),
      users: users.snapshot(),
      consents: consents.snapshot(),
      seeds: environment.snapshot(),
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function apiIdentifierOf(environment: Environment, application: Application): string {
  const custom = [...environment.grantedScopes(application.id).values()].find(
    ({ resource }) => resource.type === "CUSTOM",
  );
  return custom?.resource.audience ?? environment.pingOneAudience;
}

function readSnapshot(snapshot: unknown, environmentId: string): z.infer<typeof snapshotSchema> {
  const parsed = snapshotSchema.safeParse(snapshot);
  if (!parsed.success) throw unusableSnapshot("it is damaged or of another version", parsed.error);
  const saved = parsed.data.environmentId;
  if (saved !== environmentId) {
    throw unusableSnapshot(`it belongs to environment ${saved}, the fixtures to ${environmentId}`);
  }
  return parsed.data;
}

function unusableSnapshot(reason: string, cause?: unknown): Error {
  return new Error(
    `The saved state of the PingOne emulator cannot be used: ${reason}. Start with --fresh to leave it behind.`,
    { cause },
  );
}
