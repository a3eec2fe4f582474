/** The fault matrix: every step meets every fault in a row, or is said not to; every row names tests that exist. */
import { type Check, damage } from "../check.ts";
import { textOf, titlesOf } from "../comparisons.ts";
import { sectionOf, tableRows } from "../markdown.ts";
import { filesBelow, type Project, readText } from "../project.ts";

const FAILURES = "docs/failures.md";

const STEPS = [
  "Discovery",
  "JWKS",
  "Authorize return",
  "Token",
  "Refresh",
  "Revocation",
  "Todo call",
] as const;
const FAULTS = [
  "slow",
  "4xx",
  "5xx",
  "429",
  "reset",
  "malformed",
  "wrong signature",
  "wrong audience",
  "wrong nonce",
  "clock skew",
] as const;

interface Cell {
  readonly step: string;
  readonly fault: string;
}

function rowsOf(document: string, step: string) {
  return tableRows(sectionOf(document, step)).filter((row) => row.fault !== undefined);
}

function impossibleCells(document: string): Cell[] {
  return tableRows(sectionOf(document, "What cannot be")).flatMap(({ step = "", faults = "" }) =>
    faults.split(", ").map((fault) => ({ step, fault })),
  );
}

function findGaps(document: string): string[] {
  const met = STEPS.flatMap((step) => rowsOf(document, step).map(({ fault = "" }) => ({ step, fault })));
  const told = [...met, ...impossibleCells(document)].map(({ step, fault }) => `${step} x ${fault}`);
  const wanted = STEPS.flatMap((step) => FAULTS.map((fault) => `${step} x ${fault}`));
  return [
    ...wanted.filter((cell) => !told.includes(cell)).map((cell) => `${cell} is left out`),
    ...told.filter((cell) => !wanted.includes(cell)).map((cell) => `${cell} is no cell of the matrix`),
    ...told.filter((cell, index) => told.indexOf(cell) !== index).map((cell) => `${cell} stands there twice`),
  ];
}

const LIST_OF_TESTS = /^(`[^`]+`: "[^"]+"(; |$))+$/;

function findRowsWithoutTests(document: string): string[] {
  return STEPS.flatMap((step) =>
    rowsOf(document, step)
      .filter(({ test = "" }) => !LIST_OF_TESTS.test(test))
      .map(({ fault }) => `${step} x ${fault}: no list of tests`),
  );
}

/** A title as it is written, or as a row of `it.each` makes it: the row's first value must be written out. */
function isMadeBy(template: string, title: string, literals: ReadonlySet<string>): boolean {
  if (template === title) return true;
  if (!/%[sij]/.test(template)) return false;
  const pattern = template.split(/%[sij]/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const values = new RegExp(`^${pattern.join("(.+)")}$`).exec(title)?.slice(1);
  return values?.every((value) => literals.has(value)) ?? false;
}

function findUnknownTests(document: string, readTest: (path: string) => string | undefined): string[] {
  const named = Array.from(document.matchAll(/`([^`\s]+\.test\.tsx?)`: "([^"]+)"/g));
  return named.flatMap(([, path = "", words = ""]) => {
    const source = readTest(path);
    if (source === undefined) return [`there is no ${path}`];
    const name = words.replace(/\s+/g, " ");
    const literals = new Set(Array.from(source.matchAll(/"((?:\\.|[^"\\\n])*)"/g), ([, text = ""]) => text));
    const groups = Array.from(
      source.matchAll(/\bdescribe(?:\.\w+)*(?:\([\s\S]*?\))?\(\s*"([^"\n]+)",/g),
      ([, title = ""]) => title,
    );
    const parts = name.split(" > ");
    const title = parts.pop() ?? "";
    const isThere =
      titlesOf(source).some((template) => isMadeBy(template, title, literals)) &&
      parts.every((part) => groups.some((template) => isMadeBy(template, part, literals)));
    return isThere ? [] : [`${path} has no test "${name}"`];
  });
}

/** Every file of failure tests has its place in the matrix, or stands for a rule of its own. */
const WITHOUT_ROW = ["test/worker/failures/secrets.test.ts"];

function findUnnamedFiles(document: string): string[] {
  return filesBelow("test/worker/failures", [".test.ts"])
    .filter((file) => !WITHOUT_ROW.includes(file) && !document.includes(`\`${file}\``))
    .map((file) => `${FAILURES}: ${file} is in no row`);
}

export const failureChecks: Check[] = [
  {
    name: "the matrix in docs/failures.md",
    differences: ({ files }) => {
      const document = textOf(files, FAILURES);
      return [...findGaps(document), ...findRowsWithoutTests(document)];
    },
    damages: [
      damage(FAILURES, "| clock skew | nobody:", "| clock | nobody:"),
      damage(FAILURES, "| Todo call | wrong signature, wrong", "| Todo call | wrong"),
      damage(FAILURES, "| Revocation | wrong signature,", "| Revocation | slow, wrong signature,"),
      (project) => withoutTests(project),
    ],
  },
  {
    name: "tests named in docs/failures.md",
    differences: ({ files }) => {
      const document = textOf(files, FAILURES);
      return [...findUnknownTests(document, readText), ...findUnnamedFiles(document)];
    },
    damages: [
      damage(FAILURES, "> never comes", "> comes never"),
      damage(
        FAILURES,
        '"a sign-in cannot begin when the document >',
        '"a sign-in can begin when the document >',
      ),
      damage(FAILURES, "is asked again twice and then", "is asked again thrice and then"),
      damage(FAILURES, "`test/worker/discovery.test.ts`", "`test/worker/discoveries.test.ts`"),
      damage(FAILURES, "answers 500, is asked again", "answers 501, is asked again"),
    ],
  },
];

function withoutTests(project: Project): Project {
  const text = textOf(project.files, FAILURES).replace(
    /`test\/worker\/failures\/revocation\.test\.ts`: "[^"]+" \|/,
    "|",
  );
  return { ...project, files: { ...project.files, [FAILURES]: text } };
}
