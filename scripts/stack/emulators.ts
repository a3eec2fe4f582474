/** The PingOne and Todo API emulators as one part of the offline loop. */
import { EMULATOR_HOST, WORKER_HOST } from "../../mocks/addresses.ts";
import type { OfflineFolder } from "./folder.ts";
import { type Part, PartError, startPart } from "./part.ts";
import type { Ports } from "./ports.ts";

/** What the emulators say of themselves when they are ready. Everything in it is TEST ONLY. */
export interface EmulatorFacts {
  readonly issuer: string;
  readonly pingoneOrigin: string;
  readonly todoOrigin: string;
  readonly apiIdentifier: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly users: readonly { readonly username: string; readonly password: string; readonly about: string }[];
}

export interface EmulatorsPartOptions {
  readonly root: string;
  readonly folder: OfflineFolder;
  readonly ports: Ports;
  readonly fixturesDir?: string;
  /** Handed the process before it is ready, so that whoever ends the stack ends it too. */
  readonly onStarted: (part: Part) => void;
  readonly onLine?: (line: string) => void;
}

const START_TIMEOUT_MS = 60_000;

/** @throws {PartError} with what the emulators said. */
export async function startEmulatorsPart(options: EmulatorsPartOptions): Promise<EmulatorFacts> {
  const { root, folder, ports, fixturesDir } = options;
  const part = startPart({
    name: "the emulators",
    args: [
      "mocks/cli.ts",
      "--json",
      ...["--state", folder.emulators],
      ...["--worker", `http://${WORKER_HOST}:${ports.WORKER_PORT}`],
      ...(fixturesDir === undefined ? [] : ["--fixtures", fixturesDir]),
    ],
    cwd: root,
    env: { ...process.env, ...portVariables(ports) },
    logFile: `${folder.logs}/emulators.log`,
    onLine: (line) => {
      if (parseFacts(line) === undefined) options.onLine?.(line);
    },
  });
  options.onStarted(part);
  try {
    const facts = await part.waitForLine(parseFacts, START_TIMEOUT_MS);
    for (const origin of [facts.pingoneOrigin, facts.todoOrigin]) {
      await part.waitForAnswer(`${origin}/__mocks/health`, START_TIMEOUT_MS);
    }
    return facts;
  } catch (error) {
    await part.stop();
    throw error;
  }
}

function portVariables(ports: Ports): Record<string, string> {
  return Object.fromEntries(Object.entries(ports).map(([variable, port]) => [variable, String(port)]));
}

/** The line of JSON that `mocks/cli.ts --json` prints when it is ready. */
function parseFacts(line: string): EmulatorFacts | undefined {
  if (!line.startsWith('{"ready":true')) return undefined;
  try {
    return JSON.parse(line) as EmulatorFacts;
  } catch {
    throw new PartError("The emulators said that they are ready in a way that cannot be read.");
  }
}

/** Where a person looks at what the emulators saw. */
export function controlPageOf(ports: Ports): string {
  return `http://${EMULATOR_HOST}:${ports.PINGONE_PORT}/__mocks`;
}
