/**
 * The public door of `pingone-emulator`: starts the emulators in this process. Each start is on its own: two of them
 * share no user, token, key, clock or journal.
 */
import { join } from "node:path";
import {
  type Control,
  OFFLINE,
  PINGONE_ALONE,
  type PingOneControl,
  TODO_ALONE,
  type TodoControl,
} from "./control.ts";
import type { Clock } from "./kit/clock.ts";
import type { Emulators } from "./kit/emulator.ts";
import { FileFaults } from "./kit/input-file.ts";
import type { EmulatorApp } from "./kit/listen.ts";
import { type RunningKit, runKit } from "./kit/run.ts";
import { controlTokenFor, type Serving, serve } from "./kit/serve.ts";
import { offlineOptions, pingOneOptions, requireOptions, todoApiOptions } from "./options.ts";
import { createPingOne, type PingOneEmulator } from "./pingone/emulator.ts";
import { TOKEN_FAULT_NAMES } from "./pingone/tokens/defects.ts";
import { createTodoApp } from "./todo/server.ts";
import { readTodoSeeds, TodoStore } from "./todo/store.ts";

export {
  type Control,
  type ControlClient,
  type ControlState,
  createControlClient,
  type EndpointName,
  type FaultRequest,
  type PingOneControl,
  type RequestPattern,
  type TodoControl,
} from "./control.ts";
export { createTodoHandlers } from "./todo/handlers.ts";
export { TodoStore } from "./todo/store.ts";

/** The tenant that comes with the emulators. */
export const SHIPPED_TENANT = join(import.meta.dirname, "../fixtures");

/** Origin of the application that the shipped tenant is for. */
const DEFAULT_WORKER_ORIGIN = "http://localhost:8787";

interface SharedOptions {
  /** What to bind. Default: `127.0.0.1`. On anything but loopback the control API asks for `controlToken`. */
  readonly host?: string | undefined;
  /** What callers of the control API must know. Default: none on loopback, elsewhere a random one. */
  readonly controlToken?: string | undefined;
  /** Folder that keeps sessions, tokens, users, consents, keys and todos between runs. Default: nothing is kept. */
  readonly stateDir?: string | undefined;
  /** Default: real time. The control API adds its offset to this clock. */
  readonly clock?: Clock | undefined;
}

export interface StartPingOneOptions extends SharedOptions {
  /** Default: 0, which picks a free one. */
  readonly port?: number | undefined;
  /**
   * Origin at which clients reach the emulator, when that is not where it listens: a proxy, a container, a tunnel. If it
   * is not loopback, the control API asks for `controlToken`.
   */
  readonly publicUrl?: string | undefined;
  /** Folder of a tenant, which lies over the shipped one. Default: the shipped one alone. */
  readonly tenant?: string | undefined;
  /** Redirect URIs of the tenant's main application, in place of its own. */
  readonly redirectUris?: readonly string[] | undefined;
  /**
   * The DaVinci flow that the main application runs: its name or policy id, or the path of a file that DaVinci has
   * exported, or of a folder of such files; also a list of these. The one that is named runs, else the first of the files,
   * and requests choose others by `acr_values`. Default: the tenant's.
   */
  readonly flow?: string | readonly string[] | undefined;
  /** The sign-on screen offers the test users, for a person who wants to be one with a click. Default: false. */
  readonly interactive?: boolean | undefined;
  /** Origin that `{worker}` in the files of the tenant stands for. Default: `http://localhost:8787`. */
  readonly workerOrigin?: string | undefined;
}

export interface StartTodoApiOptions extends SharedOptions {
  /** Default: 0, which picks a free one. */
  readonly port?: number | undefined;
  /** Issuer of the access tokens that it accepts. */
  readonly issuer: string;
  /** Default: `/jwks` below the issuer, where PingOne has it. */
  readonly jwks?: URL | undefined;
  /** The audience that an access token must have. Default: that of the shipped tenant. */
  readonly audience?: string | undefined;
}

