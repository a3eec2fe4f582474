import { expect, it } from "vitest";
import { DEFAULT_PORTS } from "../addresses.ts";
import { addressesOf } from "./ports.ts";
import { summarize } from "./summary.ts";

it("shows addresses, test users and the link to open first, and ends with Ready", () => {
  const text = summarize({
    emulators: {
      issuer: "http://127.0.0.1:9400/env/as",
      todoOrigin: "http://127.0.0.1:9401",
      users: [
        { id: "1", username: "alice", password: "pw-1", about: "signs on without trouble" },
        { id: "2", username: "mustchange", password: "pw-2", about: "has to change the password" },
      ],
    },
    addresses: addressesOf(DEFAULT_PORTS),
    inspectorLink: "http://localhost:6274/?serverUrl=x",
    inspectPort: 9229,
    folder: { logs: "/tmp/logs" },
  });
  expect(text).toMatchInlineSnapshot(`
    "
      Worker, MCP endpoint   http://localhost:8787/mcp
      MCP Inspector          http://localhost:6274
      PingOne emulator       http://127.0.0.1:9400/env/as
      Todo API emulator      http://127.0.0.1:9401/api/todos
      Control page           http://127.0.0.1:9400/__mocks
      Logs                   /tmp/logs
      Worker's debugger      ws://127.0.0.1:9229/ws

    Test users (TEST ONLY passwords)
      alice        pw-1   signs on without trouble
      mustchange   pw-2   has to change the password

    Open this first: the Inspector connects to the Worker by itself. Press Allow, sign on as alice, press Approve.
      http://localhost:6274/?serverUrl=x

    Ctrl-C stops everything. State is kept; npm start -- --fresh removes it.
    Ready"
  `);
});
