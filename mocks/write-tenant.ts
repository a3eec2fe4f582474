/** `npx pingone-emulator init DIR`: writes a small tenant to start from, with JSON Schemas that an editor understands. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { TEST_PASSWORD } from "./pingone/tenant/seed.ts";
import { tenantSchemas } from "./tenant-schemas.ts";

/** Of the shipped tenant, which the new one lies over. */
const SHIPPED = {
  openid: "a3d5c7e9-0001-4a6b-8c2d-1e3f5a7b9c01",
  profile: "a3d5c7e9-1002-4a6b-8c2d-1e3f5a7b9c01",
  email: "a3d5c7e9-1003-4a6b-8c2d-1e3f5a7b9c01",
  todoApi: "a3d5c7e9-0003-4a6b-8c2d-1e3f5a7b9c03",
  todoRead: "a3d5c7e9-3001-4a6b-8c2d-1e3f5a7b9c03",
  todoWrite: "a3d5c7e9-3002-4a6b-8c2d-1e3f5a7b9c03",
};

/**
 * Writes a new tenant. Returns the paths of its files, relative to `directory`.
 * @throws {Error} with a sentence, when the folder is not empty or cannot be written.
 */
export async function writeTenant(directory: string): Promise<readonly string[]> {
  const folder = resolve(directory);
  const files = { ...tenantFiles(), ...schemaFiles() };
  await requireEmpty(folder);
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(
        path,
        typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`,
      );
    }
  } catch (error) {
    throw new Error(`${folder} cannot be written: ${codeOf(error)}. Name a folder that you may write to.`, {
      cause: error,
    });
  }
  return Object.keys(files);
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    const what = codeOf(error) === "ENOTDIR" ? "is a file" : `cannot be read (${codeOf(error)})`;
    throw new Error(`${folder} ${what}. Name a folder that is empty or does not exist yet.`, {
      cause: error,
    });
  });
  if (names.length > 0) {
    throw new Error(
      `${folder} is not empty, and nothing in it was changed. Name a folder that is empty or does not exist yet.`,
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function schemaFiles(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tenantSchemas()).map(([name, schema]) => [`schemas/${name}.json`, schema]),
  );
}

function tenantFiles(): Record<string, unknown> {
  const list = (name: string, key: string, items: readonly unknown[]) => ({
    [`pingone/${name}.json`]: { $schema: `../schemas/${name}.json`, _embedded: { [key]: items } },
  });
  const api = { id: randomUUID(), read: randomUUID(), write: randomUUID() };
  const staff = randomUUID();
  const user = (username: string, given: string, more: object = {}) => ({
    id: randomUUID(),
    username,
    email: `${username}@example.com`,
    name: { given, family: "Test" },
    password: { value: TEST_PASSWORD },
    ...more,
  });
  const grant = (resource: string, ...scopes: string[]) => ({
    application: { id: "my-app" },
    resource: { id: resource },
    scopes: scopes.map((id) => ({ id })),
  });
  return {
    "README.md": README,
    "pingone/environment.json": {
      $schema: "../schemas/environment.json",
      id: randomUUID(),
      name: "My environment",
      region: "NA",
      organization: { id: randomUUID() },
    },
    ...list("applications", "applications", [
      {
        id: "my-app",
        name: "My application",
        enabled: true,
        type: "WEB_APP",
        protocol: "OPENID_CONNECT",
        grantTypes: ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
        responseTypes: ["CODE"],
        pkceEnforcement: "OPTIONAL",
        tokenEndpointAuthMethod: "CLIENT_SECRET_BASIC",
        secret: "TEST-ONLY-my-app-secret",
        redirectUris: ["http://localhost:3000/callback"],
        postLogoutRedirectUris: ["http://localhost:3000/"],
        attributes: [{ name: "groups", value: "${user.memberOfGroupNames}" }],
      },
    ]),
    ...list("resources", "resources", [
      {
        id: api.id,
        name: "My API",
        type: "CUSTOM",
        audience: "https://my.api.example",
        accessTokenValiditySeconds: 3600,
        scopes: [
          { id: api.read, name: "my_api:read", description: "Read" },
          { id: api.write, name: "my_api:write", description: "Change" },
        ],
      },
    ]),
    ...list("grants", "grants", [
      grant(SHIPPED.openid, SHIPPED.profile, SHIPPED.email),
      grant(SHIPPED.todoApi, SHIPPED.todoRead, SHIPPED.todoWrite),
      grant(api.id, api.read, api.write),
    ]),
    ...list("groups", "groups", [{ id: staff, name: "Staff" }]),
    ...list("users", "users", [
      user("ann", "Ann", { memberOfGroups: [{ id: staff }], about: "is one of the staff" }),
      user("ben", "Ben", { about: "is in no group" }),
    ]),
    "davinci/my-sign-on.json": {
      $schema: "../schemas/flow.json",
      name: "my-sign-on",
      description: "As the shipped sign-on, but it asks for the password at every request.",
      policyId: randomUUID().replaceAll("-", ""),
      extends: "sign-on-with-consent",
      start: "signOn",
      nodes: { checkSession: null },
    },
    "todos.json": {
      $schema: "./schemas/todos.json",
      default: [],
      users: { ann: [{ id: "1", text: "Read the README", completed: false }] },
    },
  };
}

const README = `# A tenant of the PingOne emulator

    npx pingone-emulator --tenant .

What is here lies over the tenant that comes with the emulator; a file that you delete is taken from there again. Entries
of yours replace shipped ones of the same id (users also of the same user name, flows of the same name or policy id). The
first application that signs people on is the one that the emulator prints.

| file | is | as at PingOne's Management API |
|---|---|---|
| \`pingone/environment.json\` | the environment; its id is part of the issuer | \`GET /v1/environments/{id}\` |
| \`pingone/applications.json\` | OIDC applications; \`attributes\` add claims to ID token and UserInfo | \`GET .../applications\`, with \`secret\` and \`attributes\` |
| \`pingone/resources.json\` | APIs with their scopes; \`attributes\` add claims to access tokens | \`GET .../resources\`, with \`scopes\` and \`attributes\` |
| \`pingone/grants.json\` | which application may ask for which scopes. Ids that begin with \`a3d5c7e9\` are shipped: profile, email, and the Todo API | \`GET .../applications/{id}/grants\`, all in one list |
| \`pingone/groups.json\` | groups, which users name in \`memberOfGroups\` | \`GET .../groups\` |
| \`pingone/users.json\` | test users, each with a password that says so | \`GET .../users\`, with \`password\` |
| \`davinci/*.json\` | sign-on flows: written by hand (\`extends\` names a shipped one to change), or exported from DaVinci | flows |
| \`todos.json\` | the first todos of users, by user name | - |
| \`schemas/\` | what an editor needs to complete and check the files above | - |

Flows that read populations or agreements want \`pingone/populations.json\` and \`pingone/agreements.json\`.

You can add \`pingone/flow-policies.json\` and \`pingone/flow-policy-assignments.json\`, to decide which application runs which
flow. Without them every application can use all, your own flows first.

Secrets and passwords here are for tests only. Put no real ones in their place.
`;