export interface StartOfflineOptions extends StartPingOneOptions {
  /** Port of the Todo API. Default: 0, which picks a free one. */
  readonly todoPort?: number | undefined;
}

interface Running extends AsyncDisposable {
  /** What callers of the control API over HTTP must know; `undefined` on loopback. */
  readonly controlToken: string | undefined;
  /** Ends the servers, after the state was saved. */
  close(): Promise<void>;
}

interface PingOneFacts {
  /** URL of the issuer, as in the discovery document and in tokens. */
  readonly issuer: string;
  /** Origin at which this machine reaches PingOne and, under `/__mocks`, the control API. */
  readonly origin: string;
  /** The tenant's main application. Its secret is TEST ONLY. */
  readonly client: PingOneEmulator["client"];
  /** The test users of the tenant, seeded ones included, with their TEST ONLY passwords. */
  readonly users: PingOneEmulator["users"];
  /** Audience of the access tokens that the main application gets. */
  readonly apiIdentifier: string;
}

/** A PingOne environment, and the verbs of the control API on it. */
export type PingOne = Running & PingOneFacts & PingOneControl;

/** The Todo API, and the verbs of the control API on it. */
export type TodoApi = Running & TodoControl & { readonly origin: string };

/** Both, with one clock, journal and control API. */
export type Offline = Running & PingOneFacts & Control & { readonly todoOrigin: string };

/**
 * Starts PingOne.
 * @throws {Error} whose message says what is wrong and what to do: an address that cannot be used, faults in the files
 * of the tenant, a saved state that cannot be used, an option that makes no sense.
 */
export async function startPingOne(options: StartPingOneOptions = {}): Promise<PingOne> {
  requireOptions(pingOneOptions, options);
  const started: Started = {};
  const controlToken = controlTokenFor(options);
  const kit = runKit(PINGONE_ALONE, { pingone: () => started.pingone }, { ...options, controlToken });
  const pingone = await createPingOneFor(options, kit, started);
  const serving = await serve(kit, [servedPingOne(pingone, options)], options.stateDir);
  started.serving = serving;
  return withFacts(pingone, { ...kit.control, ...ending(serving), controlToken });
}

/** Starts the Todo API for access tokens of any issuer. @throws {Error} as {@link startPingOne}. */
export async function startTodoApi(options: StartTodoApiOptions): Promise<TodoApi> {
  requireOptions(todoApiOptions, options);
  const { issuer, jwks = new URL(`${issuer}/jwks`), audience = "https://todo.api.com" } = options;
  const started: Started = {};
  const controlToken = controlTokenFor(options);
  const usernameOf = () => undefined;
  const seeds = { default: [], users: {} };
  const store = new TodoStore({ seeds, usernameOf, onChange: () => started.serving?.changed() });
  const kit = runKit(TODO_ALONE, { todo: () => ({ store, usernameOf }) }, { ...options, controlToken });
  const todo = servedTodo(options, () =>
    createTodoApp({ issuer, jwks, audience, store, clock: kit.clock.now }),
  );
  const serving = await serve(kit, [todo], options.stateDir);
  started.serving = serving;
  return { ...kit.control, origin: todo.origin, ...ending(serving), controlToken };
}

