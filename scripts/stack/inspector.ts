/** The real MCP Inspector (web) as one part of the offline loop, with a home of its own. */
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { WORKER_HOST } from "../../mocks/addresses.ts";
import { type OfflineFolder, writePrivately } from "./folder.ts";
import type { Ports } from "./ports.ts";
import { type RunningPart, startProgram } from "./program.ts";
import { mcpUrlOf } from "./worker.ts";

const START_TIMEOUT_MS = 60_000;
const PACKAGE = "@modelcontextprotocol/inspector";

/** `auto` lets the Inspector negotiate the 2026-07-28 protocol; `legacy` keeps to 2025-era sessions. */
export type ProtocolEra = "legacy" | "auto";

export interface InspectorPartOptions {
  readonly root: string;
  readonly folder: OfflineFolder;
  readonly ports: Ports;
  /** One server card "todo" of this era in place of the Inspector's own catalogue. */
  readonly protocolEra?: ProtocolEra;
  /** What that card asks for; without it, all that the Worker offers. */
  readonly scopes?: string;
  /**
   * `file` keeps tokens in the Inspector's home, so that they outlive a restart; with `memory` a restarted Inspector
   * has its client id and asks `/authorize` again.
   */
  readonly secretStore: "file" | "memory";
}

export function inspectorOriginOf(ports: Ports): string {
  return `http://${WORKER_HOST}:${ports.INSPECTOR_PORT}`;
}

/** Opens the Inspector pointed at the Worker, connecting by itself. */
export function inspectorLinkOf(ports: Ports, token: string): string {
  const link = new URL(inspectorOriginOf(ports));
  link.searchParams.set("serverUrl", mcpUrlOf(ports));
  link.searchParams.set("transport", "http");
  link.searchParams.set("autoConnect", token);
  return link.href;
}

/** @throws {PartError} with what the Inspector said. */
export async function startInspector(options: InspectorPartOptions): Promise<RunningPart> {
  const { root, folder, ports, protocolEra, scopes, secretStore } = options;
  await mkdir(folder.inspectorHome, { recursive: true, mode: 0o700 });
  const manifest = createRequire(join(root, "package.json")).resolve(`${PACKAGE}/package.json`);
  const args = [join(dirname(manifest), "clients", "launcher", "build", "index.js"), "--web"];
  if (protocolEra !== undefined) {
    const config = join(folder.path, "inspector.json");
    const todo = {
      type: "http",
      url: mcpUrlOf(ports),
      protocolEra,
      ...(scopes !== undefined && { oauth: { scopes } }),
    };
    await writePrivately(config, `${JSON.stringify({ mcpServers: { todo } }, null, 2)}\n`);
    args.push("--config", config);
  }
  return startProgram(
    {
      name: "The MCP Inspector",
      args,
      cwd: folder.inspectorHome,
      env: inspectorEnvironment(folder, ports, secretStore),
      logFile: join(folder.logs, "inspector.log"),
    },
    `http://127.0.0.1:${ports.INSPECTOR_PORT}/`,
    START_TIMEOUT_MS,
  );
}

function inspectorEnvironment(
  folder: OfflineFolder,
  ports: Ports,
  secretStore: "file" | "memory",
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: folder.inspectorHome,
    USERPROFILE: folder.inspectorHome,
    HOST: "127.0.0.1",
    CLIENT_PORT: String(ports.INSPECTOR_PORT),
    // 0: whatever is free, for two helpers that nobody has to find by number.
    MCP_SANDBOX_PORT: "0",
    MCP_APP_ORIGIN_PORT: "0",
    MCP_AUTO_OPEN_ENABLED: "false",
    MCP_INSPECTOR_API_TOKEN: folder.secrets.inspectorToken,
    MCP_INSPECTOR_SECRET_STORE: secretStore,
  };
  // A person's own Inspector settings belong to a person's own Inspector.
  for (const name of [
    "ALLOWED_ORIGINS",
    "DANGEROUSLY_OMIT_AUTH",
    "MCP_CATALOG_PATH",
    "MCP_STORAGE_DIR",
    "SERVER_PORT",
  ]) {
    delete env[name];
  }
  return env;
}
