/**
 * Starts both emulators in this process with a shared clock, journal and control API. Used by `npm start`,
 * `npm run mocks` and the tests. With port 0, each test gets its own pair.
 */
import { join } from "node:path";
import { type Control, OFFLINE } from "./control.ts";
import type { Clock } from "./kit/clock.ts";
import { runKit } from "./kit/run.ts";
import { createStateFile, readState, type StateFile, UnusableStateError } from "./kit/state-file.ts";
import { createPingOneEmulator, type PingOneEmulator } from "./pingone/emulator.ts";
import { TOKEN_FAULT_NAMES } from "./pingone/tokens/defects.ts";
import { createTodoEmulator } from "./todo/server.ts";
import { readTodoSeeds, TodoStore } from "./todo/store.ts";

export {
  type Control,
  type ControlClient,
  type ControlState,
  createControlClient,
  type EndpointName,
  type FaultRequest,
  OFFLINE,
  type RequestPattern,
} from "./control.ts";

export const DEFAULT_FIXTURES_DIR = join(import.meta.dirname, "../fixtures");

export interface EmulatorsOptions {
  /** 0 picks a free one. */
  readonly pingonePort: number;
  /** 0 picks a free one. */
  readonly todoPort: number;
  /** Origin of the OIDC client that signs in at PingOne; replaces `{worker}` in fixtures. */
  readonly workerOrigin: string;
  /** Default: the fixtures of this project. */
  readonly fixturesDir?: string;
  /** Folder that keeps sessions, tokens, users, consents, todos and keys across restarts. Default: nothing is kept. */
  readonly stateDir?: string;
  /** Default: real time. The control API adds its offset to this clock. */
  readonly clock?: Clock;
}

export interface Emulators extends AsyncDisposable {
  readonly issuer: string;
  readonly pingoneOrigin: string;
  readonly todoOrigin: string;
  /** The audience of the Todo API. */
  readonly apiIdentifier: string;
  /** The Worker's OIDC application. Its secret is TEST ONLY. */
  readonly client: PingOneEmulator["client"];
  readonly users: PingOneEmulator["users"];
  readonly control: Control;
  close(): Promise<void>;
}

/**
 * @throws {PortUnavailableError} when a port cannot be used; the message is written for the user of the command.
 * @throws {UnusableStateError} when the saved state is damaged.
 */
export async function startOffline(options: EmulatorsOptions): Promise<Emulators> {
  const fixturesDir = options.fixturesDir ?? DEFAULT_FIXTURES_DIR;
  const saved =
    options.stateDir === undefined
      ? undefined
      : await readState(
          options.stateDir,
          OFFLINE.emulators.map(({ name }) => name),
        );
  const seeds = await readTodoSeeds(fixturesDir);

  let pingone: PingOneEmulator | undefined;
  let stateFile: StateFile | undefined;
  const onChange = () => stateFile?.changed();
  const requirePingOne = (): PingOneEmulator => {
    if (pingone === undefined) throw new Error("The PingOne emulator is still starting.");
    return pingone;
  };
  const usernameOf = (subject: string) => requirePingOne().admin.usernameOf(subject);

  const store = unusableUnless(
    "todos",
    options.stateDir,
    () =>
      new TodoStore({ seeds, usernameOf, ...(saved !== undefined && { snapshot: saved.todo }), onChange }),
  );
  const kit = runKit(OFFLINE, { pingone: () => pingone, todo: () => ({ store, usernameOf }) }, options.clock);

  pingone = await createPingOneEmulator({
    port: options.pingonePort,
    workerOrigin: options.workerOrigin,
    fixturesDir,
    clock: kit.clock.now,
    mount: (app) => kit.mount(app, "pingone"),
    takeTokenFault: (login) => {
      const fault = kit.takeFault("token", login);
      return TOKEN_FAULT_NAMES.find((name) => name === fault);
    },
    onChange,
    ...(saved !== undefined && { snapshot: saved.pingone }),
  });

  const { origin: pingoneOrigin, issuer, apiIdentifier } = pingone;
  const todo = await createTodoEmulator({
    port: options.todoPort,
    issuer,
    jwks: new URL(`${issuer}/jwks`),
    audience: apiIdentifier,
    store,
    clock: kit.clock.now,
    mount: (app) => kit.mount(app, "todo"),
  }).catch(async (error: unknown) => {
    await pingone?.close();
    throw error;
  });

  if (options.stateDir !== undefined) {
    stateFile = createStateFile(options.stateDir, kit.snapshot);
  }
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      await stateFile?.close();
      await Promise.all([requirePingOne().close(), todo.close()]);
    })();
    return closing;
  };
  return {
    issuer,
    pingoneOrigin,
    todoOrigin: todo.origin,
    apiIdentifier,
    client: pingone.client,
    users: pingone.users,
    control: kit.control,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function unusableUnless<T>(what: string, stateDir: string | undefined, restore: () => T): T {
  try {
    return restore();
  } catch {
    throw new UnusableStateError(stateDir ?? "", `its ${what} are malformed`);
  }
}
