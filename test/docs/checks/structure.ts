/** What holds of all documents: links, paths, named tests, quoted messages, the form of decisions. */
import { type Check, damage, README, SECURITY, TROUBLESHOOTING } from "../check.ts";
import {
  compareNames,
  type Files,
  findBrokenLinks,
  findMissingPaths,
  findMissingTests,
  findUnknownMessages,
  textOf,
} from "../comparisons.ts";
import { codeSpans, linkTargets, sectionOf, tableRows } from "../markdown.ts";
import { exists, filesBelow, type Project, readText } from "../project.ts";

const LAYOUT = "docs/decisions/0015-files-beyond-the-seed-layout.md";
const SEED_FILES = new Set([
  "src/index.ts",
  "src/mcp.ts",
  "src/config.ts",
  "src/todoApi.client.ts",
  "src/auth/workers-oauth-utils.ts",
  "src/auth/ping-handler.ts",
  "src/auth/ping-utils.ts",
  "src/auth/ping-types.ts",
]);

const OTHERS_MESSAGES = ["At PingOne", "In a client"];
const SOURCES_OF_MESSAGES = [
  ...["src", "scripts", "mocks"].flatMap((folder) => filesBelow(folder, [".ts", ".tsx", ".mjs"])),
  "node_modules/@cloudflare/workers-oauth-provider/dist/oauth-provider.js",
]
  .map((file) => readText(file) ?? "")
  .join("\n");

const DECISION_HEADINGS = ["## Context", "## Decision", "## Consequences"];
const LONGEST_DECISION_LINES = 60;

function decisionsOf(files: Files): [string, string][] {
  return Object.entries(files).filter(([file]) => file.startsWith("docs/decisions/"));
}

export const structureChecks: Check[] = [
  {
    name: "links",
    differences: ({ files }) => findBrokenLinks(files, exists),
    damages: [
      damage(README, "](docs/security.md)", "](docs/safety.md)"),
      damage(TROUBLESHOOTING, "operations.md#log-events", "operations.md#logs"),
    ],
  },
  {
    name: "paths",
    differences: ({ files }) => findMissingPaths(files, exists),
    damages: [
      damage(README, "`src/index.ts`", "`src/main.ts`"),
      damage(README, "`wrangler.jsonc`", "`wrangler.json`"),
    ],
  },
  {
    name: "tests named in docs/security.md",
    differences: ({ files }) => {
      const security = textOf(files, SECURITY);
      const unreadable = tableRows(sectionOf(security, "Threats and protections"))
        .map(({ test = "" }) => test)
        .filter((cell) => !/^(`[^`]+`: "[^"]+"(; |$))*$/.test(cell));
      return [
        ...findMissingTests(security, readText),
        ...unreadable.map((cell) => `${SECURITY}: no list of tests: ${cell}`),
      ];
    },
    damages: [
      damage(SECURITY, '`src/auth/pages.test.tsx`: "says', '`src/auth/pages.test.tsx` says "'),
      (project) => withSecurity(project, '`test/docs/drift.test.ts`: "a test that nobody wrote"'),
      (project) => withSecurity(project, '`test/docs/no.test.ts`: "agrees"'),
    ],
  },
  {
    name: "messages in docs/troubleshooting.md",
    differences: ({ files }) => {
      const text = textOf(files, TROUBLESHOOTING);
      const others = OTHERS_MESSAGES.map((heading) => sectionOf(text, heading)).join("\n");
      const headings = Array.from(text.matchAll(/^### (.+)$/gm), (match) => match[1] ?? "");
      return findUnknownMessages(
        headings.filter((heading) => !others.includes(`### ${heading}`)),
        SOURCES_OF_MESSAGES,
      );
    },
    damages: [damage(TROUBLESHOOTING, "### Too many attempts", "### Too many tries")],
  },
  {
    name: "README's map of documents",
    differences: ({ files }) => {
      const linked = linkTargets(textOf(files, README));
      return Object.keys(files)
        .filter((file) => /^docs\/[^/]+\.md$/.test(file) && !linked.includes(file))
        .map((file) => `README: ${file} is left out`);
    },
    damages: [(project) => ({ ...project, files: { ...project.files, "docs/lost.md": "# Lost\n" } })],
  },
  {
    name: "source files in the decision about the layout",
    differences: ({ files, worker }) =>
      compareNames(
        "layout",
        codeSpans(textOf(files, LAYOUT)).filter(
          (span) => worker[span] !== undefined && !SEED_FILES.has(span),
        ),
        Object.keys(worker).filter((file) => !SEED_FILES.has(file)),
      ).filter((difference) => !difference.endsWith("stands there twice")),
    damages: [
      damage(LAYOUT, "`src/tools.ts`", "the tool table"),
      (project) => ({ ...project, worker: { ...project.worker, "src/new.ts": "" } }),
    ],
  },
  {
    name: "decisions",
    differences: ({ files }) => [
      ...decisionsOf(files).flatMap(([file, text]) => [
        ...[/^Date: \d{4}-\d\d-\d\d$/m, /^Status: (accepted|superseded)/m]
          .filter((line) => !line.test(text))
          .map((line) => `${file}: no line ${line.source}`),
        ...DECISION_HEADINGS.filter((heading) => !text.includes(`\n${heading}\n`)).map(
          (heading) => `${file}: no "${heading}"`,
        ),
        ...(text.split("\n").length > LONGEST_DECISION_LINES ? [`${file}: longer than a page`] : []),
      ]),
      ...compareNames(
        "numbers of decisions",
        decisionsOf(files).map(([file, text]) => `${file.slice(15, 19)} ${/^# (\d+)\./.exec(text)?.[1]}`),
        decisionsOf(files).map((_, index) => `${String(index + 1).padStart(4, "0")} ${index + 1}`),
      ),
    ],
    damages: [
      damage("docs/decisions/0001-two-mcp-lanes.md", "## Context", "## Background"),
      damage("docs/decisions/0002-ping-session-per-grant.md", "# 2.", "# 3."),
      damage("docs/decisions/0010-one-host.md", "Status: accepted", "Status: maybe"),
    ],
  },
];

function withSecurity(project: Project, text: string): Project {
  return {
    ...project,
    files: { ...project.files, [SECURITY]: `${textOf(project.files, SECURITY)}\n${text}\n` },
  };
}
