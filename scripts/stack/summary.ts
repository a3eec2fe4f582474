/** What a person needs to see when everything runs: addresses, test users, what to click first. */
import type { OfflineStack } from "./stack.ts";

type Summarized = Pick<
  OfflineStack,
  "facts" | "mcpUrl" | "controlPage" | "inspectorOrigin" | "inspectorLink" | "inspectPort" | "logs"
>;

/** The last line is `Ready`, alone. */
export function summarize({
  facts,
  mcpUrl,
  controlPage,
  inspectorOrigin,
  inspectorLink,
  inspectPort,
  logs,
}: Summarized): string {
  const addresses = [
    ["Worker, MCP endpoint", mcpUrl],
    ["MCP Inspector", inspectorOrigin],
    ["PingOne emulator", facts.issuer],
    ["Todo API emulator", `${facts.todoOrigin}/api/todos`],
    ["Control page", controlPage],
    ["Logs", logs],
    ...(inspectPort === undefined
      ? []
      : [["Worker's debugger", `ws://127.0.0.1:${inspectPort}/ws`] as const]),
  ] as const;
  const users = facts.users.map(({ username, password, about }) => [username, password, about] as const);
  return [
    "",
    ...table(addresses),
    "",
    "Test users (TEST ONLY passwords)",
    ...table(users),
    "",
    "Open this first: the Inspector connects to the Worker by itself. Press Allow, sign on as alice, press Approve.",
    `  ${inspectorLink}`,
    "",
    "Ctrl-C stops everything. State is kept; npm start -- --fresh removes it.",
    "Ready",
  ].join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`.trimEnd(),
  );
}
