/** Runs a DaVinci flow without a browser, for tests of the flow itself. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { type PingOne, startPingOne } from "./index.ts";
import { TestBrowser } from "./kit/browser.ts";
import { type SignedOn, signOn } from "./sign-on/http.ts";
import { type SeenScreen, type SignOnChoices, SignOnError, type SignOnUser } from "./sign-on/person.ts";

export interface RunFlowOptions extends SignOnChoices {
  /** Who is at the screens: a user name of the tenant, or `{ username, password }`. */
  readonly user: SignOnUser;
  /** Of the authorization request, beside or in place of the usual ones: `{ prompt: "none" }`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** That of an earlier run, to have PingOne's session. Default: a new one. */
  readonly browser?: TestBrowser | undefined;
}

type Run = Awaited<ReturnType<PingOne["flows"]["runs"]>>[number];
type Event = Awaited<ReturnType<PingOne["flows"]["events"]>>[number];

export interface FlowRun {
  /** How the flow ended; `waiting`: at a screen that nobody could answer, for the reason in `stuck`. */
  readonly result: Run["result"];
  /** The screens in the order in which they were shown. */
  readonly screens: readonly SeenScreen[];
  /** Titles of the nodes in the order in which they ran, those of sub-flows too. */
  readonly path: readonly string[];
  /** All that happened, as in the log of the emulator. Secrets are hidden. */
  readonly log: readonly Event[];
  /** Why nobody could answer the last screen: it shows an error, has no button that leads on, or asks for what is not known. */
  readonly stuck: string | undefined;
  readonly browser: TestBrowser;
}

/**
 * Runs a flow as an authorization request of the tenant's main application does, and answers its screens.
 *
 * @example
 * const run = await runFlow("davinci/sign-on.json", { user: "alice" });
 * expect(run.result).toMatchObject({ kind: "success", authenticationMethods: ["pwd"] });
 *
 * @param flow What `startPingOne` takes as `flow`: the file of an export, a folder of such files, or the name of a flow of
 * the shipped tenant; it then runs in an emulator of its own. Or an emulator that you have started: its flow is run there.
 * @throws {SignOnError} for an answer that does not fit its screen or that no screen asked for.
 * @throws {Error} when the emulator does not start, or PingOne refuses the authorization request.
 */
export async function runFlow(
  flow: string | readonly string[] | PingOne,
  options: RunFlowOptions,
): Promise<FlowRun> {
  if (isEmulator(flow)) return run(flow, options);
  await using pingone = await startPingOne({ flow });
  return await run(pingone, options);
}

function isEmulator(flow: string | readonly string[] | PingOne): flow is PingOne {
  return typeof flow === "object" && "issuer" in flow;
}

async function run(
  pingone: PingOne,
  { user, parameters, browser = new TestBrowser(), ...choices }: RunFlowOptions,
): Promise<FlowRun> {
  const before = new Set((await pingone.flows.runs()).map(({ id }) => id));
  const start = authorizationUrl(pingone, parameters);
  const passed = await signOn(start, user, { ...choices, browser, pingone }).catch(stuckAt);
  const after = await pingone.flows.runs();
  const { id, result } = choose(
    after.filter((each) => !before.has(each.id)),
    browser,
    passed,
  );
  const log = await pingone.flows.events(id);
  return {
    result,
    screens: passed.screens,
    path: log.flatMap((event) => (event.kind === "node" ? [event.node.title] : [])),
    log,
    stuck: passed instanceof SignOnError ? passed.message : undefined,
    browser,
  };
}

/** The run of this browser: others may have begun meanwhile. The forms of its screens have its id in their address. */
function choose(begun: readonly Run[], { visited }: TestBrowser, passed: SignedOn | SignOnError): Run {
  const [found, ...others] =
    begun.length === 1
      ? begun
      : begun.filter(({ id }) => visited.some(({ pathname }) => pathname.includes(id)));
  if (found !== undefined && others.length === 0) return found;
  if (begun.length > 0) {
    throw new Error("Several flows have run at a time. Give each runFlow an emulator of its own.");
  }
  if (passed instanceof SignOnError) throw passed;
  const { error, error_description = "" } = Object.fromEntries(passed.parameters);
  throw new Error(`No flow has run: PingOne answered ${error}. ${error_description}`.trim());
}

/** A screen that nobody can answer is a result; a call that does not fit the flow is a mistake of the test. */
function stuckAt(error: unknown): SignOnError {
  if (error instanceof SignOnError && error.fault === "screen") return error;
  throw error;
}

function authorizationUrl({ issuer, client }: PingOne, parameters: RunFlowOptions["parameters"]): URL {
  const url = new URL(`${issuer}/authorize`);
  const query = {
    client_id: client.id,
    redirect_uri: client.redirectUris[0] ?? "",
    response_type: "code",
    scope: "openid profile email",
    state: randomUUID(),
    nonce: randomUUID(),
    // The code is never redeemed, so that nobody needs the verifier.
    code_challenge: createHash("sha256").update(randomBytes(32)).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
