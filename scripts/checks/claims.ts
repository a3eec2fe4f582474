/**
 * A document names the tests that show what it claims by an id, such as `SEC-07`, and the titles of those tests begin
 * with `[SEC-07]`. Which tests there are, and which passed, is what the test runners say of themselves.
 */
import { z } from "zod";
import { NOTHING, type Tally } from "./tally.ts";

const IN_DOCUMENT = /\b(?:SEC|FAIL|PING)-\d+\b/g;
const IN_TITLE = /\[((?:SEC|FAIL|PING)-\d+)\]/g;

/** Ids of claims that a document makes, each once. */
export function claimsOf(markdown: string): string[] {
  return [...new Set(markdown.match(IN_DOCUMENT))];
}

/** @param documents texts by path @param titles of tests, with the titles of their groups */
export function compareClaims(
  documents: Readonly<Record<string, string>>,
  titles: readonly string[],
): string[] {
  const claimed = new Map(
    Object.entries(documents).flatMap(([file, text]) => claimsOf(text).map((id) => [id, file] as const)),
  );
  const shown = new Map(
    titles.flatMap((title) => Array.from(title.matchAll(IN_TITLE), ([, id = ""]) => [id, title] as const)),
  );
  return [
    ...[...claimed]
      .filter(([id]) => !shown.has(id))
      .map(([id, file]) => `${file}: no test that passed has [${id}] in its title`),
    ...[...shown]
      .filter(([id]) => !claimed.has(id))
      .map(([id, title]) => `no document names ${id}: ${title}`),
  ];
}

/** `vitest list --json`. */
const vitestList = z.array(z.object({ name: z.string() }));

const vitestReport = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) }),
  ),
});

interface PlaywrightSuite {
  title: string;
  specs: { title: string; tests: { results: { status: string }[] }[] }[];
  suites?: PlaywrightSuite[] | undefined;
}

const playwrightSuite: z.ZodType<PlaywrightSuite> = z.object({
  title: z.string(),
  specs: z.array(
    z.object({
      title: z.string(),
      tests: z.array(z.object({ results: z.array(z.object({ status: z.string() })) })),
    }),
  ),
  get suites() {
    return z.array(playwrightSuite).optional();
  },
});
const playwrightReport = z.object({ suites: z.array(playwrightSuite) });

const listOrReport = z.union([vitestList, vitestReport, playwrightReport]);

/**
 * Titles of the tests that a runner lists, or of those that passed.
 *
 * @param report what Vitest or Playwright wrote as JSON, parsed @throws {z.ZodError} when it is none of theirs
 */
export function titlesOf(report: unknown): string[] {
  const known = listOrReport.parse(report);
  if (Array.isArray(known)) return known.map(({ name }) => name);
  if ("suites" in known) return known.suites.flatMap((suite) => titlesOfSuite(suite));
  return known.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "passed")
    .map(({ fullName }) => fullName);
}

/** A test that was listed only has no results. */
function titlesOfSuite({ title, specs, suites = [] }: PlaywrightSuite): string[] {
  return [
    ...specs
      .filter(({ tests }) => tests.every(({ results }) => results.every(({ status }) => status === "passed")))
      .map((spec) => spec.title),
    ...suites.flatMap((suite) => titlesOfSuite(suite)),
  ].map((name) => `${title} ${name}`);
}

/** One check more for the whole run. @param reports of all runners; of one that left none, anything else */
export function tallyClaims(documents: Readonly<Record<string, string>>, reports: readonly unknown[]): Tally {
  // The runner that left no report has failed already; what its tests show is not known.
  const remarks = reports.every((report) => listOrReport.safeParse(report).success)
    ? compareClaims(documents, reports.flatMap(titlesOf))
    : ["Not compared: a test runner left no report."];
  return remarks.length === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1, remarks };
}
