/** Worker and Todo API with a certified provider of another project in place of PingOne. */
import { startTodoApi } from "pingone-emulator";
import type { TestPage } from "pingone-emulator/browser";
import { type ForeignProvider, startForeignProvider } from "./foreign-provider.ts";
import {
  type AuthorizationAttempt,
  createBrowser,
  type RegisteredClient,
  redeem,
  registerClient,
  startAuthorization,
  type TokenResponse,
} from "./mcp-client.ts";
import { startTestWorker, type TestWorker, WORKER_ORIGIN } from "./worker.ts";

const AUDIENCE = "https://todo.api.com";

export interface ForeignStack extends AsyncDisposable {
  readonly provider: ForeignProvider;
  readonly worker: TestWorker;
  readonly audience: string;
}

export async function startForeignStack(
  options: {
    accessTokenTtlSeconds?: number;
    refreshedAccessTokenTtlSeconds?: number;
    issueRefreshTokens?: boolean;
  } = {},
): Promise<ForeignStack> {
  const provider = await startForeignProvider({
    redirectUri: `${WORKER_ORIGIN}/callback`,
    postLogoutRedirectUri: `${WORKER_ORIGIN}/`,
    audience: AUDIENCE,
    ...options,
  });
  const { issuer } = provider;
  const todo = await startTodoApi({ issuer, jwks: new URL("/jwks", issuer), audience: AUDIENCE });
  const worker = await startTestWorker({
    PINGONE_ISSUER: provider.issuer,
    MCP_SERVER_CLIENT_ID: provider.client.id,
    MCP_SERVER_CLIENT_SECRET: provider.client.secret,
    API_IDENTIFIER: AUDIENCE,
    API_URL: todo.origin,
    PINGONE_RESOURCE_PARAM: "send",
  });
  return {
    provider,
    worker,
    audience: AUDIENCE,
    [Symbol.asyncDispose]: async () => {
      await worker.close();
      await todo.close();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** Registers a client, signs in on the provider's pages and redeems the code. */
export async function signInAtForeignProvider(
  worker: TestWorker,
  metadata: Record<string, unknown> = {},
): Promise<{ client: RegisteredClient; tokens: TokenResponse }> {
  const client = await registerClient(worker, metadata);
  const { attempt, page } = await obtainForeignCode(worker, client);
  return { client, tokens: await redeem(worker, client, attempt, page.url) };
}

/** Signs in up to the redirect to the client. */
export async function obtainForeignCode(
  worker: TestWorker,
  client: RegisteredClient,
  browser = createBrowser(worker, client),
): Promise<{ attempt: AuthorizationAttempt; page: TestPage }> {
  const attempt = await startAuthorization(worker, client);
  const start = await browser.open(attempt.url);
  const page = start.heading.startsWith("Allow") ? await start.submit("Allow") : start;
  return { attempt, page: await answerForeignPages(page) };
}

/** Signs on and consents at the provider. Skips pages that do not appear. */
export async function answerForeignPages(start: TestPage, login = "dana"): Promise<TestPage> {
  const asksWho = start.root.querySelector('input[name="login"]') !== null;
  const page = asksWho ? await start.submit("Sign-in", { login, password: "any" }) : start;
  const asksConsent = page.root.querySelectorAll("button").some(({ text }) => text.trim() === "Continue");
  return asksConsent ? page.submit("Continue") : page;
}
