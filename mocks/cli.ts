/** `npm run mocks`: runs only the emulators, until a stop signal. */
import { parseArgs } from "node:util";
import { resolvePorts, WORKER_HOST } from "./addresses.ts";
import { type Offline, startOffline } from "./index.ts";
import { removeState } from "./kit/state-file.ts";

const HELP = `Starts the PingOne emulator and the Todo API emulator, and nothing else.

  npm run mocks -- [options]

  --fixtures DIR   environment, users, flows and todos to serve (default: this project's fixtures/)
  --state DIR      keep sessions, tokens and todos here between runs (default: nothing is kept)
  --fresh          forget what --state kept
  --worker ORIGIN  origin that {worker} in fixtures stands for (default: http://${WORKER_HOST}:WORKER_PORT)
  --json           print one line of JSON, with every address, when ready
  --help           show this text

Ports: PINGONE_PORT (9400), TODO_PORT (9401), WORKER_PORT (8787).
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fixtures: { type: "string" },
      state: { type: "string" },
      fresh: { type: "boolean", default: false },
      worker: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.worker !== undefined) requireOrigin(values.worker);
  if (values.fresh && values.state !== undefined) await removeState(values.state);
  const ports = resolvePorts();
  const emulators = await startOffline({
    port: ports.PINGONE_PORT,
    todoPort: ports.TODO_PORT,
    workerOrigin: values.worker ?? `http://${WORKER_HOST}:${ports.WORKER_PORT}`,
    ...(values.fixtures !== undefined && { tenant: values.fixtures }),
    ...(values.state !== undefined && { stateDir: values.state }),
  });
  stopOnSignal(emulators);
  process.stdout.write(values.json ? `${JSON.stringify(addressesOf(emulators))}\n` : summaryOf(emulators));
}

function requireOrigin(value: string): void {
  if (URL.parse(value)?.origin !== value) {
    throw new Error(`--worker ${value} is not an origin. Give scheme and host, as in http://localhost:8787`);
  }
}

function stopOnSignal(emulators: Offline): void {
  const stop = () => {
    emulators.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function addressesOf({ issuer, todoOrigin, origin, apiIdentifier, client, users }: Offline) {
  return { ready: true, issuer, origin, todoOrigin, apiIdentifier, client, users };
}

function summaryOf(emulators: Offline): string {
  const users = emulators.users.map(
    (user) => `  ${user.username.padEnd(14)} ${user.password}   ${user.about}`,
  );
  return [
    `PingOne issuer  ${emulators.issuer}`,
    `Todo API        ${emulators.todoOrigin}/api/todos`,
    `Control page    ${emulators.origin}/__mocks`,
    `OIDC client     ${emulators.client.id} / ${emulators.client.secret}   (TEST ONLY)`,
    "Test users",
    ...users,
    "Ready",
    "",
  ].join("\n");
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

await main().catch(fail);
