/** What a person sees when everything runs: addresses, test users, the link to open first. */
import type { Offline } from "pingone-emulator";
import type { OfflineStack } from "./stack.ts";

type Summarized = Pick<OfflineStack, "addresses" | "inspectorLink" | "inspectPort"> & {
  readonly folder: Pick<OfflineStack["folder"], "logs">;
  readonly emulators: Pick<Offline, "issuer" | "todoOrigin" | "users">;
};

/** The last line is `Ready`. */
export function summarize({ addresses, emulators, inspectorLink, inspectPort, folder }: Summarized): string {
  const rows = [
    ["Worker, MCP endpoint", addresses.mcpUrl],
    ["MCP Inspector", addresses.inspectorOrigin],
    ["PingOne emulator", emulators.issuer],
    ["Todo API emulator", `${emulators.todoOrigin}/api/todos`],
    ["Control page", addresses.controlPage],
    ["Logs", folder.logs],
  ];
  if (inspectPort !== undefined) rows.push(["Worker's debugger", `ws://127.0.0.1:${inspectPort}/ws`]);
  return [
    "",
    ...table(rows),
    "",
    "Test users (TEST ONLY passwords)",
    ...table(emulators.users.map(({ username, password, about }) => [username, password, about])),
    "",
    "Open this first: the Inspector connects to the Worker by itself. Press Allow, sign on as alice, press Approve.",
    `  ${inspectorLink}`,
    "",
    "Ctrl-C stops everything. State is kept; npm start -- --fresh removes it.",
    "Ready",
  ].join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widthOf(column))).join("   ")}`.trimEnd(),
  );
}
