/**
 * Runs a schedule and reports violations: a person got another person's data, ended access was accepted, a connection
 * was lost without a reason, an app got access that its person had not approved, or data was left over at the end.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  PROTOCOL_ERAS,
  type RegisteredClient,
  redeem,
  registerClient,
  startAuthorization,
} from "../support/mcp-client.ts";
import { parseLog } from "../support/observe.ts";
import type { TestFetch, TestWorker } from "../support/worker.ts";
import { broken, Connection, DONE, failed, type Outcome } from "./connection.ts";
import { APP_HOST, PersonsBrowser } from "./person.ts";
import { PLACES, type PlaceName } from "./places.ts";
import {
  APPS,
  type AppName,
  describeStep,
  PEOPLE,
  type PersonName,
  type Step,
  type Where,
} from "./schedule.ts";
import type { World } from "./world.ts";

/** KV may return an access token for a minute after it was deleted. */
const ENDED_FOR_SURE_MS = 61_000;

const DAY_SECONDS = 24 * 3600;

const LINGER_PATIENCE_MS = 100;

/** Timeout for one step. */
const STEP_PATIENCE_MS = 60_000;

type StepOf<K extends Step["kind"]> = Extract<Step, { kind: K }>;

export interface Report {
  /** The violations; empty if there are none. */
  readonly broken: string | undefined;
  /** The log of the steps. */
  readonly trail: readonly string[];
}

export async function liveThrough(world: World, steps: readonly Step[]): Promise<Report> {
  const life = await Life.begin(world);
  const trail: string[] = [];
  for (const [index, step] of steps.entries()) {
    const outcome = await life.take(step, index);
    trail.push(`${String(index + 1).padStart(4)}  ${describeStep(step)}${life.remark()}`);
    if (outcome.kind !== "done") return { broken: `step ${index + 1}: ${outcome.why}`, trail };
  }
  const end = await life.end();
  return { broken: end.kind === "done" ? undefined : `the end: ${end.why}`, trail };
}

class Life {
  readonly #world: World;
  readonly #clients: ReadonlyMap<AppName, RegisteredClient>;
  readonly #browsers = new Map<string, PersonsBrowser>();
  #connections: Connection[] = [];
  readonly #ended: Connection[] = [];
  /** `person, app, scope` of each approval since access was last ended. */
  readonly #approved = new Set<string>();
  #where: Where = PLACES[0];
  #requests = 0;
  #remark = "";

  private constructor(world: World, clients: ReadonlyMap<AppName, RegisteredClient>) {
    this.#world = world;
    this.#clients = clients;
  }

  static async begin(world: World): Promise<Life> {
    const clients = new Map<AppName, RegisteredClient>();
    for (const [index, app] of APPS.entries()) {
      const redirect_uris = [`http://${APP_HOST}:${7001 + index}/callback`];
      clients.set(app, await registerClient(world.at(PLACES[0]), { client_name: app, redirect_uris }));
    }
    // PingOne's grace period for an old refresh token, which repairs a refresh whose response was lost.
    await world.emulators.switches.set({ gracePeriodSeconds: 60 });
    return new Life(world, clients);
  }

  /** The note beside the step in the log. */
  remark(): string {
    return this.#remark === "" ? "" : `  -> ${this.#remark}`;
  }

  /** Runs one step. If it fails and an object was discarded meanwhile, it is repeated once and then must succeed. */
  async take(step: Step, index: number): Promise<Outcome> {
    this.#remark = "";
    if ("where" in step) this.#where = step.where;
    const logged = parseLog(this.#worker()).length;
    await this.#world.hub.planDiscard(step.discard);
    let outcome = await this.#attempt(step);
    await this.#world.hub.planDiscard(undefined);
    const discards = await this.#world.hub.takeDiscards();
    if (discards.length > 0) {
      this.#note(
        `discarded ${discards.map(({ className, point }) => `${className} at ${point}`).join(", ")}`,
      );
    }
    if (outcome.kind === "failed" && discards.length > 0) {
      this.#note(`failed: ${outcome.why}`);
      // Wait until the code of the discarded instance has stopped.
      await delay(LINGER_PATIENCE_MS);
      outcome = await this.#attempt(step);
    }
    // Alarms that are due at once run after the response.
    await this.#world.ringDue();
    if (outcome.kind === "done") outcome = await this.#probeEnded(index);
    if (outcome.kind !== "done") {
      const lines = parseLog(this.#worker())
        .slice(logged)
        .map((line) => JSON.stringify(line));
      return { ...outcome, why: [outcome.why, ...lines].join("\n    ") };
    }
    return outcome;
  }

  async #attempt(step: Step): Promise<Outcome> {
    const tooLong = broken(`no end after ${STEP_PATIENCE_MS} ms`);
    try {
      return await Promise.race([this.#act(step), delay(STEP_PATIENCE_MS, tooLong, { ref: false })]);
    } catch (error) {
      return failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }

  async #act(step: Step): Promise<Outcome> {
    switch (step.kind) {
      case "sign in":
        return this.#signIn(step);
      case "sign in half-way":
        return this.#signInHalfWay(step);
      case "call":
        return this.#withConnection(step, (connection) => {
          const tool = connection.canWrite ? step.tool : "listTodos";
          return connection.call(this.#worker(), step.era, tool);
        });
      case "calls at once":
        return this.#withConnection(step, (connection) => this.#callAtOnce(connection));
      case "refresh":
        return this.#withConnection(step, (connection) => connection.refresh(this.#worker()));
      case "revoke":
        return this.#withConnection(step, async (connection) => {
          const outcome = await connection.revoke(this.#worker());
          if (outcome.kind === "done") this.#markEnded([connection]);
          return outcome;
        });
      case "end one":
        return this.#withConnection(step, (connection) => this.#endOne(connection));
      case "end all":
        return this.#endAll(step.person);
      case "wait":
        await this.#world.advance(step.seconds);
        return DONE;
      case "discard": {
        const objects = this.#world.objects();
        const object = objects[step.object % Math.max(1, objects.length)];
        this.#note(object === undefined ? "nothing there" : object.className);
        if (object !== undefined) await this.#world.discard(object);
        return DONE;
      }
    }
  }

