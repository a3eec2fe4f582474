/**
 * An app that uses an MCP SDK as documented: the SDK decides when to sign in and which scopes to request; the app opens
 * the authorization URL in the user's browser and continues.
 */
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import {
  type OAuthClientProvider as FirstOAuthClientProvider,
  UnauthorizedError as FirstUnauthorizedError,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { TestBrowser } from "pingone-emulator/browser";
import { answerPages, CLIENT_REDIRECT_URI, createBrowser } from "../../support/mcp-client.ts";
import type { TestWorker } from "../../support/worker.ts";

/** SDK and protocol version. SDK v1 supports only the old protocol. */
export const APPS = ["SDK v1", "SDK v2, old protocol", "SDK v2, new protocol"] as const;
export type AppKind = (typeof APPS)[number];

export interface App {
  readonly browser: TestBrowser;
  /** Authorization URLs from the SDK, one for each sign-in. */
  readonly signIns: readonly URL[];
  /** State that the app keeps between runs. */
  readonly memory: Memory;
  connect(): Promise<void>;
  callTool(name: string, input?: Record<string, unknown>): Promise<{ isError: boolean; text: string }>;
  close(): Promise<void>;
}

interface Memory {
  client?: { client_id: string };
  tokens?: StoredOAuthTokens;
  codeVerifier?: string;
  discovery?: OAuthDiscoveryState;
}

const IDENTITY = { name: "worker-test", version: "1.0.0" };

export function createApp(worker: TestWorker, kind: AppKind, options: { username?: string } = {}): App {
  const memory: Memory = {};
  const signIns: URL[] = [];
  const browser = createBrowser(worker, { redirectUri: CLIENT_REDIRECT_URI });
  const provider: OAuthClientProvider = {
    redirectUrl: CLIENT_REDIRECT_URI,
    clientMetadata: {
      client_name: "Test client",
      redirect_uris: [CLIENT_REDIRECT_URI],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
    clientInformation: () => memory.client,
    saveClientInformation: (client) => {
      memory.client = client;
    },
    tokens: () => memory.tokens,
    saveTokens: (tokens) => {
      memory.tokens = tokens;
    },
    redirectToAuthorization: (url) => {
      signIns.push(url);
    },
    saveCodeVerifier: (codeVerifier) => {
      memory.codeVerifier = codeVerifier;
    },
    codeVerifier: () => memory.codeVerifier ?? "",
    saveDiscoveryState: (discovery) => {
      memory.discovery = discovery;
    },
    discoveryState: () => memory.discovery,
    invalidateCredentials: (what) => {
      if (what === "all" || what === "client") delete memory.client;
      if (what === "all" || what === "tokens") delete memory.tokens;
      if (what === "all" || what === "discovery") delete memory.discovery;
    },
  };

  // The SDKs read an error only from an instance of this process's global `Response`.
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const { body, status, headers } = await worker.fetch(input, init);
    return new Response(body, { status, headers: [...headers] });
  };
  const url = new URL(worker.resource);
  const createTransport = () =>
    kind === "SDK v1"
      ? // The two SDKs use different types for the same objects.
        new FirstTransport(url, {
          authProvider: provider as FirstOAuthClientProvider,
          fetch,
        })
      : new StreamableHTTPClientTransport(url, { authProvider: provider, fetch });
  const createClient = () =>
    kind === "SDK v1"
      ? new FirstClient(IDENTITY)
      : new Client(IDENTITY, {
          versionNegotiation: { mode: kind === "SDK v2, old protocol" ? "legacy" : { pin: "2026-07-28" } },
        });
  let transport = createTransport();
  let client = createClient();

  /** Signs in with the user's browser. Pages may be skipped because of earlier sign-ins. */
  const signIn = async () => {
    const address = signIns.at(-1);
    if (address === undefined) throw new Error("The SDK has not asked for a sign-in.");
    const { url: callback } = await answerPages(await browser.open(address), options);
    if (!callback.searchParams.has("code")) throw new Error(`No code: ${callback.search}`);
    if (transport instanceof FirstTransport) {
      await transport.finishAuth(callback.searchParams.get("code") ?? "");
    } else {
      await transport.finishAuth(callback.searchParams);
    }
  };
  const signingIn = async <T>(work: () => Promise<T>, begin: () => void): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnauthorizedError || error instanceof FirstUnauthorizedError)) throw error;
      await signIn();
      begin();
      return await work();
    }
  };
  return {
    browser,
    signIns,
    memory,
    connect: () =>
      signingIn(
        // Each client is connected to the transport of the same SDK version.
        () => (client as Client).connect(transport as StreamableHTTPClientTransport),
        () => {
          transport = createTransport();
          client = createClient();
        },
      ),
    callTool: async (name, input = {}) => {
      const call = () => (client as Client).callTool({ name, arguments: input });
      const answer = await signingIn(call, () => {});
      const [content] = answer.content as { text: string }[];
      return { isError: answer.isError === true, text: content?.text ?? "" };
    },
    close: () => client.close(),
  };
}
