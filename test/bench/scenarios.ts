/** What is measured: calls of both lanes beside their floors, and the steps of a connection that no floor has. */
import {
  createBrowser,
  type RegisteredClient,
  registerClient,
  requestToken,
  signIn,
} from "../support/mcp-client.ts";
import { type Bench, signInAtFloors } from "./bench.ts";
import { type Call, openSession, requireTodos, sessionCall, statelessCall } from "./calls.ts";
import type { Variant } from "./measure.ts";

/** One call of `listTodos` each. */
export async function callVariants(bench: Bench): Promise<Variant[]> {
  const { ours, floors } = bench;
  const { tokens } = await signIn(ours, { username: "alice" });
  const token = tokens.access_token;
  const floorToken = await signInAtFloors(bench);
  const ourSession = await openSession((call) => ours.call("/mcp", call), token);
  const bareSession = await openSession((call) => floors.call("/agent", call));
  const floorSession = await openSession((call) => floors.call("/p/agent", call), floorToken);
  const variant = (
    name: string,
    worker: Bench["ours"],
    { path, call, floor }: { path: string; call: Call; floor?: string },
  ): Variant => ({
    name,
    ...(floor !== undefined && { floor }),
    run: async () => requireTodos(await worker.call(path, call)),
  });
  return [
    variant("KV read and forward", floors, { path: "/kv", call: statelessCall() }),
    variant("createMcpHandler", floors, { path: "/stateless", call: statelessCall() }),
    variant("provider + createMcpHandler", floors, { path: "/p/stateless", call: statelessCall(floorToken) }),
    variant("stateless lane", ours, {
      path: "/mcp",
      call: statelessCall(token),
      floor: "provider + createMcpHandler",
    }),
    variant("McpAgent", floors, { path: "/agent", call: sessionCall(bareSession) }),
    variant("provider + McpAgent", floors, { path: "/p/agent", call: sessionCall(floorSession, floorToken) }),
    variant("session lane", ours, {
      path: "/mcp",
      call: sessionCall(ourSession, token),
      floor: "provider + McpAgent",
    }),
  ];
}

/** The steps of a connection. Sign-ins contain the pages of the stand-ins, whose time is theirs. */
export async function connectionVariants({ ours }: Bench): Promise<Variant[]> {
  const client = await registerClient(ours);
  const browser = createBrowser(ours, client);
  await signIn(ours, { client, browser, username: "bob" });
  const { client: refreshing, tokens } = await signIn(ours, { username: "bob" });
  let refreshToken = tokens.refresh_token ?? "";
  return [
    // Another person's: PingOne keeps ten sessions of each, and ends the oldest beyond that.
    { name: "first sign-in", run: () => signIn(ours, { username: "alice" }) },
    { name: "silent reconnect", run: () => signIn(ours, { client, browser }) },
    {
      name: "refresh",
      run: async () => {
        refreshToken = await refresh(ours, refreshing, refreshToken);
      },
    },
    {
      name: "open a session",
      run: () => openSession((call) => ours.call("/mcp", call), tokens.access_token),
    },
  ];
}

async function refresh(worker: Bench["ours"], client: RegisteredClient, token: string): Promise<string> {
  const response = await requestToken(worker, client, { grant_type: "refresh_token", refresh_token: token });
  if (!response.ok) throw new Error(`A refresh failed with ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { refresh_token: string }).refresh_token;
}