/** Starts PingOne and the Todo API for its tokens. @throws {Error} as {@link startPingOne}. */
export async function startOffline(options: StartOfflineOptions = {}): Promise<Offline> {
  requireOptions(offlineOptions, options);
  const started: Started = {};
  const controlToken = controlTokenFor(options);
  const faults = new FileFaults();
  const seeds = await readTodoSeeds(SHIPPED_TENANT, { tenantDir: options.tenant, faults });
  const usernameOf = (subject: string) => started.pingone?.admin.usernameOf(subject);
  const store = new TodoStore({ seeds, usernameOf, onChange: () => started.serving?.changed() });
  const running = { pingone: () => started.pingone, todo: () => ({ store, usernameOf }) };
  const kit = runKit(OFFLINE, running, { ...options, controlToken });
  const pingone = await createPingOneFor(options, kit, started, faults);
  const todo = servedTodo({ port: options.todoPort, host: options.host }, () =>
    createTodoApp({
      issuer: pingone.issuer,
      // Where PingOne listens: its public URL may lead through a proxy that is not there yet.
      jwks: new URL(`${new URL(pingone.issuer).pathname}/jwks`, pingone.origin),
      audience: pingone.apiIdentifier,
      store,
      clock: kit.clock.now,
    }),
  );
  const serving = await serve(kit, [servedPingOne(pingone, options), todo], options.stateDir);
  started.serving = serving;
  return withFacts(pingone, {
    ...kit.control,
    todoOrigin: todo.origin,
    ...ending(serving),
    controlToken,
  });
}

/** What the parts of one start need of each other before all of it is there. */
interface Started {
  pingone?: PingOneEmulator;
  serving?: Serving;
}

async function createPingOneFor(
  options: StartPingOneOptions,
  kit: Pick<RunningKit<Emulators>, "clock" | "takeFault">,
  started: Started,
  faults?: FileFaults,
): Promise<PingOneEmulator> {
  const { workerOrigin = DEFAULT_WORKER_ORIGIN } = options;
  started.pingone = await createPingOne({
    workerOrigin: requireOrigin("worker origin", workerOrigin),
    fixturesDir: SHIPPED_TENANT,
    tenantDir: options.tenant,
    faults,
    redirectUris: options.redirectUris,
    flow: options.flow,
    onWarning: (text) => process.stderr.write(text),
    isInteractive: options.interactive,
    publicOrigin:
      options.publicUrl === undefined ? undefined : requireOrigin("public URL", options.publicUrl),
    clock: kit.clock.now,
    takeTokenFault: (login) => {
      const fault = kit.takeFault("token", login);
      return TOKEN_FAULT_NAMES.find((name) => name === fault);
    },
    onChange: () => started.serving?.changed(),
  });
  return started.pingone;
}

function servedPingOne(
  pingone: PingOneEmulator,
  { port = 0, host }: Pick<StartPingOneOptions, "port" | "host">,
) {
  return {
    name: "pingone" as const,
    need: "the PingOne emulator",
    port,
    host,
    prepare: pingone.prepare,
    createApp: () => pingone.app,
    onListening: (origin: string) => {
      pingone.origin = origin;
    },
  };
}

/** @param createApp Called when PingOne listens, if it runs too. */
function servedTodo(
  { port = 0, host }: Pick<StartTodoApiOptions, "port" | "host">,
  createApp: () => EmulatorApp,
) {
  const todo = {
    name: "todo" as const,
    need: "the Todo API emulator",
    port,
    host,
    createApp,
    /** Empty until it listens. */
    origin: "",
    onListening: (origin: string) => {
      todo.origin = origin;
    },
  };
  return todo;
}

/** Client and users are read when they are asked for, because seeding changes them. */
function withFacts<T extends object>(pingone: PingOneEmulator, started: T): T & PingOneFacts {
  const { issuer, origin, apiIdentifier } = pingone;
  return {
    ...started,
    issuer,
    origin,
    apiIdentifier,
    get client() {
      return pingone.client;
    },
    get users() {
      return pingone.users;
    },
  };
}

function ending({ close }: Serving) {
  return { close, [Symbol.asyncDispose]: close };
}

/** @throws {Error} when it is more, or less, than scheme, host and port. */
function requireOrigin(what: string, given: string): string {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol) || ![url.origin, `${url.origin}/`].includes(given)) {
    throw new Error(
      `The ${what} ${given.replace(/[^/]*@/, "")} is no origin. Give http or https, a host and, if it is not the usual one, a port, as in https://pingone.test:8443`,
    );
  }
  return url.origin;
}
