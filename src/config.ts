/**
 * The Worker's configuration: bindings, settings, paths, scopes, and the props of a grant.
 *
 * Settings are parsed once per isolate. All problems are reported together, by name and with the command that fixes
 * each, never with the value.
 */
import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { z } from "zod";

/**
 * Bindings, variables and secrets (generated into `worker-configuration.d.ts` from `wrangler.jsonc` and
 * `.dev.vars.sample`), and what the OAuth provider adds for its handlers.
 */
export interface Env extends Cloudflare.Env {
  OAUTH_PROVIDER: OAuthHelpers;
}

/** The scopes of the Todo API, with their texts on the consent page. */
export const TODO_SCOPES = {
  "todo_api:read": "See your todos",
  "todo_api:write": "Add, change and delete your todos",
} as const;

export type TodoScope = keyof typeof TODO_SCOPES;

export function isTodoScope(scope: string): scope is TodoScope {
  return Object.hasOwn(TODO_SCOPES, scope);
}

export const ALL_TODO_SCOPES = ["todo_api:read", "todo_api:write"] as const satisfies readonly TodoScope[];

/** Requests a refresh token (OpenID Connect Core §11); it is not a permission. */
export const OFFLINE_ACCESS = "offline_access";

export const ENDPOINTS = {
  landing: "/",
  health: "/health",
  mcp: "/mcp",
  authorize: "/authorize",
  callback: "/callback",
  token: "/token",
  register: "/register",
  signOut: "/signout",
  authorizationServerMetadata: "/.well-known/oauth-authorization-server",
  protectedResourceMetadata: "/.well-known/oauth-protected-resource/mcp",
  /** MCP clients that find no document at the path above try this one. */
  rootProtectedResourceMetadata: "/.well-known/oauth-protected-resource",
} as const;

export type Endpoint = (typeof ENDPOINTS)[keyof typeof ENDPOINTS];

export const SERVER_INFO = { name: "todo-mcp-server", title: "Todo", version: "1.0.0" } as const;

/** Lifetime of an unused MCP refresh token and of a remembered approval. */
export const THIRTY_DAYS_SECONDS = 30 * 24 * 60 * 60;

/** Lifetime of an authorization code and of a consent page (the provider's own limits). */
export const AUTHORIZATION_CODE_TTL_SECONDS = 600;

/** Per grant. A client that never sends DELETE leaves its sessions open until they are idle. */
export const MAXIMUM_MCP_SESSIONS = 16;

/** Who signed in, from the verified ID token. */
export const personSchema = z.object({
  sub: z.string(),
  name: z.string().optional(),
  username: z.string().optional(),
  email: z.string().optional(),
});
export type Person = z.infer<typeof personSchema>;

/** The person's display name, from the first claim that PingOne sent. */
export function nameOfPerson({ sub, name, username, email }: Person): string {
  return name ?? username ?? email ?? sub;
}

/** The encrypted props of a grant: who the person is, and the PingSession with the PingOne tokens. Never a token. */
export const propsSchema = z.object({
  version: z.literal(1),
  person: personSchema,
  pingSessionId: z.string(),
});
export type Props = z.infer<typeof propsSchema>;

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Plain http is accepted on loopback only, as RFC 8252 §7.3 and RFC 9700 §2.6 allow; the offline loop uses it. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOSTS.has(url.hostname);
}

export function isSecure(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
}

const secureUrl = z
  .string({ error: "is missing" })
  .refine(URL.canParse, { error: "is not a URL", abort: true })
  .transform((value) => new URL(value))
  .refine(isSecure, { error: "must be an https URL (http only on localhost)", abort: true })
  .refine(({ username, password, hash }) => username + password + hash === "", {
    error: "must not contain a user name, a password or a fragment",
    abort: true,
  });

const requiredText = z.string({ error: "is missing" }).trim().min(1, "is empty");

/** An empty setting counts as one that is not set. */
const withDefault = <Schema extends z.ZodType>(fallback: unknown, schema: Schema) =>
  z.preprocess((value) => (value === undefined || value === "" ? fallback : value), schema);

