/** The benchmark's files in `docs/`: its results, and the page and the chart that are generated from them. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { renderChart } from "./chart.ts";
import { renderCostPage } from "./cost-page.ts";
import type { Report } from "./report.ts";

const DOCS = path.join(import.meta.dirname, "../../docs");
const RESULTS = path.join(DOCS, "bench.json");

/** @throws {Error} if nothing was recorded yet */
export async function readRecorded(): Promise<Report> {
  return JSON.parse(await readFile(RESULTS, "utf8")) as Report;
}

export async function record(report: Report): Promise<void> {
  await writeFile(RESULTS, `${JSON.stringify(report, null, 2)}\n`);
  await writeRendered(report);
}

/** The files that are generated from the results, by their names in `docs/`. */
export function renderFiles(report: Report): ReadonlyMap<string, string> {
  return new Map([
    ["cost.md", renderCostPage(report)],
    ["bench.svg", renderChart(report)],
  ]);
}

export async function writeRendered(report: Report): Promise<void> {
  for (const [name, text] of renderFiles(report)) await writeFile(path.join(DOCS, name), text);
}
