#!/usr/bin/env node
/** `npx pingone-emulator`: runs the emulators until a stop signal, or writes a tenant to start from. */
import { parseArgs } from "node:util";
import { runDavinci } from "./davinci.ts";
import { type Offline, type PingOne, startOffline, startPingOne } from "./index.ts";
import { CONTROL_PATH } from "./kit/middleware.ts";
import { removeState } from "./kit/state-file.ts";
import { printable } from "./pingone/davinci/check/finding.ts";
import { writeTenant } from "./write-tenant.ts";

const HELP = `Starts an emulator of PingOne and DaVinci, and one of a Todo API that takes its tokens.

  pingone-emulator [options]
  pingone-emulator davinci     check flow exports, write exports; "davinci --help" says more
  pingone-emulator init DIR    write a tenant (applications, users, flows) to change, and stop

  --port PORT           port of PingOne (default: PINGONE_PORT, else 9400; 0 picks a free one)
  --host HOST           address to bind (default: 127.0.0.1)
  --public-url ORIGIN   origin at which clients reach PingOne, when that is not where it listens.
                        With a host or origin that is not loopback, the control API asks for a token:
                        CONTROL_TOKEN, or one that is printed at start
  --redirect-uri URI    redirect URI of the main application, in place of its own; can be repeated
  --tenant DIR          a tenant that lies over the one that comes with the emulator
  --flow NAME|FILE      DaVinci flow that the main application runs: its name, or a file that DaVinci has exported, or
                        a folder of such files; can be repeated. The one that is named runs, else the first file
                        (default: the tenant's)
  --interactive         the sign-on page offers the test users, each by one click
  --no-todo             PingOne alone
  --todo-port PORT      port of the Todo API (default: TODO_PORT, else 9401; 0 picks a free one)
  --worker ORIGIN       origin that {worker} in files of a tenant stands for (default: http://localhost:8787)
  --state DIR           keep users, sessions, tokens, keys and todos here between runs (default: nothing is kept)
  --fresh               forget what --state kept
  --json                print one line of JSON, with every address, when ready
  --help                show this text
`;

const OPTIONS = {
  port: { type: "string" },
  host: { type: "string" },
  "public-url": { type: "string" },
  "redirect-uri": { type: "string", multiple: true },
  tenant: { type: "string" },
  flow: { type: "string", multiple: true },
  interactive: { type: "boolean", default: false },
  "no-todo": { type: "boolean", default: false },
  "todo-port": { type: "string" },
  worker: { type: "string" },
  state: { type: "string" },
  fresh: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

async function main(): Promise<void> {
  const [, , first, ...others] = process.argv;
  if (first === "davinci") {
    process.exitCode = await runDavinci(others);
    return;
  }
  const { values, positionals } = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [command, folder, ...rest] = positionals;
  if (command !== undefined) {
    if (command !== "init" || folder === undefined || rest.length > 0) {
      throw new Error(`There is no command "${positionals.join(" ")}". There are: init DIR, davinci`);
    }
    await writeTenant(folder);
    process.stdout.write(`Wrote a tenant. Start it with: npx pingone-emulator --tenant ${folder}\n`);
    return;
  }
  if (values.fresh) {
    if (values.state === undefined) {
      throw new Error("--fresh forgets what --state kept, so it needs --state DIR.");
    }
    await removeState(values.state);
  }
  const options = {
    port: readPort("--port", values.port, "PINGONE_PORT", 9400),
    host: values.host,
    controlToken: process.env.CONTROL_TOKEN || undefined,
    publicUrl: values["public-url"],
    redirectUris: values["redirect-uri"],
    tenant: values.tenant,
    flow: values.flow,
    interactive: values.interactive,
    workerOrigin: values.worker,
    stateDir: values.state,
  };
  const emulators = values["no-todo"]
    ? await startPingOne(options)
    : await startOffline({
        ...options,
        todoPort: readPort("--todo-port", values["todo-port"], "TODO_PORT", 9401),
      });
  stopOnSignal(emulators);
  process.stdout.write(values.json ? `${JSON.stringify(addressesOf(emulators))}\n` : summaryOf(emulators));
}

/** @throws {Error} naming what is wrong with the options. */
function readArguments() {
  try {
    const given = parseArgs({ options: OPTIONS, allowPositionals: true });
    const empty = Object.entries(given.values).find(([, value]) => [value].flat().includes(""));
    if (empty !== undefined) throw new Error(`--${empty[0]} is empty.`);
    return given;
  } catch (error) {
    const { message } = error as Error;
    // Node's advice is about files whose names look like options.
    const [first = message] = message.split(/(?<=\.)\s/);
    throw new Error(`${first.replace(/\.?$/, ".")} "npx pingone-emulator --help" lists the options.`, {
      cause: error,
    });
  }
}

/** @throws {Error} naming the option or variable that is no port. */
function readPort(option: string, given: string | undefined, variable: string, standard: number): number {
  const [source, value] =
    given === undefined ? [`${variable}=`, process.env[variable]] : [`${option} `, given];
  if (value === undefined || value === "") return standard;
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new Error(`${source}${value} is not a port. Give a whole number from 0 to 65535.`);
  }
  return Number(value);
}

function stopOnSignal({ close }: PingOne | Offline): void {
  const stop = () => {
    close().then(() => process.exit(0), fail);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function addressesOf(emulators: PingOne | Offline) {
  const { issuer, origin, apiIdentifier, client, users, controlToken } = emulators;
  const todoOrigin = "todoOrigin" in emulators ? emulators.todoOrigin : undefined;
  return { ready: true, issuer, origin, todoOrigin, apiIdentifier, client, users, controlToken };
}

function summaryOf(emulators: PingOne | Offline): string {
  const { issuer, origin, todoOrigin, client, controlToken } = addressesOf(emulators);
  const token = controlToken === undefined ? "" : `?token=${controlToken}`;
  const users = emulators.users.map(
    ({ username, password, about }) => `  ${username.padEnd(14)} ${password.padEnd(14)}   ${about}`,
  );
  return [
    `PingOne issuer  ${issuer}`,
    ...(todoOrigin === undefined ? [] : [`Todo API        ${todoOrigin}/api/todos`]),
    `Control page    ${origin}${CONTROL_PATH}${token}`,
    `OIDC client     ${client.id} / ${client.secret}   (TEST ONLY)`,
    "Test users",
    ...users,
    "Ready",
    "",
  ].join("\n");
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  // Names of files come from strangers too.
  process.stderr.write(`${message.split("\n").map(printable).join("\n")}\n`);
  process.exit(1);
}

await main().catch(fail);
