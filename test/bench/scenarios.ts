/**
 * The measured scenarios: calls of both lanes beside their floors, and the steps of a connection, which have no floor.
 */
import {
  createBrowser,
  registerClient,
  requestRefresh,
  signIn,
  type TokenResponse,
} from "../support/mcp-client.ts";
import { type Bench, signInAtFloors } from "./bench.ts";
import { type Call, openSession, requireTodos, sessionCall, statelessCall } from "./calls.ts";
import type { Variant } from "./measure.ts";

/** A call of `listTodos` in each lane of the Worker, with one access token. */
export async function laneVariants({ ours }: Bench, username = "alice"): Promise<[Variant, Variant]> {
  const { tokens } = await signIn(ours, { username });
  const token = tokens.access_token;
  const sessionId = await openSession((call) => ours.call("/mcp", call), token);
  return [
    {
      name: "stateless lane",
      floor: "provider + createMcpHandler",
      run: async () => requireTodos(await ours.call("/mcp", statelessCall(token))),
    },
    {
      name: "session lane",
      floor: "provider + McpAgent",
      run: async () => requireTodos(await ours.call("/mcp", sessionCall(sessionId, token))),
    },
  ];
}

/** One call of `listTodos` each: the Worker's lanes and their floors. */
export async function callVariants(bench: Bench): Promise<Variant[]> {
  const { floors } = bench;
  const floorToken = await signInAtFloors(bench);
  const bareSession = await openSession((call) => floors.call("/agent", call));
  const floorSession = await openSession((call) => floors.call("/p/agent", call), floorToken);
  const floor = (name: string, path: string, call: () => Call): Variant => ({
    name,
    run: async () => requireTodos(await floors.call(path, call())),
  });
  const [stateless, session] = await laneVariants(bench);
  return [
    floor("KV read and forward", "/kv", () => statelessCall()),
    floor("createMcpHandler", "/stateless", () => statelessCall()),
    floor("provider + createMcpHandler", "/p/stateless", () => statelessCall(floorToken)),
    stateless,
    floor("McpAgent", "/agent", () => sessionCall(bareSession)),
    floor("provider + McpAgent", "/p/agent", () => sessionCall(floorSession, floorToken)),
    session,
  ];
}

/**
 * From registration to tokens, including the emulator's pages and their time. Each is a new session at PingOne, which
 * keeps ten per person and ends the oldest beyond that.
 */
export function firstSignIn({ ours }: Bench, username: string): Variant {
  return { name: "first sign-in", run: () => signIn(ours, { username }) };
}

/** Steps of a person who is signed in at PingOne. */
export async function connectionVariants({ ours }: Bench, username: string): Promise<Variant[]> {
  const client = await registerClient(ours);
  const browser = createBrowser(ours, client);
  await signIn(ours, { client, browser, username });
  const refreshing = await signIn(ours, { username });
  let { tokens } = refreshing;
  return [
    { name: "silent reconnect", run: () => signIn(ours, { client, browser }) },
    {
      name: "refresh",
      run: async () => {
        const response = await requestRefresh(ours, refreshing.client, tokens);
        const text = await response.text();
        if (!response.ok) throw new Error(`A refresh failed with ${response.status}: ${text}`);
        tokens = JSON.parse(text) as TokenResponse;
      },
    },
  ];
}

/**
 * A grant has at most sixteen sessions, and the next one ends the oldest: with this many grants that does not happen.
 */
const GRANTS_TO_OPEN_IN = 8;

export async function openingVariant({ ours }: Bench, username: string): Promise<Variant> {
  const signInNext = await signInAgain(ours, username);
  const tokens: string[] = [];
  for (let count = 0; count < GRANTS_TO_OPEN_IN; count += 1) tokens.push(await signInNext());
  let opened = 0;
  return {
    name: "open a session",
    run: () => {
      opened += 1;
      return openSession((call) => ours.call("/mcp", call), tokens[opened % GRANTS_TO_OPEN_IN]);
    },
  };
}

/**
 * Further connections of one person who stays signed in at PingOne: one client and one grant each.
 *
 * @returns a function that returns the access token of a new connection
 */
export async function signInAgain(worker: Bench["ours"], username = "alice"): Promise<() => Promise<string>> {
  const { client, browser } = await signIn(worker, { username });
  return async () => {
    const next = await registerClient(worker, { redirect_uris: [client.redirectUri] });
    return (await signIn(worker, { client: next, browser })).tokens.access_token;
  };
}
