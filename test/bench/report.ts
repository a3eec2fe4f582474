/** A benchmark's results, for programs and for people. */
import type { Operations } from "./count.ts";
import type { Growth } from "./growth.ts";
import type { Sample } from "./measure.ts";

export interface Row {
  readonly name: string;
  /** The row that it is compared with. */
  readonly floor?: string;
  readonly time: Sample;
  /** The minimum and the maximum of the ratio to its floor over ten parts of the run: a measure of the noise. */
  readonly ratioRange?: readonly [number, number];
  /** Processor time of workerd for one run, in milliseconds. */
  readonly cpuMs?: number | undefined;
  /** Runs per second with eight concurrent callers. */
  readonly throughput?: number;
  readonly operations?: Operations | undefined;
}

export interface Report {
  readonly date: string;
  readonly node: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly growth: readonly Growth[];
}

/** How much slower each row is than its floor. */
export function ratios({ rows }: Report) {
  return rows.flatMap((row) => {
    const floor = rows.find(({ name }) => name === row.floor);
    if (floor === undefined) return [];
    const cpu = row.cpuMs === undefined || floor.cpuMs === undefined ? undefined : row.cpuMs / floor.cpuMs;
    return [{ name: row.name, time: row.time.median / floor.time.median, range: row.ratioRange, cpu }];
  });
}

export function renderRange(range: readonly [number, number]): string {
  return `(${range.map((part) => part.toFixed(2)).join(" to ")} in ten parts of the run)`;
}

export function renderReport(report: Report): string {
  const against = ratios(report).map(
    ({ name, time, range, cpu }) =>
      `${name}: ${time.toFixed(2)} x its floor${range === undefined ? "" : ` ${renderRange(range)}`}${cpu === undefined ? "" : `, ${cpu.toFixed(2)} x its CPU`}`,
  );
  return [
    "Milliseconds",
    ...renderColumns(timeTable(report.rows)),
    "",
    ...against,
    "",
    "What one run asks of others",
    ...renderColumns(operationTable(report.rows)),
    ...report.growth.flatMap((growth) => [
      "",
      `Median by ${growth.of}`,
      ...renderColumns(growthTable(growth)),
    ]),
    "",
    `${report.rounds} rounds, Node ${report.node}.`,
  ].join("\n");
}

type Table = readonly (readonly string[])[];

export function timeTable(rows: readonly Row[]): Table {
  return [
    ["", "median", "p95", "middle half", "samples", "CPU", "8 callers/s"],
    ...rows.map(({ name, time, cpuMs, throughput }) => [
      name,
      ms(time.median),
      ms(time.p95),
      time.quartiles.map(ms).join(" to "),
      String(time.count),
      cpuMs === undefined ? "-" : ms(cpuMs),
      throughput === undefined ? "-" : throughput.toFixed(0),
    ]),
  ];
}

export function operationTable(rows: readonly Row[]): Table {
  return [
    [
      "",
      "requests",
      "KV r/w/d/l",
      "objects",
      "rows r/w",
      "awake",
      "PingOne",
      "Todo API",
      "log lines",
      "bytes out",
    ],
    ...rows.flatMap(({ name, operations }) => {
      if (operations === undefined) return [];
      const { kv, rows: touched, rowsAwake: awake } = operations;
      return [
        [
          name,
          String(operations.requests),
          [kv.get, kv.put, kv.delete, kv.list].join("/"),
          String(countObjects(operations)),
          `${touched.read}/${touched.written}`,
          `${awake.read}/${awake.written}`,
          String(operations.pingOne),
          String(operations.todoApi),
          String(operations.logLines),
          String(operations.bytesOut),
        ],
      ];
    }),
  ];
}

/** Calls of Durable Objects. */
function countObjects({ objects }: Operations): number {
  return Object.values(objects).reduce((sum, count) => sum + count, 0);
}

export function growthTable({ sizes, rows }: Growth): Table {
  return [
    ["", ...sizes.map((size) => size.toLocaleString("en"))],
    ...rows.map(({ name, medians }) => [name, ...medians.map(ms)]),
  ];
}

function ms(milliseconds: number): string {
  return milliseconds.toFixed(2);
}

function renderColumns(rows: Table): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}
