/** A benchmark's results, for programs and for people. */
import type { Operations } from "./count.ts";
import type { Sample } from "./measure.ts";

export interface Row {
  readonly name: string;
  readonly floor?: string;
  readonly time: Sample;
  /** Processor time of workerd for one run, in milliseconds. */
  readonly cpuMs?: number;
  /** Runs a second with eight callers. */
  readonly throughput?: number;
  readonly operations: Operations;
}

export interface Report {
  readonly date: string;
  readonly node: string;
  readonly rounds: number;
  /** Median of one variant's odd rounds by that of its even ones: 1 on a machine that has nothing else to do. */
  readonly noise: number;
  readonly rows: readonly Row[];
}

/** By how much each variant with a floor is slower than it. */
export function ratios({ rows }: Report): { name: string; time: number; cpu: number | undefined }[] {
  return rows.flatMap((row) => {
    const floor = rows.find(({ name }) => name === row.floor);
    if (floor === undefined) return [];
    const cpu = row.cpuMs === undefined || floor.cpuMs === undefined ? undefined : row.cpuMs / floor.cpuMs;
    return [{ name: row.name, time: row.time.median / floor.time.median, cpu }];
  });
}

export function renderReport(report: Report): string {
  const table = report.rows.map(({ name, time, cpuMs, throughput, operations }) => [
    name,
    ms(time.median),
    ms(time.p95),
    time.quartiles.map(ms).join(" to "),
    cpuMs === undefined ? "-" : ms(cpuMs),
    throughput === undefined ? "-" : throughput.toFixed(0),
    kvCell(operations),
    String(Object.values(operations.objects).reduce((sum, count) => sum + count, 0)),
    String(operations.pingOne),
    String(operations.todoApi),
  ]);
  const head = [
    [
      "",
      "median ms",
      "p95",
      "half of all",
      "CPU ms",
      "8 callers/s",
      "KV r/w/d/l",
      "objects",
      "PingOne",
      "Todo API",
    ],
  ];
  const lines = renderColumns([...head, ...table]);
  const against = ratios(report).map(
    ({ name, time, cpu }) =>
      `${name}: ${time.toFixed(2)} x its floor${cpu === undefined ? "" : `, ${cpu.toFixed(2)} x its CPU`}`,
  );
  return [
    ...lines,
    "",
    ...against,
    `Noise: ${report.noise.toFixed(2)} (one variant against itself). ${report.rounds} rounds, Node ${report.node}.`,
  ].join("\n");
}

function kvCell({ kv }: Operations): string {
  return [kv.get, kv.put, kv.delete, kv.list].join("/");
}

function ms(milliseconds: number): string {
  return milliseconds.toFixed(2);
}

function renderColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}
