/** One run as the log keeps it: turns what the run tells of itself into events, within limits. */
import type { AuthorizationContext, FlowOutcome } from "../../contracts.ts";
import type { FlowNode } from "../../graph/graph.ts";
import { unwrap } from "../../graph/values.ts";
import { headingOf, readMarkup } from "../../screens/read-markup.ts";
import { MAX_MARKUP } from "../../screens/render-screen.ts";
import type { Screen } from "../../screens/screen.ts";
import type { Effect } from "../capability.ts";
import type { RunnableFlow } from "../flows.ts";
import type { Interaction } from "../interaction.ts";
import type { Observation } from "../observer.ts";
import type { Frame } from "../run-state.ts";
import type { FlowRef, FlowRunSummary, LogEvent, NodeEvent, NodeRef, RunResult } from "./event.ts";
import { HIDDEN, hideInEvent, hideInResult, isSecretName, keepable } from "./values.ts";

export interface LogLimits {
  readonly runs: number;
  /** Of one run. */
  readonly events: number;
  /** Characters of the events of one run, as JSON. */
  readonly runSize: number;
  /** Characters of all events. */
  readonly size: number;
}
export const LOG_LIMITS: LogLimits = { runs: 200, events: 1000, runSize: 4_000_000, size: 64_000_000 };

/** Of the parameters of an authorization request only these are shown. */
const SHOWN_PARAMETERS: readonly string[] = [
  "acr_values",
  "auth_mode",
  "client_id",
  "login_hint",
  "max_age",
  "prompt",
  "redirect_uri",
  "resource",
  "response_mode",
  "response_type",
  "scope",
  "ui_locales",
];

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type ScreenShown = Extract<LogEvent, { kind: "screenShown" }>;
type Unnumbered<E> = E extends LogEvent ? Omit<E, "number" | "at"> : never;
type Draft = Unnumbered<LogEvent>;

export class LoggedRun {
  readonly id: string;
  /** Characters of the events that are kept. */
  size = 0;
  readonly #limits: LogLimits;
  readonly #clock: () => number;
  readonly #flow: RunnableFlow;
  readonly #application: AuthorizationContext["application"];
  readonly #startedAt: number;
  #updatedAt: number;
  readonly #secrets = new Set<string>();
  readonly #events: { readonly event: LogEvent; size: number }[] = [];
  /** Nodes that have begun and are not done, by the run of their flow. */
  readonly #open = new Map<string, Writable<NodeEvent>>();
  #count = 0;
  #userId: string | undefined;
  #result: RunResult = { kind: "running" };
  #standing: { readonly node: NodeRef; readonly flow: FlowRef } | undefined;
  /** The screen on show; a message shows it again. */
  #shown: ScreenShown | undefined;

  constructor(interaction: Interaction, flow: RunnableFlow, clock: () => number, limits: LogLimits) {
    this.id = interaction.id;
    this.#application = interaction.context.application;
    this.#flow = flow;
    this.#clock = clock;
    this.#limits = limits;
    this.#startedAt = clock();
    this.#updatedAt = this.#startedAt;
  }

  /** Never shown, from now on and in what is kept already. */
  hide(secrets: Iterable<string>): void {
    for (const secret of secrets) if (secret !== "") this.#secrets.add(secret);
  }