  async #signIn(step: StepOf<"sign in">): Promise<Outcome> {
    const { person, app, scope } = step;
    const client = this.#clientOf(app);
    const attempt = await startAuthorization(this.#worker(), client, { scope });
    const { page, timesAsked } = await this.#browser(step).visit(person, attempt.url);
    const approvals = scope.split(" ").map((name) => [person, app, name].join(", "));
    const wasApproved = approvals.every((approval) => this.#approved.has(approval));
    if (timesAsked > 0) for (const approval of approvals) this.#approved.add(approval);
    if (page.url.hostname !== APP_HOST) return failed(`sign-in: "${page.heading}" at ${page.url.pathname}`);
    if (!page.url.searchParams.has("code")) return failed(`sign-in: ${page.url.search}`);
    if (timesAsked === 0 && !wasApproved) {
      return broken(`${app} got access to ${scope} that ${person} has not approved`);
    }
    const tokens = await redeem(this.#worker(), client, attempt, page.url);
    this.#markEnded(this.#connections.filter((other) => other.person === person && other.app === app));
    this.#connections.push(new Connection({ person, app, client, tokens, now: this.#world.now }));
    return DONE;
  }

  async #signInHalfWay(step: StepOf<"sign in half-way">): Promise<Outcome> {
    const { person, app, scope, until } = step;
    const attempt = await startAuthorization(this.#worker(), this.#clientOf(app), { scope });
    const atPingOne = (url: URL) => url.origin === this.#world.emulators.origin;
    const arrival = await this.#browser(step).visit(person, attempt.url, (page) => {
      return until === "PingOne" && atPingOne(page.url);
    });
    const { page, timesAsked } = arrival;
    // The person has approved it, although the app does not redeem the code.
    if (timesAsked > 0) {
      for (const name of scope.split(" ")) this.#approved.add([person, app, name].join(", "));
    }
    const hasCode = page.url.hostname === APP_HOST && page.url.searchParams.has("code");
    if (hasCode || atPingOne(page.url)) return DONE;
    return failed(`sign-in: "${page.heading}" at ${page.url.pathname} ${page.url.search}`);
  }

  async #callAtOnce(connection: Connection): Promise<Outcome> {
    const first = await connection.call(this.#worker(), "modern", "listTodos");
    if (first.kind !== "done") return first;
    const calls = PLACES.flatMap((place) => PROTOCOL_ERAS.map((era) => [place, era] as const));
    const outcomes = await Promise.all(
      calls.map(([place, era]) => connection.call(this.#world.at(place), era, "listTodos")),
    );
    return outcomes.find(({ kind }) => kind !== "done") ?? DONE;
  }

  async #endOne(connection: Connection): Promise<Outcome> {
    const { page } = await this.#visitConnections(connection.person);
    if (page.heading !== "Apps that act for you") return failed(`/signout: "${page.heading}"`);
    const value = (name: string) => page.root.querySelectorAll(`input[name="${name}"]`);
    const isShown = value("grant").some((input) => input.getAttribute("value") === connection.grantId);
    if (!isShown && !connection.isEnding) return broken("a live connection is missing on the page");
    connection.isEnding = true;
    const formToken = value("form_token")[0]?.getAttribute("value") ?? "";
    const fields = { form_token: formToken, grant: connection.grantId, action: "end" };
    const answer = await page.post("/signout", fields);
    if (answer.response?.status !== 200) return failed(`/signout: "${answer.heading}"`);
    this.#markEnded([connection]);
    this.#forgetApprovals((person, app) => person === connection.person && app === connection.app);
    return DONE;
  }

  async #endAll(person: PersonName): Promise<Outcome> {
    const { page } = await this.#visitConnections(person);
    if (page.heading !== "Apps that act for you") return failed(`/signout: "${page.heading}"`);
    const button = page.root.querySelectorAll("button").at(-1)?.text.trim() ?? "";
    const answer = await page.submit(button);
    if (answer.response?.status !== 200) return failed(`/signout: "${answer.heading}"`);
    this.#markEnded(this.#connections.filter((connection) => connection.person === person));
    this.#forgetApprovals((owner) => owner === person);
    return DONE;
  }

