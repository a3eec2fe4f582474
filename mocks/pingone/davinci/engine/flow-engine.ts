/**
 * The flows of an environment: from an authorization request to the first screen, and from each submitted form to the next
 * screen or the end. Any input from a browser leads to a screen or an outcome, never to an exception.
 *
 * Deliberately left out: scripts of screens, `pi.flow`.
 */
import { randomInt } from "node:crypto";
import type { AuthorizationContext, FlowOutcome } from "../contracts.ts";
import type { FlowGraph } from "../graph/graph.ts";
import { createOutbox, type Outbox } from "../outbox.ts";
import { readForm } from "../screens/read-form.ts";
import type { ScreenMessages, SubmittedFields } from "../screens/screen.ts";
import { remark } from "./call.ts";
import type { Services } from "./capability.ts";
import type { FlowValues, RunnableFlow } from "./flows.ts";
import { hideSecrets, type Interaction } from "./interaction.ts";
import { createLinks, type OpenedLink } from "./links.ts";
import type { FlowLog } from "./log/event.ts";
import { createFlowLog } from "./log/flow-log.ts";
import { presentScreen } from "./present.ts";
import { type Advanced, type CapabilityRegistry, FlowRun, type RunLimits } from "./run.ts";
import { VariableStore } from "./variables.ts";

/** A double click on the last button sends the form twice, and the browser follows only the second response. */
const REPEAT_WINDOW_MS = 10_000;

const STALE_NOTICE =
  "You sent a page that was no longer the current one. Nothing was done with it; please go on here.";

const UNKNOWN_BUTTON =
  "The form was sent with a buttonValue that no button of this screen has. The flow got it, as PingOne does not know the buttons of a template; that is not verified.";

export interface FlowEngineOptions extends Omit<Services, "outbox" | "createCode"> {
  readonly flows: readonly RunnableFlow[];
  readonly registry: CapabilityRegistry;
  /** The sign-on screen offers every test user who has a password. Default: false. */
  readonly isInteractive?: boolean | undefined;
  /** Default: six random digits. */
  readonly createCode?: (() => string) | undefined;
  readonly limits?: RunLimits | undefined;
  /** Told after every change of messages and variables. */
  readonly onChange?: (() => void) | undefined;
}

interface FlowSummary {
  readonly policyId: string;
  readonly name: string;
  readonly description: string;
}

export interface FlowEngine {
  readonly flows: readonly FlowSummary[];
  /** Finds a flow by policy id or by name. @throws {Error} that lists the valid names. */
  findFlow(nameOrPolicyId: string): FlowSummary;
  /** Whether there is a flow or sub-flow of this id. */
  hasFlow(flowId: string): boolean;
  /** The graphs that a policy can run: its flow, then those in which its sub-flows are found. */
  graphsOf(policyId: string): readonly FlowGraph[];
  /** What lies beside the file of the policy's flow as values of variables. */
  valuesOf(policyId: string): FlowValues;
  /** Adds flows until {@link reset}; one of the same policy id is replaced. */
  addFlows(flows: readonly RunnableFlow[]): void;
  /** @param id Identifies the sign-on in the messages that its flow sends. */
  begin(id: string, context: AuthorizationContext): Promise<BegunFlow>;
  /** The screen that waits for an answer, as it was shown last; `undefined` when the flow has ended. */
  show(interaction: Interaction): ScreenOutcome | undefined;
  /** Returns `undefined` when the flow has ended. */
  submit(interaction: Interaction, form: URLSearchParams): Promise<FlowOutcome | undefined>;
  /** @param form Of a screen that an opened link has led to. Default: the link is opened. */
  openLink(challenge: string, answer: string | null, form?: URLSearchParams): Promise<OpenedLink>;
  /** What the real service would send by e-mail. */
  readonly outbox: Outbox;
  /** What the flows have done, for the developer. */
  readonly log: FlowLog;
  /** What flows have written that outlives their runs. */
  readonly variables: VariableStore;
  /** Forgets messages, variables, the log and added flows. */
  reset(): void;
}