  observe(happened: Observation, { state, secrets }: Interaction): void {
    this.hide(secrets);
    this.#userId = state.userId;
    const place = placeOf(happened, this.id, state.frames.indexOf(happened.frame));
    switch (happened.kind) {
      case "flowStarted":
        this.#add({
          ...place,
          kind: "flowStarted",
          ...this.#callerOf(happened, state.frames),
          parameters: this.#parameters(happened.parameters),
        });
        return;
      case "nodeStarted":
        this.#begin(place, happened.node);
        return;
      case "nodeGiven":
        this.#given(place, happened);
        return;
      case "nodeRan":
        this.#ran(place, happened.node, happened.effect, happened.milliseconds);
        return;
      case "nodeDone":
        this.#done(place, happened);
        return;
      case "screenShown": {
        const { fields } = happened.screen;
        const names = fields.slice(0, 100).map(({ name }) => name.slice(0, 200));
        this.#show({
          ...place,
          kind: "screenShown",
          node: refOf(happened.node),
          title: this.#text(titleOf(happened.screen)),
          fields: names,
        });
        return;
      }
      case "errorShown": {
        this.#close(place, happened.node);
        if (!this.#shown) return;
        const { number: _, at: __, ...shown } = this.#shown;
        this.#show({ ...shown, error: this.#text(happened.message) });
        return;
      }
      case "screenAnswered":
        this.#result = { kind: "running" };
        this.#answered(place, happened);
        return;
      case "flowLeft":
        this.#add({
          ...place,
          kind: "flowLeft",
          success: happened.isSuccess,
          output: this.#kept(happened.output),
        });
    }
  }

  /** A form was refused before the flow saw it. @param messages Why. */
  refuse(fields: Readonly<Record<string, unknown>>, messages: readonly string[]): void {
    if (!this.#shown) return;
    const { number: _, at: __, title: ___, fields: ____, error: _____, ...shown } = this.#shown;
    this.#add({
      ...shown,
      kind: "screenAnswered",
      fields: this.#kept(fields) as Record<string, unknown>,
      refused: this.#text(messages.filter((text) => text !== "").join(" ") || "it was not accepted"),
    });
  }

  end(outcome: Exclude<FlowOutcome, { kind: "screen" }>, secrets: Iterable<string>): void {
    this.hide(secrets);
    this.#result = this.#kept(resultOf(outcome)) as RunResult;
    const flow = this.#standing?.flow ?? this.#mainFlow;
    const node = this.#standing && { node: this.#standing.node };
    this.#add({ flow, flowRunId: this.id, depth: 0, kind: "ended", ...node, result: this.#result });
  }

  get summary(): FlowRunSummary {
    const { policyId } = this.#flow;
    return {
      id: this.id,
      startedAt: this.#startedAt,
      updatedAt: this.#updatedAt,
      transactionId: this.id,
      policyId,
      flow: this.#mainFlow,
      application: { ...this.#application },
      ...(this.#userId !== undefined && { userId: this.#userId }),
      result: hideInResult(this.#result, this.#secrets),
      ...(this.#standing && { node: this.#standing.node, nodeFlow: this.#standing.flow }),
      eventCount: this.#count,
      droppedEvents: this.#count - this.#events.length,
    };
  }

  get events(): readonly LogEvent[] {
    return this.#events.map(({ event }) => hideInEvent(event, this.#secrets));
  }

  get #mainFlow(): FlowRef {
    return { id: this.#flow.graph.id, name: this.#flow.name.trim() };
  }

  #begin(place: EventPlace, node: FlowNode): Writable<NodeEvent> {
    const ref = refOf(node);
    const event = this.#add({ ...place, kind: "node", node: ref, properties: {}, next: [], milliseconds: 0 });
    this.#open.set(keyOf(place, node), event as Writable<NodeEvent>);
    this.#standing = { node: ref, flow: place.flow };
    return event as Writable<NodeEvent>;
  }

  #given(place: EventPlace, { node, properties, raw }: Extract<Observation, { kind: "nodeGiven" }>): void {
    const event = this.#opened(place, node);
    const isGiven = ([name, value]: readonly [string, unknown]) =>
      value !== undefined || unwrap(node.properties[name]) !== undefined;
    const inputs = Object.entries(properties)
      .filter((input) => isGiven(input) && !raw.includes(input[0]))
      // A value that nothing has set would be missing in JSON.
      .map(([name, value]) => [name, value ?? null]);
    event.properties = this.#kept(Object.fromEntries(inputs)) as Record<string, unknown>;
    this.#measure(event);
  }

  #ran(place: EventPlace, node: FlowNode, effect: Effect, milliseconds: number): void {
    const event = this.#opened(place, node);
    event.milliseconds += Math.round(milliseconds * 10) / 10;
    const isCall = effect.kind === "goTo" && node.exits.length > 0;
    switch (effect.kind) {
      case "showError":
        event.success = false;
        event.output = this.#kept({ message: effect.message });
        break;
      case "goTo":
        // A call is done when it is returned to.
        if (!isCall) event.success = true;
        event.output = this.#kept(effect.output);
        break;
      case "returnToCaller":
        event.success = true;
        event.output = this.#kept(effect.output);
        break;
      case "leaveFlow":
        event.success = effect.isSuccess;
        event.output = this.#kept(effect.output);
        break;
      case "end": {
        const { kind, ...output } = effect.outcome;
        if (kind === "died") return;
        event.success = kind === "success";
        event.output = this.#kept(output);
        break;
      }
    }
    if (event.success === undefined) this.#measure(event);
    else this.#close(place, node);
  }

  #done(
    place: EventPlace,
    { node, isTrue, payload, outcome, next }: Extract<Observation, { kind: "nodeDone" }>,
  ) {
    const event = this.#opened(place, node);
    const { error } = payload;
    event.success = isTrue;
    event.output = this.#kept(payload.output);
    if (error) {
      const { code, message, details, httpResponseCode } = error;
      event.error = {
        code: this.#text(code),
        message: this.#text(message),
        ...(details !== undefined && { details: this.#kept(details) }),
        ...(httpResponseCode !== undefined && { httpResponseCode }),
      };
    }
    if (outcome !== undefined) event.outcome = outcome;
    event.next = next.map(refOf);
    this.#standing = { node: event.node, flow: place.flow };
    this.#close(place, node);
  }

  #answered(place: EventPlace, happened: Extract<Observation, { kind: "screenAnswered" }>): void {
    const { node, screen, fields } = happened;
    for (const [name, value] of Object.entries(fields)) if (isSecretName(name)) this.hide([value].flat());
    const isSecret = (name: string) => screen.fields.some((field) => field.name === name && field.isSecret);
    const shown = Object.entries(fields).map(([name, value]) => [name, isSecret(name) ? HIDDEN : value]);
    const kept = this.#kept(Object.fromEntries(shown)) as Record<string, unknown>;
    this.#standing = { node: refOf(node), flow: place.flow };
    this.#add({ ...place, kind: "screenAnswered", node: refOf(node), fields: kept });
  }

  #show(event: Omit<ScreenShown, "number" | "at">): void {
    this.#shown = this.#add(event) as ScreenShown;
    this.#result = { kind: "waiting", screen: event.title };
    this.#standing = { node: event.node, flow: event.flow };
  }

  /** The event of a node that is under way; a new one if the log knows nothing of its start, as after a restart. */
  #opened(place: EventPlace, node: FlowNode): Writable<NodeEvent> {
    return this.#open.get(keyOf(place, node)) ?? this.#begin(place, node);
  }

  #close(place: EventPlace, node: FlowNode): void {
    const event = this.#open.get(keyOf(place, node));
    this.#open.delete(keyOf(place, node));
    if (!event) return;
    event.doneAfter = this.#count;
    event.doneAt = this.#clock();
    this.#measure(event);
  }

  #callerOf({ frame }: Observation, frames: readonly Frame[]): { readonly caller?: NodeRef } {
    const below = frames.at(-2);
    const { callerNodeId } = frame;
    const caller = below && this.#open.get(`${below.runId ?? this.id} ${callerNodeId}`)?.node;
    return caller === undefined ? {} : { caller };
  }

  #parameters(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { authorizationRequest, ...others } = given;
    const isRequest = typeof authorizationRequest === "object" && authorizationRequest !== null;
    const shown = Object.entries(isRequest ? authorizationRequest : {}).map(([name, value]) => [
      name,
      SHOWN_PARAMETERS.includes(name) ? value : HIDDEN,
    ]);
    const request = isRequest && { authorizationRequest: Object.fromEntries(shown) };
    return this.#kept({ ...request, ...others }) as Record<string, unknown>;
  }

  #add(draft: Draft): LogEvent {
    this.#count += 1;
    this.#updatedAt = this.#clock();
    const event = { number: this.#count, at: this.#updatedAt, ...draft } as LogEvent;
    const entry = { event, size: JSON.stringify(event).length };
    this.#events.push(entry);
    this.size += entry.size;
    this.#shrink();
    return event;
  }

  /** An event has grown since it was added. */
  #measure(event: LogEvent): void {
    const entry = this.#events.findLast((candidate) => candidate.event === event);
    if (!entry) return;
    this.size -= entry.size;
    entry.size = JSON.stringify(event).length;
    this.size += entry.size;
    this.#shrink();
  }

  #shrink(): void {
    while (this.#events.length > this.#limits.events || this.size > this.#limits.runSize) {
      this.size -= this.#events.shift()?.size ?? this.size;
    }
  }

  #kept(value: unknown): unknown {
    return keepable(value, this.#secrets);
  }

  #text(text: string): string {
    return String(this.#kept(text));
  }
}

interface EventPlace {
  readonly flow: FlowRef;
  readonly flowRunId: string;
  readonly depth: number;
}

function placeOf({ flow, frame }: Observation, runId: string, depth: number): EventPlace {
  return {
    flow: { id: flow.id, name: flow.name.trim() },
    flowRunId: frame.runId ?? runId,
    depth: Math.max(depth, 0),
  };
}

function titleOf(screen: Screen): string {
  // Larger ones are not shown either.
  return headingOf(screen, readMarkup(screen.markup.length > MAX_MARKUP ? "" : screen.markup));
}

function keyOf({ flowRunId }: EventPlace, { id }: FlowNode): string {
  return `${flowRunId} ${id}`;
}

function refOf({ id, title, connectorId, capabilityName }: FlowNode): NodeRef {
  return { id, title, connectorId, capabilityName };
}

function resultOf(outcome: Exclude<FlowOutcome, { kind: "screen" }>): RunResult {
  switch (outcome.kind) {
    case "success": {
      const { idleTimeoutMinutes: _, ...result } = outcome;
      return result;
    }
    case "error":
      return { kind: "error", error: outcome.error, errorDescription: outcome.errorDescription };
    case "died":
      return { kind: "died", reason: outcome.reason };
  }
}
