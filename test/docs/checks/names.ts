/** Names that a person types or reads: scripts, endpoints, tools, scopes, ports, test users. */
import { DEFAULT_PORTS } from "../../../mocks/addresses.ts";
import { ALL_TODO_SCOPES, ENDPOINTS } from "../../../src/config.ts";
import { TOOLS, type Tool } from "../../../src/tools.ts";
import {
  ARCHITECTURE,
  type Check,
  columnOf,
  damage,
  OPERATIONS,
  README,
  SAMPLE,
  TROUBLESHOOTING,
  tableOf,
} from "../check.ts";
import { compareNames, comparePairs, findUnknownPorts, findUnknownScopes, textOf } from "../comparisons.ts";
import { codeSpans, namesInColumn, sectionOf } from "../markdown.ts";

/** Other documents may name ports of other programs, as in an example. */
const DOCUMENTS_OF_THE_LOOP = [README, SAMPLE, OPERATIONS, ARCHITECTURE, TROUBLESHOOTING];

function hintsOf({ annotations }: Tool): string {
  const hints = [
    annotations.readOnlyHint && "read-only",
    annotations.destructiveHint && "destructive",
    annotations.idempotentHint && "idempotent",
  ].filter((hint) => hint !== false);
  return hints.join(", ") || "-";
}

export const nameChecks: Check[] = [
  {
    name: "README's scripts",
    differences: (project) => {
      const rows = tableOf(project, README, "Scripts", "script");
      const documented = namesInColumn(rows, "script").map((span) => span.replace(/^npm (run )?/, ""));
      const calls = Object.entries(project.scripts).filter(
        ([name, call]) => call !== `exec node scripts/run.mjs ${name}`,
      );
      return [
        ...compareNames("scripts in README", documented, project.commands),
        ...compareNames("scripts in package.json", Object.keys(project.scripts), project.commands),
        ...calls.map(([name]) => `package.json: ${name} does not run through scripts/run.mjs`),
      ];
    },
    damages: [
      damage(README, "| `npm run mocks` |", "| `npm run mock` |"),
      (project) => ({ ...project, commands: [...project.commands, "undocumented"] }),
      (project) => ({ ...project, scripts: { ...project.scripts, dev: "wrangler dev" } }),
    ],
  },
  {
    name: "README's endpoints",
    differences: (project) =>
      compareNames(
        "endpoints",
        namesInColumn(tableOf(project, README, "Endpoints", "path"), "path"),
        Object.values(ENDPOINTS),
      ),
    damages: [
      damage(README, "| `/callback` |", "| `/oauth/callback` |"),
      damage(README, "| `/health` |", "| |"),
    ],
  },
  {
    name: "README's tools",
    differences: (project) => {
      const rows = tableOf(project, README, "Tools", "tool");
      const scopes = TOOLS.map((tool) => [tool.name, tool.scopes.join(" ") || "-"]);
      return [
        ...comparePairs("scopes of tools", columnOf(rows, "tool", "scope"), Object.fromEntries(scopes)),
        ...comparePairs(
          "hints of tools",
          columnOf(rows, "tool", "hints"),
          Object.fromEntries(TOOLS.map((tool) => [tool.name, hintsOf(tool)])),
        ),
      ];
    },
    damages: [
      damage(README, "| `toggleTodo` |", "| `toggle_todo` |"),
      damage(README, "| `addTodo` | `todo_api:write` |", "| `addTodo` | `todo_api:read` |"),
      damage(README, "destructive, idempotent", "idempotent"),
    ],
  },
  {
    name: "scopes in all documents",
    differences: ({ files }) => [
      ...findUnknownScopes(files, ALL_TODO_SCOPES),
      ...ALL_TODO_SCOPES.filter((scope) => !textOf(files, README).includes(scope)).map(
        (scope) => `README: ${scope} is left out`,
      ),
    ],
    damages: [damage(README, "`todo_api:write`", "`tode_api:write`")],
  },
  {
    name: "scopes and addresses in fixtures and README's PingOne steps",
    differences: ({ files, fixtureScopes, fixtureUris }) => {
      const step = sectionOf(textOf(files, README), "2. The MCP server as an OIDC application");
      const spans = codeSpans(step);
      const paths = [ENDPOINTS.callback, ENDPOINTS.landing];
      return [
        ...compareNames("scopes in fixtures", fixtureScopes, ALL_TODO_SCOPES),
        ...compareNames(
          "addresses in fixtures",
          fixtureUris,
          paths.map((path) => `{worker}${path}`),
        ),
        ...[...ALL_TODO_SCOPES, ...paths.map((path) => `https://<worker>${path}`)]
          .filter((name) => !spans.includes(name))
          .map((name) => `README, step 2: no ${name}`),
      ];
    },
    damages: [
      damage(README, "`https://<worker>/callback`, and", "`https://<worker>/return`, and"),
      (project) => ({ ...project, fixtureScopes: ["todo_api:read"] }),
      (project) => ({ ...project, fixtureUris: ["{worker}/callback"] }),
    ],
  },
  {
    name: "README's addresses",
    differences: (project) => {
      const rows = tableOf(project, README, "Run it offline", "variable that moves it");
      const documented = Object.entries(columnOf(rows, "variable that moves it", "address"));
      return comparePairs(
        "ports",
        Object.fromEntries(documented.map(([variable, address]) => [variable, new URL(address).port])),
        Object.fromEntries(Object.entries(DEFAULT_PORTS).map(([variable, port]) => [variable, String(port)])),
      );
    },
    damages: [damage(README, "`http://127.0.0.1:9401` |", "`http://127.0.0.1:9402` |")],
  },
  {
    name: "ports in documents and wrangler.jsonc",
    differences: ({ files, vars }) =>
      findUnknownPorts(
        {
          ...Object.fromEntries(DOCUMENTS_OF_THE_LOOP.map((file) => [file, textOf(files, file)])),
          "wrangler.jsonc": Object.values(vars).join(" "),
        },
        Object.values(DEFAULT_PORTS),
      ),
    damages: [
      damage(SAMPLE, "http://localhost:8787/callback", "http://localhost:8788/callback"),
      (project) => ({ ...project, vars: { ALLOWED_ORIGINS: "http://localhost:6277" } }),
    ],
  },
  {
    name: "README's test users",
    differences: ({ files, users }) => {
      const spans = codeSpans(sectionOf(textOf(files, README), "Run it offline"));
      return ["alice", "bob"].flatMap((name) => {
        const password = users[name];
        if (password === undefined) return [`there is no test user ${name}`];
        return [name, password].filter((word) => !spans.includes(word)).map((word) => `README: no ${word}`);
      });
    },
    damages: [
      damage(README, "2FederateM0re!", "2FederateMore!"),
      (project) => ({ ...project, users: { alice: project.users.alice ?? "" } }),
    ],
  },
];
