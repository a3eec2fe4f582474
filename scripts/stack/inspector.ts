/** The real MCP Inspector (web) as one part of the offline loop, with a home of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { OfflineFolder } from "./folder.ts";
import { addressesOf, type Ports } from "./ports.ts";
import { type RunningPart, startProgram } from "./program.ts";

const START_TIMEOUT_MS = 60_000;

export const INSPECTOR_LAUNCHER = join(
  dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/inspector/package.json")),
  "clients/launcher/build/index.js",
);

/** `auto` lets the Inspector negotiate the 2026-07-28 protocol; `legacy` keeps to 2025-era sessions. */
export type ProtocolEra = "legacy" | "auto";

export interface InspectorOptions {
  /** Replaces the Inspector's own catalogue with one server card "todo" of this era. */
  readonly protocolEra?: ProtocolEra;
  /** What that card asks for; without it, all that the Worker offers. */
  readonly scopes?: string;
  /**
   * `file`, the default, keeps tokens in the Inspector's home, so that they outlive a restart. With `memory` a
   * restarted Inspector has its client id only and asks `/authorize` again.
   */
  readonly secretStore?: "file" | "memory";
}

/** @throws {StartError} with the last lines that the Inspector printed */
export async function startInspector(
  folder: OfflineFolder,
  ports: Ports,
  { protocolEra, scopes, secretStore = "file" }: InspectorOptions,
): Promise<RunningPart> {
  await mkdir(folder.inspectorHome, { recursive: true, mode: 0o700 });
  const args = [INSPECTOR_LAUNCHER, "--web"];
  if (protocolEra !== undefined) {
    const oauth = scopes === undefined ? {} : { oauth: { scopes } };
    const todo = { type: "http", url: addressesOf(ports).mcpUrl, protocolEra, ...oauth };
    const config = join(folder.path, "inspector.json");
    await writeFile(config, JSON.stringify({ mcpServers: { todo } }));
    args.push("--config", config);
  }
  return startProgram({
    name: "The MCP Inspector",
    args,
    cwd: folder.inspectorHome,
    env: {
      ...inspectorEnvironment(folder.inspectorHome),
      HOST: "127.0.0.1",
      CLIENT_PORT: String(ports.INSPECTOR_PORT),
      // 0: any free port, for two helpers that the Inspector finds by itself.
      MCP_SANDBOX_PORT: "0",
      MCP_APP_ORIGIN_PORT: "0",
      MCP_AUTO_OPEN_ENABLED: "false",
      MCP_INSPECTOR_API_TOKEN: folder.secrets.inspectorToken,
      MCP_INSPECTOR_SECRET_STORE: secretStore,
    },
    logFile: join(folder.logs, "inspector.log"),
    url: `http://127.0.0.1:${ports.INSPECTOR_PORT}/`,
    timeoutMs: START_TIMEOUT_MS,
  });
}

/** Without the settings that a person made for their own Inspector. */
export function inspectorEnvironment(home: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, USERPROFILE: home };
  for (const name of Object.keys(env)) {
    if (/^(MCP_.*|ALLOWED_ORIGINS|DANGEROUSLY_OMIT_AUTH|SERVER_PORT)$/.test(name)) delete env[name];
  }
  return env;
}
