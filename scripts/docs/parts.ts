/** Every part of a document that is generated, by its name. */
import path from "node:path";
import { unstable_readConfig } from "wrangler";
import { ENDPOINTS, parseSettings, SECRET_NAMES, SETTING_NAMES, type Settings } from "../../src/config.ts";
import { LOG_EVENTS } from "../../src/log-events.ts";
import { LIMITS } from "../../src/rate-limits.ts";
import {
  ENDPOINT_TEXTS,
  PINGONE_FAILURE_TEXTS,
  SETTING_TEXTS,
  TOOL_FAILURE_TEXTS,
  TOOL_TEXTS,
} from "../../src/reference.ts";
import { TOOLS, type Tool } from "../../src/tools.ts";
import { DEFAULT_PORTS, EMULATOR_HOST, WORKER_HOST } from "../addresses.ts";
import { COMMANDS } from "../setup/commands.mjs";
import { connectorParts } from "./connectors.ts";
import { ROOT } from "./documents.ts";
import { emulatorParts } from "./emulator.ts";
import { codes, type Parts, rowsOf, table } from "./generate.ts";

export function readWranglerConfig() {
  return unstable_readConfig({ config: path.join(ROOT, "wrangler.jsonc") });
}

export function readParts(): Parts {
  return {
    ...emulatorParts(),
    ...connectorParts(),
    addresses: table(["what", "address", "variable that moves it"], addressRows()),
    secrets: table(
      ["secret", "what it is"],
      SECRET_NAMES.map((name) => [`\`${name}\``, SETTING_TEXTS[name]]),
    ),
    variables: table(["variable", "default", "shipped", "what it is"], variableRows()),
    endpoints: table(
      ["path", "what it is"],
      rowsOf(ENDPOINT_TEXTS, (text) => [text]),
    ),
    tools: table(
      ["tool", "scope", "hints", "what it does"],
      TOOLS.map((tool) => [`\`${tool.name}\``, codes(tool.scopes), hintsOf(tool), TOOL_TEXTS[tool.name]]),
    ),
    scripts: table(["script", "what it does"], scriptRows()),
    "log-events": table(
      ["event", "kind", "what it means", "what to do"],
      rowsOf(LOG_EVENTS, ({ kind, means, remedy }) => [kind, means, remedy]),
    ),
    "pingone-failures": table(
      ["`failure`", "what it means", "what to do"],
      rowsOf(PINGONE_FAILURE_TEXTS, ({ means, remedy }) => [means, remedy]),
    ),
    "tool-failures": table(
      ["`error`", "what it means"],
      rowsOf(TOOL_FAILURE_TEXTS, (text) => [text]),
    ),
    "rate-limits": table(["binding", "endpoint", "requests", "seconds"], rateLimitRows()),
  };
}

const ADDRESS_TEXTS: Record<keyof typeof DEFAULT_PORTS, readonly [what: string, host: string]> = {
  WORKER_PORT: ["Worker, MCP endpoint `/mcp`", WORKER_HOST],
  PINGONE_PORT: ["PingOne emulator, control page `/__mocks`", EMULATOR_HOST],
  TODO_PORT: ["Todo API emulator", EMULATOR_HOST],
  INSPECTOR_PORT: ["MCP Inspector", WORKER_HOST],
};

function addressRows() {
  return Object.entries(DEFAULT_PORTS).map(([variable, port]) => {
    const [what, host] = ADDRESS_TEXTS[variable as keyof typeof DEFAULT_PORTS];
    return [what, `\`http://${host}:${port}\``, `\`${variable}\``];
  });
}

/** Any values that pass, so that what is left are the defaults. */
const REQUIRED = {
  PINGONE_ISSUER: "https://auth.pingone.eu/11111111-2222-4333-8444-555555555555/as",
  MCP_SERVER_CLIENT_ID: "id",
  MCP_SERVER_CLIENT_SECRET: "secret",
  API_IDENTIFIER: "https://todo.api.com",
  API_URL: "https://todo.example.com",
  COOKIE_ENCRYPTION_KEY: "TEST ONLY cookie key, at least 32 characters long",
  MCP_RESOURCE: `https://mcp.example.com${ENDPOINTS.mcp}`,
};

function variableRows() {
  const defaults = parseSettings(REQUIRED);
  const { vars } = readWranglerConfig();
  return SETTING_NAMES.filter((name) => !SECRET_NAMES.some((secret) => secret === name)).map((name) => [
    `\`${name}\``,
    name in REQUIRED ? "required" : defaultOf(defaults[name]),
    vars[name] === undefined ? undefined : `\`${vars[name]}\``,
    SETTING_TEXTS[name],
  ]);
}

function defaultOf(value: Settings[keyof Settings]): string {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? "none" : `\`${value}\``;
}

function hintsOf({ annotations }: Tool): string | undefined {
  const hints = [
    annotations.readOnlyHint && "read-only",
    annotations.destructiveHint && "destructive",
    annotations.idempotentHint && "idempotent",
  ].filter((hint) => hint !== false);
  return hints.length === 0 ? undefined : hints.join(", ");
}

function rateLimitRows() {
  const ratelimits: readonly { name: string; simple: { limit: number; period: number } }[] =
    readWranglerConfig().ratelimits;
  return ratelimits.map(({ name, simple }) => {
    const endpoints = Object.entries(LIMITS)
      .filter(([, limits]) => limits.some(({ binding }) => binding === name))
      .map(([endpoint]) => endpoint);
    return [`\`${name}\``, codes(endpoints), String(simple.limit), String(simple.period)];
  });
}

function scriptRows() {
  return Object.entries(COMMANDS).map(([name, { about }]) => [
    name === "start" || name === "test" ? `\`npm ${name}\`` : `\`npm run ${name}\``,
    about,
  ]);
}
