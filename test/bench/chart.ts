/** The benchmark as an SVG chart: times of calls and sign-ins beside their floors, and how they grow. */
import type { Growth } from "./growth.ts";
import type { Report, Row } from "./report.ts";

const WIDTH = 840;
const LABEL_WIDTH = 310;
const VALUE_WIDTH = 150;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
const ROW_HEIGHT = 24;
const TITLE_HEIGHT = 44;
const CURVE_HEIGHT = 160;
const MARGIN = 16;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .quiet { fill: #59636e }
  .floor { fill: #9aa4b0 }
  .ours { fill: #0b6bcb }
  .spread { stroke: #1f2328; stroke-width: 1 }
  .axis { stroke: #d1d9e0; stroke-width: 1 }
  .curve { fill: none; stroke: #0b6bcb; stroke-width: 2 }
  .dot { fill: #0b6bcb }
  .background { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .floor { fill: #656c76 } .ours, .dot { fill: #4c9df0 }
    .spread { stroke: #e6edf3 } .axis { stroke: #3d444d } .curve { stroke: #4c9df0 } .background { fill: #0d1117 }
  }`;

/** A part of the chart; y coordinates start at its upper edge. */
interface Part {
  readonly height: number;
  readonly svg: string;
}

export function renderChart({ rows, growth, date, rounds }: Report): string {
  const named = (test: (name: string) => boolean) => rows.filter(({ name }) => test(name));
  const isCold = (name: string) => name.includes(":");
  const isCall = (row: Row) => row.throughput !== undefined;
  const parts = [
    ...bars("A call of listTodos", rows.filter(isCall)),
    ...bars(
      "The first call of an isolate that has loaded the bundle, and calls of objects that sleep",
      named(isCold),
    ),
    ...bars(
      "Signing in, refreshing, opening a session",
      rows.filter((row) => !isCall(row) && !isCold(row.name)),
    ),
    ...growth.flatMap(curves),
  ];
  let top = MARGIN;
  const placed = parts.map(({ height, svg }) => {
    const group = `<g transform="translate(${MARGIN} ${top})">${svg}</g>`;
    top += height;
    return group;
  });
  const height = top + 28 + MARGIN;
  const width = WIDTH + 2 * MARGIN;
  const note = `Milliseconds in plain workerd, ${date.slice(0, 10)}, ${rounds} rounds. Bars are medians, lines reach to the 95th percentile; grey are floors.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Times of calls and sign-ins beside their floors">
<style>${STYLE}</style>
<rect class="background" width="${width}" height="${height}"/>
${placed.join("\n")}
<text class="quiet" x="${MARGIN}" y="${top + 22}">${note}</text>
</svg>
`;
}

function bars(title: string, rows: readonly Row[]): Part[] {
  if (rows.length === 0) return [];
  const longest = Math.max(...rows.map(({ time }) => time.p95));
  const scale = (ms: number) => Math.max(1, (ms / longest) * BAR_WIDTH);
  const medians = new Map(rows.map(({ name, time }) => [name, time.median]));
  const drawn = rows.map(({ name, floor, time }, index) => {
    const y = TITLE_HEIGHT + index * ROW_HEIGHT;
    const middle = y + ROW_HEIGHT / 2;
    const against = floor === undefined ? undefined : time.median / (medians.get(floor) ?? Number.NaN);
    const ratio = against === undefined ? "" : `, ${against.toFixed(2)} × its floor`;
    const isFloor = rows.some((row) => row.floor !== undefined) && floor === undefined;
    const end = LABEL_WIDTH + scale(time.p95);
    return [
      `<text x="0" y="${middle + 4}">${name}</text>`,
      `<rect class="${isFloor ? "floor" : "ours"}" x="${LABEL_WIDTH}" y="${y + 5}" width="${round(scale(time.median))}" height="${ROW_HEIGHT - 10}" rx="2"/>`,
      `<line class="spread" x1="${round(LABEL_WIDTH + scale(time.median))}" x2="${round(end)}" y1="${middle}" y2="${middle}"/>`,
      `<text class="quiet" x="${round(end) + 8}" y="${middle + 4}">${figure(time.median)}${ratio}</text>`,
    ].join("");
  });
  return [
    {
      height: TITLE_HEIGHT + rows.length * ROW_HEIGHT,
      svg: `<text class="title" x="0" y="30">${title}</text>${drawn.join("\n")}`,
    },
  ];
}

/** One small line chart for each row, with its own scale from zero. */
function curves({ of, sizes, rows }: Growth): Part[] {
  const width = WIDTH / Math.max(rows.length, 2);
  const drawn = rows.map(({ name, medians }, index) => {
    const inner = { width: width - 40, height: CURVE_HEIGHT - 84 };
    const highest = Math.max(...medians);
    const points = medians.map((median, at) => ({
      x: round(12 + (at * (inner.width - 24)) / Math.max(1, sizes.length - 1)),
      y: round(TITLE_HEIGHT + 36 + inner.height * (1 - median / highest)),
      median,
    }));
    const base = TITLE_HEIGHT + 36 + inner.height;
    return [
      `<g transform="translate(${round(index * width)} 0)"><text class="quiet" x="0" y="${TITLE_HEIGHT + 8}">${name}</text>`,
      `<line class="axis" x1="0" x2="${inner.width}" y1="${base}" y2="${base}"/>`,
      `<polyline class="curve" points="${points.map(({ x, y }) => `${x},${y}`).join(" ")}"/>`,
      ...points.map(
        ({ x, y, median }, at) =>
          `<circle class="dot" cx="${x}" cy="${y}" r="3"/><text class="quiet" x="${x}" y="${y - 8}" text-anchor="middle">${figure(median)}</text>` +
          `<text class="quiet" x="${x}" y="${base + 16}" text-anchor="middle">${abbreviate(sizes[at] ?? 0)}</text>`,
      ),
      "</g>",
    ].join("");
  });
  return [
    {
      height: TITLE_HEIGHT + CURVE_HEIGHT,
      svg: `<text class="title" x="0" y="30">By ${of}</text>${drawn.join("\n")}`,
    },
  ];
}

function figure(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(0);
}

function abbreviate(size: number): string {
  return size >= 1000 ? `${size / 1000}k` : String(size);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
