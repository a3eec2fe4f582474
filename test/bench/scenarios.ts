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

/** A call of `listTodos` in each of our lanes, of one access. */
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

/** One call of `listTodos` each: ours, and the floors that they are held against. */
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
 * From a registration to tokens, pages of the emulators included, whose time is theirs. Each is a new session at PingOne,
 * which keeps ten of a person and ends the oldest beyond that.
 */
export function firstSignIn({ ours }: Bench, username: string): Variant {
  return { name: "first sign-in", run: () => signIn(ours, { username }) };
}

/** What somebody does who is signed in at PingOne. */
export async function connectionVariants({ ours }: Bench, username: string): Promise<Variant[]> {
  const client = await registerClient(ours);
  const browser = createBrowser(ours, client);
  await signIn(ours, { client, browser, username });
  const { client: refreshing, tokens } = await signIn(ours, { username });
  let refreshToken = tokens.refresh_token ?? "";
  return [
    { name: "silent reconnect", run: () => signIn(ours, { client, browser }) },
    {
      name: "refresh",
      run: async () => {
        refreshToken = await refresh(ours, refreshing, refreshToken);
      },
    },
  ];
}

/** Each grant has sixteen sessions at most, and the next one ends the oldest: so many grants keep that out of it. */
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
 * Further accesses of one person who stays signed in at PingOne: a grant each, of a client each.
 *
 * @returns a function that gives an access token of the next one
 */
export async function signInAgain(worker: Bench["ours"], username = "alice"): Promise<() => Promise<string>> {
  const { client, browser } = await signIn(worker, { username });
  return async () => {
    const next = await registerClient(worker, { redirect_uris: [client.redirectUri] });
    return (await signIn(worker, { client: next, browser })).tokens.access_token;
  };
}

async function refresh(worker: Bench["ours"], client: RegisteredClient, token: string): Promise<string> {
  const response = await requestToken(worker, client, { grant_type: "refresh_token", refresh_token: token });
  if (!response.ok) throw new Error(`A refresh failed with ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { refresh_token: string }).refresh_token;
}
