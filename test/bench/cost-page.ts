/** `docs/cost.md`: the model of `cost.ts` as tables, from the last recorded benchmark. */
import {
  type Amounts,
  BASE_PRICE,
  billOf,
  CALLS_PER_REFRESH,
  CALLS_PER_SESSION,
  firstLimit,
  type Lane,
  METERS,
  type MeterName,
  monthlyAmounts,
  OTHERS_PER_CALL,
  SIGN_INS_PER_FIRST,
  TODO_API_SECONDS,
  type Usage,
} from "./cost.ts";
import { growthTable, operationTable, type Report, ratios, renderRange, timeTable } from "./report.ts";

const LANES: readonly Lane[] = ["stateless lane", "session lane"];
export const DEFAULT_USAGE: Usage = { people: 1000, signInsPerDay: 0.2, callsPerDay: 20 };
const SIZES = [100, 1000, 10_000, 100_000, 1_000_000];

export function renderCostPage(report: Report): string {
  const { signInsPerDay, callsPerDay } = DEFAULT_USAGE;
  return `${[
    "# What it costs",
    "",
    "<!-- Generated: `npm run bench -- --record` measures anew, `npm run cost -- --write` only renders. -->",
    "",
    `Operations are counted by \`npm run bench\` (last recorded on ${report.date.slice(0, 10)}), prices are those of Cloudflare's Workers paid plan as of 2026-11.`,
    "PingOne's price depends on your contract.",
    "",
    "![Times of calls and sign-ins beside their floors](bench.svg)",
    "",
    "## A month, by number of people",
    "",
    `For each person ${callsPerDay} tool calls and ${signInsPerDay} sign-ins a day, one in ${SIGN_INS_PER_FIRST} of them the first of an app; a refresh for every`,
    `${CALLS_PER_REFRESH} calls, a new session for every ${CALLS_PER_SESSION} calls of the old protocol; ${OTHERS_PER_CALL * CALLS_PER_SESSION} other requests to \`/mcp\` for every ${CALLS_PER_SESSION} calls;`,
    `a Todo API that answers in ${TODO_API_SECONDS * 1000} ms. Objects are taken to sleep before each call, as they do ten seconds after the last one. For`,
    "other numbers:",
    "`npm run cost -- --people 5000 --calls 50 --sign-ins 1`.",
    "",
    ...LANES.flatMap((lane) => [
      `All apps in the ${lane} (protocol ${lane === "stateless lane" ? "2026-07-28" : "2025-11-25 and before"}):`,
      "",
      ...markdownTable([
        ["people", "dollars a month", "what dominates"],
        ...SIZES.map((people) => {
          const bill = billOf(monthlyAmounts(report, lane, { ...DEFAULT_USAGE, people }));
          return [number(people), dollars(bill.total), renderParts(bill.parts.slice(0, 3))];
        }),
      ]),
      "",
    ]),
    "## The first limit",
    "",
    ...markdownTable([
      ["", "free plan ends at", "paid plan's included amounts end at"],
      ...LANES.map((lane) => {
        const onePerson = monthlyAmounts(report, lane, { ...DEFAULT_USAGE, people: 1 });
        return [lane, renderLimit(onePerson, "free"), renderLimit(onePerson, "paid")];
      }),
    ]),
    "",
    "The free plan is for evaluation: it also allows only 10 ms of processor time and 50 operations a request, which a sign-in can",
    "exceed. One limit cannot be raised and depends on the number of people: KV takes one write a second for each key, and an app",
    "that registers once for all its people has one such key. Each sign-in in which somebody presses Allow writes it; a failed",
    "write is repeated once after a second, and then left to the next use. Each person, session and PingSession is a separate",
    "object. PingOne keeps ten sessions per person.",
    "",
    "Not included: the end of each MCP session (two alarms and the deletion of its tables), the refresh at PingOne once per lifetime",
    "of its access token, the 401 and the metadata requests of a client before its first sign-in, open streams, and storage.",
    "",
    "## What each step asks for",
    "",
    ...markdownTable(operationTable(report.rows)),
    "",
    "The first rows are floors (baselines): the same tool alone, or behind the OAuth provider only. KV r/w/d/l are reads, writes,",
    "deletes and lists. Objects are calls of Durable Objects, including alarms and messages on their sockets; rows are those of",
    'their databases, first if the objects were not in memory, then ("awake") right after another call. Workers Logs bill each log',
    "line; invocations are not logged. A sign-in includes all its requests, from the registration of the client to its tokens. A",
    "cold isolate adds two requests to PingOne, for discovery and keys. Most rows of the session lane belong to the Agents SDK:",
    "compare the row McpAgent.",
    "",
    "## Measured times",
    "",
    `Milliseconds on one machine, in plain workerd (${report.rounds} rounds): good for comparing rows, not for what a network adds.`,
    `Slower than their floors: ${renderRatios(report)}.`,
    "Processor time is that of the whole process, objects and KV included, which Cloudflare bills in other ways: an upper bound.",
    "",
    ...markdownTable(timeTable(report.rows)),
    "",
    ...report.growth.flatMap((growth) => [
      `Median by ${growth.of}:`,
      "",
      ...markdownTable(growthTable(growth)),
      "",
    ]),
    "Grants and sessions are looked up by name: `test/world/costs.test.ts` counts the same operations at 1, 100 and 1,000. Each",
    "todo is parsed, checked and written out twice, as text for the model and as structured content.",
    "",
    "## Prices",
    "",
    ...markdownTable([
      ["meter", "included a month", "dollars per million beyond"],
      ...Object.values(METERS).map(({ title, included, perMillion }) => [
        title,
        number(Math.round(included)),
        String(Number(perMillion.toPrecision(3))),
      ]),
    ]),
    "",
    `The plan itself is ${BASE_PRICE} dollars a month. Durable Object time is in seconds of an object with its 128 MB; objects that`,
    "sleep, or wait with nothing but a socket, are not billed. An object's database has 12 KB and more, so a million people with",
    "three objects each keep some 40 GB.",
  ].join("\n")}\n`;
}

function renderRatios(report: Report): string {
  return ratios(report)
    .flatMap(({ name, time, range }) =>
      range === undefined ? [] : `${name} ${time.toFixed(2)} x ${renderRange(range)}`,
    )
    .join(", ");
}

/** What `npm run cost` prints for one usage. */
export function renderUsage(report: Report, usage: Usage): string {
  return LANES.map((lane) => {
    const amounts = monthlyAmounts(report, lane, usage);
    const { total, parts } = billOf(amounts);
    const onePerson = monthlyAmounts(report, lane, { ...usage, people: 1 });
    return [
      `All apps in the ${lane}: ${dollars(total)} dollars a month`,
      ...(Object.keys(METERS) as MeterName[]).map((meter) => {
        const cost = parts.find((part) => part.meter === meter)?.dollars ?? 0;
        return `  ${METERS[meter].title.padEnd(24)}${number(Math.round(amounts[meter])).padStart(20)}${dollars(cost).padStart(14)}`;
      }),
      `  The free plan ends at ${renderLimit(onePerson, "free")}, the paid plan's included amounts at ${renderLimit(onePerson, "paid")}.`,
    ].join("\n");
  }).join("\n\n");
}

function renderLimit(onePerson: Amounts, plan: "free" | "paid"): string {
  const { people, meter } = firstLimit(onePerson, plan);
  return `${number(people)} people (${METERS[meter].title})`;
}

function renderParts(parts: readonly { readonly meter: MeterName; readonly dollars: number }[]): string {
  if (parts.length === 0) return "the plan itself";
  return parts.map(({ meter, dollars: cost }) => `${METERS[meter].title} ${dollars(cost)}`).join(", ");
}

function dollars(amount: number): string {
  return amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function number(amount: number): string {
  return amount.toLocaleString("en");
}

function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  return [String(head), `|${"---|".repeat(rows[0]?.length ?? 0)}`, ...body];
}
