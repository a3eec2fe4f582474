/** The Worker as one part of the offline loop: `wrangler dev`, so the bundle of a deployment in workerd. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { WORKER_HOST } from "../../mocks/addresses.ts";
import { WRANGLER_QUIET } from "../setup/commands.mjs";
import type { EmulatorFacts } from "./emulators.ts";
import { type OfflineFolder, writePrivately } from "./folder.ts";
import { type Part, PartError, startPart } from "./part.ts";
import type { Ports } from "./ports.ts";

const START_TIMEOUT_MS = 90_000;
const REASONS_MS = 500;
const LOOPBACK = "127.0.0.1";

export interface WorkerPartOptions {
  readonly root: string;
  readonly folder: OfflineFolder;
  readonly ports: Ports;
  /** Secrets and variables, by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** Handed the process before it is ready, so that whoever ends the stack ends it too. */
  readonly onStarted: (part: Part) => void;
  readonly onLine?: (line: string) => void;
}

export function workerOriginOf(ports: Ports): string {
  return `http://${WORKER_HOST}:${ports.WORKER_PORT}`;
}

export function mcpUrlOf(ports: Ports): string {
  return `${workerOriginOf(ports)}/mcp`;
}

/** @throws {PartError} with what wrangler or the Worker said. */
export async function startWorkerPart(options: WorkerPartOptions): Promise<void> {
  const { root, folder, ports } = options;
  await writePrivately(folder.workerSettings, renderEnvFile(options.settings));
  const wrangler = createRequire(join(root, "package.json")).resolve("wrangler/package.json");
  const part = startPart({
    name: "the Worker",
    args: [
      join(dirname(wrangler), "bin", "wrangler.js"),
      "dev",
      ...["--config", join(root, "wrangler.jsonc")],
      ...["--ip", LOOPBACK, "--port", String(ports.WORKER_PORT)],
      ...["--inspector-ip", LOOPBACK, "--inspector-port", "0"],
      ...["--persist-to", folder.worker],
      // SECURITY: with this option wrangler reads no .dev.vars and no .env, so a person's real PingOne credentials
      // never enter the offline loop.
      ...["--env-file", folder.workerSettings],
      "--local",
      "--show-interactive-dev-session=false",
    ],
    cwd: root,
    env: wranglerEnvironment(folder),
    logFile: join(folder.logs, "worker.log"),
    onLine: (line) => {
      if (!isNoise(line)) options.onLine?.(line);
    },
  });
  options.onStarted(part);
  try {
    const verdict = await part.waitForLine(readVerdict, START_TIMEOUT_MS);
    if (verdict === "broken") {
      // The reasons follow.
      await delay(REASONS_MS);
      throw new PartError(part.explain("the Worker cannot be built or started."));
    }
    await part.waitForAnswer(`http://${LOOPBACK}:${ports.WORKER_PORT}/health`, START_TIMEOUT_MS);
  } catch (error) {
    await part.stop();
    throw error;
  }
}

/** What a deployment gets by `wrangler secret put` and `vars`, for the offline loop. */
export function settingsOf(
  folder: OfflineFolder,
  ports: Ports,
  facts: EmulatorFacts,
): Record<string, string> {
  return {
    PINGONE_ISSUER: facts.issuer,
    MCP_SERVER_CLIENT_ID: facts.client.id,
    MCP_SERVER_CLIENT_SECRET: facts.client.secret,
    API_IDENTIFIER: facts.apiIdentifier,
    API_URL: facts.todoOrigin,
    COOKIE_ENCRYPTION_KEY: folder.secrets.cookieEncryptionKey,
    MCP_RESOURCE: mcpUrlOf(ports),
    ALLOWED_ORIGINS: `http://localhost:${ports.INSPECTOR_PORT} http://127.0.0.1:${ports.INSPECTOR_PORT}`,
    // There is no network to fetch such documents from.
    CLIENT_METADATA_DOCUMENTS: "off",
  };
}

/** wrangler expands `$` in values; a line break would start another setting. */
export function renderEnvFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => {
      if (/['\r\n]/.test(value))
        throw new PartError(`The value of ${name} has a quote or a line break in it.`);
      return `${name}='${value.replaceAll("$", "\\$")}'\n`;
    })
    .join("");
}

/** Nothing is sent anywhere, asked of the person, or shared with another wrangler on this machine. */
function wranglerEnvironment(folder: OfflineFolder): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...WRANGLER_QUIET,
    CI: "1",
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "false",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "true",
    WRANGLER_CACHE_DIR: join(folder.path, "wrangler-cache"),
    WRANGLER_LOG: "log",
    WRANGLER_REGISTRY_PATH: join(folder.path, "wrangler-registry"),
  };
  delete env.CLOUDFLARE_ENV;
  return env;
}

const NOISE = [
  /^Using secrets defined in /,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource/,
  /^env\.\w+/,
  /^⎔ Starting local server/,
  /^\[wrangler:info\] Ready on /,
  // The Worker logs each request itself.
  /^\[wrangler:info\] [A-Z]+ \/\S* \d{3} /,
  /Unable to fetch the `Request\.cf` object/,
  /update available/i,
];

let wasBlank = true;

/** What wrangler says that tells a person nothing. */
export function isNoise(line: string): boolean {
  const blank = line.trim() === "";
  const noise = NOISE.some((pattern) => pattern.test(line)) || (blank && wasBlank);
  if (!noise) wasBlank = blank;
  return noise;
}

/** wrangler goes on waiting for a corrected file after a failed build; a start does not. */
function readVerdict(line: string): "ready" | "broken" | undefined {
  if (/Ready on http/.test(line)) return "ready";
  if (/\[ERROR\]/.test(line)) return "broken";
  return undefined;
}