const seconds = (fallback: number, minimum: number, maximum: number) =>
  withDefault(
    fallback,
    z.coerce
      .number()
      .pipe(
        z
          .int(`must be a whole number of seconds from ${minimum} to ${maximum}`)
          .min(minimum, `must be at least ${minimum} seconds`)
          .max(maximum, `must be at most ${maximum} seconds`),
      ),
  );

const choice = <const Values extends readonly [string, ...string[]]>(
  values: Values,
  fallback: Values[number],
) => withDefault(fallback, z.enum(values, { error: `must be one of: ${values.join(", ")}` }));

const settingsSchema = z.object({
  PINGONE_ISSUER: secureUrl,
  MCP_SERVER_CLIENT_ID: requiredText,
  MCP_SERVER_CLIENT_SECRET: requiredText,
  API_IDENTIFIER: requiredText,
  API_URL: secureUrl,
  COOKIE_ENCRYPTION_KEY: z.string({ error: "is missing" }).min(32, "must have at least 32 characters"),
  MCP_RESOURCE: secureUrl.refine(
    (url) => url.pathname === ENDPOINTS.mcp && url.search === "",
    `must be the public URL of ${ENDPOINTS.mcp}, without a query`,
  ),
  ALLOWED_ORIGINS: z
    .string()
    .default("")
    .transform((value) => value.split(/[\s,]+/).filter((entry) => entry !== ""))
    .refine(
      (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
      "must be origins such as https://app.example.com, separated by spaces",
    ),
  WHOAMI_ACCESS_TOKEN: choice(["redact", "include"], "redact"),
  PINGONE_OFFLINE_ACCESS: choice(["omit", "send"], "omit"),
  PINGONE_RESOURCE_PARAM: choice(["omit", "send"], "omit"),
  PINGONE_DV_POLICY_ID: withDefault(undefined, z.string().optional()),
  CLIENT_METADATA_DOCUMENTS: choice(["on", "off"], "on"),
  UPSTREAM_TIMEOUT_SECONDS: seconds(10, 1, 60),
  REQUEST_BUDGET_SECONDS: seconds(25, 1, 120),
  SESSION_IDLE_SECONDS: seconds(24 * 60 * 60, 60, 30 * 24 * 60 * 60),
});

/** The Worker's settings, parsed. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

/** Names of all settings, as in docs/reference.md, `.dev.vars.sample` and `wrangler.jsonc`. */
export const SETTING_NAMES = Object.keys(settingsSchema.shape) as (keyof Settings)[];

/** Settings that are secrets: set with `wrangler secret put`, never in `wrangler.jsonc`. */
export const SECRET_NAMES = [
  "PINGONE_ISSUER",
  "MCP_SERVER_CLIENT_ID",
  "MCP_SERVER_CLIENT_SECRET",
  "API_IDENTIFIER",
  "API_URL",
  "COOKIE_ENCRYPTION_KEY",
] as const satisfies readonly (keyof Settings)[];

/** One setting that is missing or malformed. `remedy` is the command or edit that fixes it. */
export interface SettingProblem {
  readonly name: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Lists all settings that are missing or malformed. Its message never contains a value. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ name, problem, remedy }) => `${name} ${problem}: ${remedy}`).join("; "));
    this.problems = problems;
  }
}

/** Cached by `env`, which stays the same object within an isolate or a Durable Object. */
const parsedOnce = new WeakMap<object, Settings>();

/**
 * Reads the settings.
 *
 * @throws {SettingsError} if any is missing or malformed
 */
export function parseSettings(env: object): Settings {
  const known = parsedOnce.get(env);
  if (known !== undefined) return known;
  const parsed = settingsSchema.safeParse(env);
  if (parsed.success) {
    parsedOnce.set(env, parsed.data);
    return parsed.data;
  }
  const problems = new Map<string, SettingProblem>();
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0]);
    if (problems.has(name)) continue;
    const isSecret = SECRET_NAMES.some((secret) => secret === name);
    problems.set(name, {
      name,
      problem: issue.message,
      remedy: isSecret
        ? `npm run wrangler secret put ${name} (local: ${name}=... in .dev.vars)`
        : `set "${name}" under "vars" in wrangler.jsonc (local: ${name}=... in .dev.vars)`,
    });
  }
  throw new SettingsError([...problems.values()]);
}