type ScreenOutcome = Extract<FlowOutcome, { kind: "screen" }>;

interface BegunFlow {
  readonly outcome: FlowOutcome;
  /** Pass this to {@link FlowEngine.submit} when the outcome is a screen. */
  readonly interaction?: Interaction;
}

export function createFlowEngine(options: FlowEngineOptions): FlowEngine {
  const { users, clock, registry, isInteractive = false } = options;
  const logBook = createFlowLog(clock);
  const outbox = createOutbox(options.onChange);
  const variables = new VariableStore(options.onChange);
  const createCode = options.createCode ?? (() => String(randomInt(1_000_000)).padStart(6, "0"));
  /** Of each sign-on, the request that it is busy with: forms are answered one after the other. */
  const busy = new WeakMap<Interaction, Promise<unknown>>();
  let added: readonly RunnableFlow[] = [];

  const allFlows = () => {
    const isReplaced = ({ policyId }: RunnableFlow) => added.some((flow) => flow.policyId === policyId);
    return [...added, ...options.flows.filter((flow) => !isReplaced(flow))];
  };
  const flowOf = (policyId: string) => allFlows().find((flow) => flow.policyId === policyId);
  const summaries = () =>
    allFlows().map(({ policyId, name, description }) => ({ policyId, name, description }));

  const runOf = (flow: RunnableFlow, interaction: Interaction) => {
    const sendFor: Outbox["send"] = (message) => {
      if (message.code !== undefined) {
        logBook.hide(interaction.id, message.code);
        // A node can have it among its outputs, which are part of a saved state.
        interaction.secrets.add(message.code);
      }
      // Whoever knows the id has the link.
      logBook.hide(interaction.id, message.challenge ?? "");
      outbox.send({ ...message, interactionId: interaction.id });
    };
    const services: Services = { ...options, createCode, outbox: { ...outbox, send: sendFor } };
    const observe = logBook.watch(interaction, flow);
    return new FlowRun({ flow, interaction, services, variables, registry, limits: options.limits, observe });
  };

  const render = (interaction: Interaction, status: number, messages?: ScreenMessages): FlowOutcome => {
    const flow = flowOf(interaction.policyId);
    const { shown } = interaction.state;
    if (!shown || !flow) return { kind: "died", reason: "no screen to show" };
    const quickUsers = isInteractive ? users.testAccounts.filter(({ password }) => password !== "") : [];
    const page = presentScreen(
      { ...shown, messages: messages ?? shown.messages },
      { interaction, flow, outbox, tenant: options, clock, quickUsers },
    );
    return { kind: "screen", status, html: page.html, policy: page.contentSecurityPolicy };
  };

  const finish = (interaction: Interaction, advanced: Advanced): FlowOutcome => {
    if (advanced.kind === "shown") return render(interaction, 200);
    const { state, secrets } = interaction;
    // A reason may quote an author's text, into which a flow can have put anything.
    const outcome =
      advanced.kind === "died" ? { ...advanced, reason: hideSecrets(advanced.reason, secrets) } : advanced;
    logBook.end(interaction, outcome);
    state.ended = { step: state.step, outcome, repeatableUntil: clock() + REPEAT_WINDOW_MS };
    return outcome;
  };

  const submit = async (
    interaction: Interaction,
    form: URLSearchParams,
  ): Promise<FlowOutcome | undefined> => {
    const { state } = interaction;
    const step = form.get("step");
    if (state.ended) {
      const isRepeated = step === String(state.ended.step) && clock() < state.ended.repeatableUntil;
      return isRepeated ? state.ended.outcome : undefined;
    }
    const flow = flowOf(interaction.policyId);
    const { shown } = state;
    if (!flow || !shown) return undefined;
    if (step !== null && step !== String(state.step)) {
      return render(interaction, 200, { ...shown.messages, notice: STALE_NOTICE });
    }
    const read = readForm(shown.screen, form);
    shown.values = read.values;
    if (read.kind === "refused") {
      shown.messages = read.messages;
      logBook.refuse(interaction, read.values, textsOf(read.messages));
      return render(interaction, read.status);
    }
    rememberSecrets(interaction, read.fields);
    if (read.isUnknownButton) remark(state, UNKNOWN_BUTTON);
    return finish(interaction, await runOf(flow, interaction).answer(read.fields));
  };

  const links = createLinks({
    challenges: options.challenges,
    runOf: (interaction) => {
      const flow = flowOf(interaction.policyId);
      return flow && runOf(flow, interaction);
    },
    finish,
    submit,
  });

  return {
    openLink: (challenge, answer, form) => links.open(challenge, answer, form),
    get flows() {
      return summaries();
    },
    outbox,
    log: logBook.log,
    variables,

    findFlow(nameOrPolicyId) {
      const all = summaries();
      const found = all.find(({ name, policyId }) => name === nameOrPolicyId || policyId === nameOrPolicyId);
      if (found) return found;
      const known = all.map(({ name }) => name).join(", ");
      throw new Error(`There is no flow "${nameOrPolicyId}". Valid names are: ${known}.`);
    },

    hasFlow: (flowId) => allFlows().some(({ together }) => together.some(({ id }) => id === flowId)),
    graphsOf(policyId) {
      const flow = flowOf(policyId);
      return flow ? [flow.graph, ...flow.together.filter((graph) => graph !== flow.graph)] : [];
    },

    valuesOf: (policyId) => flowOf(policyId)?.values ?? {},

    addFlows(flows) {
      const ids = new Set(flows.map(({ policyId }) => policyId));
      added = [...added.filter(({ policyId }) => !ids.has(policyId)), ...flows];
    },

    async begin(id, context) {
      const flow = flowOf(context.policyId);
      if (!flow) {
        return { outcome: { kind: "died", reason: `no flow has the policy id ${context.policyId}` } };
      }
      const interaction: Interaction = {
        id,
        context,
        policyId: flow.policyId,
        state: { frames: [], step: 0, remarks: [] },
        secrets: new Set(),
      };
      const advanced = await runOf(flow, interaction).begin(parametersOf(flow, context));
      return { outcome: finish(interaction, advanced), interaction };
    },

    show(interaction) {
      const outcome = interaction.state.ended ? undefined : render(interaction, 200);
      return outcome?.kind === "screen" ? outcome : undefined;
    },

    submit(interaction, form) {
      const before = busy.get(interaction) ?? Promise.resolve();
      const answered = before.then(() => submit(interaction, form));
      busy.set(
        interaction,
        answered.catch(() => {}),
      );
      return answered;
    },

    reset() {
      outbox.clear();
      variables.clear();
      logBook.clear();
      links.clear();
      added = [];
    },
  };
}

/** `global.parameters` of a main flow. */
function parametersOf(
  { values }: RunnableFlow,
  { application, scopes, parameters }: AuthorizationContext,
): Record<string, unknown> {
  return {
    ...values.inputs,
    authorizationRequest: { client_id: application.id, scope: scopes.join(" "), ...parameters },
    application: { ...application },
  };
}

function textsOf({ error, fieldErrors = {} }: ScreenMessages): string[] {
  return [error ?? "", ...Object.entries(fieldErrors).map(([name, text]) => text || `${name} is not valid.`)];
}

function rememberSecrets({ state, secrets }: Interaction, fields: SubmittedFields): void {
  for (const { name, isSecret } of state.shown?.screen.fields ?? []) {
    const value = isSecret ? fields[name] : undefined;
    for (const secret of [value ?? []].flat()) if (secret !== "") secrets.add(secret);
  }
}
