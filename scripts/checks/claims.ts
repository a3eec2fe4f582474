/**
 * A document names the tests that show what it claims by an id, such as `SEC-07`, and the titles of those tests begin
 * with `[SEC-07]`. The test runners report which tests there are and which passed.
 */
import { type Tally, type TestRun, tallyCheck } from "./results.ts";

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

/** One check of the whole run: each claim has a test that passed. @param runs undefined for one without a report */
export function tallyClaims(
  documents: Readonly<Record<string, string>>,
  runs: readonly (TestRun | undefined)[],
): Tally {
  if (runs.includes(undefined)) return tallyCheck(false, ["Not compared: a test runner left no report."]);
  const tests = runs.flatMap((run) => run?.files ?? []).flatMap((file) => file.tests);
  const passed = tests.filter(({ status }) => status === "passed").map(({ title }) => title);
  const problems = compareClaims(documents, passed);
  return tallyCheck(problems.length === 0, problems);
}
