/**
 * `npm run docs`: writes the parts of documents that are generated from the code that they describe. With `--check` it
 * writes nothing and fails when a document is stale, or names a claim that no test has in its title.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { compareClaims } from "./checks/claims.ts";
import { readPlaywright } from "./checks/results.ts";
import { ROOT, readDocuments } from "./docs/documents.ts";
import { generate, staleOf } from "./docs/generate.ts";
import { readParts } from "./docs/parts.ts";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const documents = readDocuments();
const generated = generate(documents, readParts());
const stale = staleOf(documents, generated);

if (values.check) {
  const problems = [
    ...stale.map((file) => `${file} is stale. Write it again with: npm run docs`),
    ...compareClaims(documents, listTitles()),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
} else {
  for (const file of stale) {
    writeFileSync(path.join(ROOT, file), generated[file] ?? "");
    process.stdout.write(`${file}\n`);
  }
}

/** Titles of all tests, without running any. A title made from a table is known only once its file has been loaded. */
function listTitles(): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), "test-titles-"));
  const [vitest, playwright] = [path.join(folder, "vitest.json"), path.join(folder, "playwright.json")];
  try {
    list(["node_modules/vitest/vitest.mjs", "list", "--no-static-parse", `--json=${vitest}`]);
    list(["node_modules/@playwright/test/cli.js", "test", "--list", "--reporter=json"], {
      PLAYWRIGHT_JSON_OUTPUT_FILE: playwright,
      // No browser is started.
      CHROMIUM_PATH: process.env.CHROMIUM_PATH ?? "none",
    });
    const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
    const unitAndWorker = read(vitest) as { name: string }[];
    const browser = readPlaywright(read(playwright), ROOT).files.flatMap(({ tests }) => tests);
    return [...unitAndWorker.map(({ name }) => name), ...browser.map(({ title }) => title)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function list(args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The tests could not be listed:\n${stdout}${stderr}`);
}