  #visitConnections(person: PersonName) {
    const browser = this.#browser({ browser: "own", person });
    return browser.visit(person, `${this.#worker().origin}/signout`);
  }

  /** A connection that was ended long enough ago; a different one in each step. */
  async #probeEnded(index: number): Promise<Outcome> {
    const over = this.#ended.filter(
      ({ endedAt = Number.POSITIVE_INFINITY }) => this.#world.now() - endedAt > ENDED_FOR_SURE_MS,
    );
    const connection = over[index % Math.max(1, over.length)];
    if (connection === undefined) return DONE;
    return connection.expectEnded(this.#world.at(PLACES[index % PLACES.length] ?? PLACES[0]));
  }

  /** Checks that all open connections work, ends everything, and checks that nothing is left after all expiries. */
  async end(): Promise<Outcome> {
    for (const connection of this.#connections) {
      const outcome = await connection.call(this.#worker(), "modern", "listTodos");
      if (outcome.kind !== "done") return outcome;
    }
    for (const person of PEOPLE) {
      const outcome = await this.#endAll(person);
      if (outcome.kind !== "done") return outcome;
    }
    // Longer than the lifetime of a code.
    await this.#world.advance(11 * 60);
    const alive = await this.#world.emulators.tokens.listRefreshTokens();
    const orphans = alive.filter(({ scopes }) => scopes.some((scope) => scope.startsWith("todo_api:")));
    if (orphans.length > 0) return broken(`alive at PingOne without an owner: ${JSON.stringify(orphans)}`);
    for (const connection of this.#ended) {
      for (const place of PLACES) {
        const outcome = await connection.expectEnded(this.#world.at(place));
        if (outcome.kind !== "done") return outcome;
      }
    }
    const eternal = (await this.#world.hub.keys()).filter(({ expiration }) => expiration === undefined);
    if (eternal.length > 0) return broken(`keys that never expire: ${JSON.stringify(eternal)}`);
    // Approvals expire after a month, registrations after three.
    for (const days of [1, 31, 91]) await this.#world.advance(days * DAY_SECONDS);
    const objects = this.#world.objects();
    if (objects.length > 0) return broken(`objects are left: ${JSON.stringify(objects)}`);
    const keys = await this.#world.hub.keys();
    return keys.length === 0 ? DONE : broken(`keys are left: ${JSON.stringify(keys)}`);
  }

  #withConnection(
    { person, app }: { person: PersonName; app: AppName },
    act: (connection: Connection) => Promise<Outcome>,
  ): Promise<Outcome> {
    const connection = this.#connections.find((other) => other.person === person && other.app === app);
    if (connection !== undefined) return act(connection);
    this.#note("no connection");
    return Promise.resolve(DONE);
  }

  #markEnded(connections: readonly Connection[]): void {
    for (const connection of connections) connection.endedAt ??= this.#world.now();
    this.#ended.push(...connections);
    this.#connections = this.#connections.filter((connection) => !connections.includes(connection));
  }

  #forgetApprovals(isMeant: (person: string, app: string) => boolean): void {
    for (const approval of this.#approved) {
      const [person = "", app = ""] = approval.split(", ");
      if (isMeant(person, app)) this.#approved.delete(approval);
    }
  }

  #clientOf(app: AppName): RegisteredClient {
    const client = this.#clients.get(app);
    if (client === undefined) throw new Error(`${app} is not registered.`);
    return client;
  }

  #browser({ browser, person }: { browser: "own" | "shared"; person: PersonName }): PersonsBrowser {
    const name = browser === "own" ? person : "shared";
    const fetch: TestFetch = (input, init) => this.#worker().fetch(input, init);
    const found = this.#browsers.get(name) ?? new PersonsBrowser(fetch, this.#world.emulators.origin);
    this.#browsers.set(name, found);
    return found;
  }

  /** The Worker at this step's place, or at both places alternately. */
  #worker(): TestWorker {
    if (this.#where !== "both") return this.#world.at(this.#where);
    this.#requests += 1;
    const place: PlaceName = PLACES[this.#requests % PLACES.length] ?? PLACES[0];
    return this.#world.at(place);
  }

  #note(remark: string): void {
    this.#remark = [this.#remark, remark].filter((part) => part !== "").join("; ");
  }
}
