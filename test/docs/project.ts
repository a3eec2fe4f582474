/** What the comparisons look at: documents, configuration and names from the code, read once. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { experimental_readRawConfig } from "wrangler";
import { z } from "zod";
import type { Files } from "./comparisons.ts";

const ROOT = path.join(import.meta.dirname, "../..");

const NOT_OURS = new Set(["node_modules", "dist", "test-results", "playwright-report"]);

export interface Project {
  /** Documents and `.dev.vars.sample`. */
  readonly files: Files;
  /** Sources of the Worker, by path. */
  readonly worker: Files;
  /** `vars` of `wrangler.jsonc`. */
  readonly vars: Readonly<Record<string, string>>;
  /** Names of all bindings in `wrangler.jsonc`. */
  readonly bindings: readonly string[];
  /** Requests and seconds of each rate-limit binding. */
  readonly rateLimits: Readonly<Record<string, string>>;
  /** `scripts` of `package.json`. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Scripts that `scripts/run.mjs` knows. */
  readonly commands: readonly string[];
  /** Passwords of the test users by user name. */
  readonly users: Readonly<Record<string, string>>;
  /** Scopes of the custom resources in `fixtures/pingone/`. */
  readonly fixtureScopes: readonly string[];
  /** Addresses that the Worker's application is registered with in `fixtures/pingone/`. */
  readonly fixtureUris: readonly string[];
}

const wranglerSchema = z.object({
  vars: z.record(z.string(), z.string()),
  kv_namespaces: z.array(z.object({ binding: z.string() })),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string() })) }),
  ratelimits: z.array(
    z.object({ name: z.string(), simple: z.object({ limit: z.number(), period: z.number() }) }),
  ),
});
const packageSchema = z.object({ scripts: z.record(z.string(), z.string()) });
const commandsSchema = z.object({ COMMANDS: z.record(z.string(), z.unknown()) });
const usersSchema = z.object({
  _embedded: z.object({
    users: z.array(z.object({ username: z.string(), password: z.object({ value: z.string() }) })),
  }),
});

const resourcesSchema = z.object({
  _embedded: z.object({
    resources: z.array(z.object({ type: z.string(), scopes: z.array(z.object({ name: z.string() })) })),
  }),
});
const applicationsSchema = z.object({
  _embedded: z.object({
    applications: z.array(
      z.object({
        redirectUris: z.array(z.string()).default([]),
        postLogoutRedirectUris: z.array(z.string()).default([]),
      }),
    ),
  }),
});

export function exists(relative: string): boolean {
  return existsSync(path.join(ROOT, relative));
}

export function readText(relative: string): string | undefined {
  return exists(relative) ? readFileSync(path.join(ROOT, relative), "utf8") : undefined;
}

/** Files below a folder with one of these endings, hidden and installed ones left out. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const relative = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      return NOT_OURS.has(entry.name) || entry.name.startsWith(".") ? [] : filesBelow(relative, endings);
    }
    return endings.some((ending) => entry.name.endsWith(ending)) ? [relative] : [];
  });
}

function readAll(paths: readonly string[]): Files {
  return Object.fromEntries(paths.map((file) => [file, readText(file) ?? ""]));
}

function readJson(relative: string): unknown {
  return JSON.parse(readText(relative) ?? "null");
}

export async function readProject(): Promise<Project> {
  const wrangler = wranglerSchema.parse(
    experimental_readRawConfig({ config: path.join(ROOT, "wrangler.jsonc") }).rawConfig,
  );
  // A name that the compiler does not follow: the setup is plain JavaScript, which runs on a bare clone.
  const commandsFile: string = pathToFileURL(path.join(ROOT, "scripts/setup/commands.mjs")).href;
  const commands = commandsSchema.parse(await import(commandsFile)).COMMANDS;
  const users = usersSchema.parse(readJson("fixtures/pingone/users.json"))._embedded.users;
  const resources = resourcesSchema.parse(readJson("fixtures/pingone/resources.json"))._embedded.resources;
  const applications = applicationsSchema.parse(readJson("fixtures/pingone/applications.json"))._embedded
    .applications;
  return {
    files: readAll([...filesBelow(".", [".md"]), ".dev.vars.sample"]),
    worker: readAll(
      filesBelow("src", [".ts", ".tsx"]).filter((file) => !/\.test\.tsx?$|\/testing\//.test(file)),
    ),
    vars: wrangler.vars,
    bindings: [
      ...wrangler.kv_namespaces.map(({ binding }) => binding),
      ...wrangler.durable_objects.bindings.map(({ name }) => name),
      ...wrangler.ratelimits.map(({ name }) => name),
    ],
    rateLimits: Object.fromEntries(
      wrangler.ratelimits.map(({ name, simple }) => [name, `${simple.limit} in ${simple.period}`]),
    ),
    scripts: packageSchema.parse(readJson("package.json")).scripts,
    commands: Object.keys(commands),
    users: Object.fromEntries(users.map(({ username, password }) => [username, password.value])),
    fixtureScopes: resources
      .filter(({ type }) => type === "CUSTOM")
      .flatMap(({ scopes }) => scopes.map(({ name }) => name)),
    fixtureUris: applications.flatMap(({ redirectUris, postLogoutRedirectUris }) => [
      ...redirectUris,
      ...postLogoutRedirectUris,
    ]),
  };
}
