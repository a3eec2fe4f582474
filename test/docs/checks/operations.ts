/** What an operator reads: log events, failures, rate limits, bindings, cookies. */
import { ARCHITECTURE, type Check, columnOf, damage, OPERATIONS, tableOf } from "../check.ts";
import { compareNames, comparePairs, countUnnamedEvents, loggedEvents, textOf } from "../comparisons.ts";
import { codeSpans, namesInColumn, sectionOf } from "../markdown.ts";
import type { Project } from "../project.ts";

function workerSource(project: Project): string {
  return Object.entries(project.worker)
    .filter(([file]) => file !== "src/log.ts")
    .map(([, text]) => text)
    .join("\n");
}

export const operationsChecks: Check[] = [
  {
    name: "log events in docs/operations.md",
    differences: (project) => {
      const documented = columnOf(tableOf(project, OPERATIONS, "Log events", "event"), "event", "kind");
      const source = workerSource(project);
      const unnamed = countUnnamedEvents(source);
      return [
        ...comparePairs("log events", documented, {
          ...loggedEvents(source),
          ...loggedEvents(textOf(project.worker, "src/log.ts")),
        }),
        ...(unnamed > 0 ? [`${unnamed} log calls do not write their event out`] : []),
      ];
    },
    damages: [
      damage(OPERATIONS, "| `tool.done` | event |", "| `tool.finished` | event |"),
      damage(OPERATIONS, "| `tool.failed` | problem |", "| `tool.failed` | event |"),
      (project) => withWorkerSource(project, 'logEvent("never.documented");'),
      (project) => withWorkerSource(project, "logProblem(eventName);"),
    ],
  },
  {
    name: "failures in docs/operations.md",
    differences: (project) => {
      const upstream = /export type UpstreamFailure =([^;]+);/.exec(
        textOf(project.worker, "src/auth/ping-types.ts"),
      )?.[1];
      const failures = Array.from((upstream ?? "").matchAll(/\| "([a-z_]+)"/g), (match) => match[1] ?? "");
      const kinds = [
        ...kindsOf(textOf(project.worker, "src/todoApi.client.ts"), "TodoFailure"),
        ...kindsOf(textOf(project.worker, "src/tools.ts"), "ToolFailure"),
      ];
      return [
        ...compareNames(
          "failures at PingOne",
          namesInColumn(tableOf(project, OPERATIONS, "Failures at PingOne", "`failure`"), "`failure`"),
          [...failures, "internal"],
        ),
        ...compareNames(
          "failures at the Todo API",
          namesInColumn(tableOf(project, OPERATIONS, "Failures at the Todo API", "`error`"), "`error`"),
          kinds,
        ),
      ];
    },
    damages: [
      damage(OPERATIONS, "| `untrusted` |", "| `distrusted` |"),
      damage(OPERATIONS, "| `conflict` |", "| `clash` |"),
      damage(OPERATIONS, "| `internal` | an error in the Worker itself: report it |\n", ""),
    ],
  },
  {
    name: "rate limits in docs/operations.md",
    differences: (project) => {
      const rows = tableOf(project, OPERATIONS, "Rate limits", "binding");
      const documented = rows.map((row) => [
        codeSpans(row.binding ?? "")[0] ?? "",
        `${row.requests} in ${row.seconds}`,
      ]);
      return comparePairs("rate limits", Object.fromEntries(documented), project.rateLimits);
    },
    damages: [
      damage(OPERATIONS, "| `/token` | 600 |", "| `/token` | 60 |"),
      (project) => ({ ...project, rateLimits: { ...project.rateLimits, RATE_LIMIT_SIGNOUT: "1 in 10" } }),
    ],
  },
  {
    name: "bindings in docs/architecture.md",
    differences: ({ files, bindings }) => {
      const named = codeSpans(textOf(files, ARCHITECTURE));
      return bindings.filter((name) => !named.includes(name)).map((name) => `${ARCHITECTURE}: no ${name}`);
    },
    damages: [(project) => ({ ...project, bindings: [...project.bindings, "OTHER_KV"] })],
  },
  {
    name: "cookies in docs/architecture.md",
    differences: (project) =>
      compareNames(
        "cookies",
        codeSpans(sectionOf(textOf(project.files, ARCHITECTURE), "Cookies")).flatMap(
          (span) => /^__Host-(ping-.+)$/.exec(span)?.[1] ?? [],
        ),
        Array.from(workerSource(project).matchAll(/_COOKIE = "(ping-[^"]+)"/g), (match) => match[1] ?? ""),
      ),
    damages: [
      damage(ARCHITECTURE, "__Host-ping-signout-account", "__Host-ping-account"),
      (project) => withWorkerSource(project, 'const NEW_COOKIE = "ping-new";'),
    ],
  },
];

/** The kinds that a union of outcomes writes out. A blank line ends it. */
function kindsOf(source: string, union: string): string[] {
  const [members = ""] = (source.split(`type ${union} =`)[1] ?? "").split("\n\n");
  return Array.from(members.matchAll(/\bkind: "([a-z_]+)"/g), (match) => match[1] ?? "");
}

function withWorkerSource(project: Project, source: string): Project {
  return { ...project, worker: { ...project.worker, "src/added.ts": source } };
}
