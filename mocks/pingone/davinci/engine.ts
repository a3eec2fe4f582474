/**
 * Runs DaVinci flows: from `begin` to the first screen, and from each submitted form to the next screen or the end.
 * Any input from a browser results in a screen or an outcome, never in an exception.
 *
 * Deliberately not modelled: connectors other than those of flow-schema.ts, JavaScript widgets, `pi.flow`.
 */
import { randomInt } from "node:crypto";
import type { Clock } from "../../kit/clock.ts";
import type { ConsentStore } from "../tenant/consents.ts";
import type { UserStore } from "../tenant/users.ts";
import { type NodeServices, runAutomaticNode } from "./automatic-nodes.ts";
import type { AuthorizationContext, FlowOutcome } from "./contracts.ts";
import type { ConsentNode, Flow, NodeOfType, ScreenNode } from "./flow-schema.ts";
import type { Interaction, SubmittedFields } from "./interaction.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { renderConsentScreen, renderFormScreen } from "./screens.ts";
import { type ReadForm, readConsentForm, readScreenForm } from "./submitted-form.ts";
import { expandTemplate, readVariable, userVariables, type Variables } from "./template.ts";

/** A double click on the last button sends the form twice, and the browser follows only the second response. */
const REPEAT_WINDOW_MS = 10_000;

const STALE_NOTICE =
  "You sent a page that was no longer the current one. Nothing was done with it; please go on here.";

export interface FlowEngineOptions {
  /** From `loadFlows`. */
  readonly flows: readonly Flow[];
  readonly users: UserStore;
  readonly consents: ConsentStore;
  readonly clock: Clock;
  /** The sign-on screen offers every test user who has a password. Default: false. */
  readonly isInteractive?: boolean | undefined;
  /** Default: six random digits. */
  readonly createCode?: () => string;
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
  /** @param id Identifies the sign-on in the messages that its flow sends. */
  begin(id: string, context: AuthorizationContext): Promise<BegunFlow>;
  /** Returns `undefined` when the flow has ended. */
  submit(interaction: Interaction, form: URLSearchParams): Promise<FlowOutcome | undefined>;
  /** Codes that the real service would send by e-mail. */
  readonly outbox: Outbox;
}

interface BegunFlow {
  readonly outcome: FlowOutcome;
  /** Pass this to {@link FlowEngine.submit} when the outcome is a screen. */
  readonly interaction?: Interaction;
}

/** @param options.flows must be validated. */
export function createFlowEngine(options: FlowEngineOptions): FlowEngine {
  const { users, consents, clock, isInteractive = false } = options;
  const outbox = createOutbox();
  const createCode = options.createCode ?? (() => String(randomInt(1_000_000)).padStart(6, "0"));
  const services: NodeServices = { users, clock, outbox, createCode };
  const summaries = options.flows.map(({ policyId, name, description }) => ({ policyId, name, description }));

  const variablesOf = (interaction: Interaction): Variables => {
    const { context, userId, consent } = interaction;
    const user = userId === undefined ? undefined : users.findById(userId);
    const seconds = userId === undefined ? undefined : users.secondsUntilUnlock(userId);
    return {
      "application.id": context.application.id,
      "application.name": context.application.name,
      ...(user && userVariables(user)),
      "consent.status": consent?.status ?? "",
      "mfa.verified": String(interaction.isMfaVerified === true),
      "lock.remaining": seconds === undefined ? "a while" : describeSeconds(seconds),
      "code.sentTo": [...interaction.codes.values()].at(-1)?.to ?? "your e-mail address",
    };
  };

  const render = (interaction: Interaction, status: number, notice?: string): FlowOutcome => {
    const { flow, context, screen } = interaction;
    const node = screen && flow.nodes[screen.node];
    if (!screen || !node) return { kind: "died", reason: "no screen to show" };
    const quickUsers = isInteractive ? users.testAccounts.filter(({ password }) => password !== "") : [];
    const page = { interaction, screen, notice, quickUsers };
    if (node.type === "consent") {
      const username = users.findById(interaction.userId ?? "")?.username ?? "";
      return { kind: "screen", status, html: renderConsentScreen(node, page, username) };
    }
    const variables = variablesOf(interaction);
    const expand = (text: string) => expandTemplate(text, variables, context.parameters);
    return { kind: "screen", status, html: renderFormScreen(node as ScreenNode, page, expand) };
  };

  const show = (interaction: Interaction, name: string): FlowOutcome => {
    if (interaction.context.silent) {
      return { kind: "died", reason: `prompt=none, but node "${name}" needs a screen` };
    }
    interaction.screen = { node: name, values: {} };
    interaction.step += 1;
    return render(interaction, 200);
  };

  const showMessage = (interaction: Interaction, node: NodeOfType<"errorMessage">): FlowOutcome => {
    const text = expandTemplate(node.message, variablesOf(interaction), interaction.context.parameters);
    if (!interaction.screen) return { kind: "died", reason: `error before any screen: ${text}` };
    interaction.screen.message = { text, fields: [] };
    interaction.step += 1;
    return render(interaction, 200);
  };

  const succeed = (interaction: Interaction, node: NodeOfType<"success">): FlowOutcome => {
    const { userId, consent, sessionMethods } = interaction;
    if (userId === undefined || users.findById(userId)?.enabled !== true) {
      return { kind: "died", reason: "Return Success Response was reached without a user who is enabled" };
    }
    const reduced = node.reducedScopes && consent?.status === "ACCEPTED";
    return {
      kind: "success",
      userId,
      authenticationMethods: sessionMethods ?? node.authenticationMethods,
      ...(reduced && { scopes: consent.scopes }),
      idleTimeoutMinutes: node.idleTimeoutMinutes,
      reusedSession: sessionMethods !== undefined,
    };
  };

  /** True when a recorded consent covers the request, so that no screen is shown. */
  const isConsentRemembered = (interaction: Interaction, node: ConsentNode): boolean => {
    const { context, userId } = interaction;
    if (node.promptConsent || userId === undefined) return false;
    const query = { userId, applicationId: context.application.id, scopes: context.scopes };
    const scopes = consents.findAccepted(query);
    if (!scopes) return false;
    interaction.consent = { status: "ACCEPTED", scopes };
    return true;
  };

  const advance = (interaction: Interaction, start: string, fields: SubmittedFields): FlowOutcome => {
    for (let name = start; ; ) {
      const node = interaction.flow.nodes[name];
      if (!node) return { kind: "died", reason: `unknown node "${name}"` };
      switch (node.type) {
        case "screen":
          return show(interaction, name);
        case "consent":
          if (interaction.userId === undefined) {
            return { kind: "died", reason: "Get User Consent was reached without a user" };
          }
          if (!isConsentRemembered(interaction, node)) return show(interaction, name);
          name = node.next;
          break;
        case "branch": {
          const value = readVariable(node.value, variablesOf(interaction), interaction.context.parameters);
          name = (Object.hasOwn(node.equals, value) ? node.equals[value] : undefined) ?? node.otherwise;
          break;
        }
        case "errorMessage":
          return showMessage(interaction, node);
        case "success":
          return succeed(interaction, node);
        case "error":
          return {
            kind: "error",
            error: node.error,
            errorDescription: expandTemplate(
              node.errorDescription,
              variablesOf(interaction),
              interaction.context.parameters,
            ),
          };
        case "createSuccessResponse":
          return {
            kind: "died",
            reason: "createSuccessResponse ends a sub-flow; a main flow with it yields no code",
          };
        default:
          name = runAutomaticNode(node, interaction, fields, services);
      }
    }
  };

  const finish = (interaction: Interaction, outcome: FlowOutcome): FlowOutcome => {
    if (outcome.kind === "screen") return outcome;
    interaction.ended = { step: interaction.step, outcome, repeatableUntil: clock() + REPEAT_WINDOW_MS };
    return outcome;
  };

  const refuse = (interaction: Interaction, form: Extract<ReadForm, { kind: "refused" }>): FlowOutcome => {
    const { screen } = interaction;
    if (screen) {
      screen.values = form.values;
      screen.message = { text: form.text, fields: form.fields };
    }
    return render(interaction, form.status);
  };

  const answerConsent = (interaction: Interaction, node: ConsentNode, form: URLSearchParams): FlowOutcome => {
    const { context, userId = "" } = interaction;
    const answer = readConsentForm(node, context.scopes, form);
    if (answer.kind === "refused") return refuse(interaction, answer);
    const query = { userId, applicationId: context.application.id, scopes: context.scopes };
    interaction.consent = answer.consent;
    consents.record(query, answer.consent);
    return finish(interaction, advance(interaction, node.next, {}));
  };

  const answerScreen = (interaction: Interaction, node: ScreenNode, form: URLSearchParams): FlowOutcome => {
    const read = readScreenForm(node, form);
    if (read.kind === "refused") return refuse(interaction, read);
    if (interaction.screen) interaction.screen.values = read.values;
    return finish(interaction, advance(interaction, read.button.next, read.fields));
  };

  return {
    flows: summaries,
    outbox,

    findFlow(nameOrPolicyId) {
      const found = summaries.find(
        ({ name, policyId }) => name === nameOrPolicyId || policyId === nameOrPolicyId,
      );
      if (found) return found;
      const known = summaries.map(({ name }) => name).join(", ");
      throw new Error(`There is no flow "${nameOrPolicyId}". Valid names are: ${known}.`);
    },

    async begin(id, context) {
      const flow = options.flows.find(({ policyId }) => policyId === context.policyId);
      if (!flow) {
        return { outcome: { kind: "died", reason: `no flow has the policy id ${context.policyId}` } };
      }
      const interaction: Interaction = { id, context, flow, step: 0, codes: new Map() };
      return { outcome: advance(interaction, flow.start, {}), interaction };
    },

    async submit(interaction, form) {
      const { ended, screen } = interaction;
      const step = form.get("step");
      if (ended) {
        const repeated = step === String(ended.step) && clock() < ended.repeatableUntil;
        return repeated ? ended.outcome : undefined;
      }
      if (step !== null && step !== String(interaction.step)) return render(interaction, 200, STALE_NOTICE);
      const node = screen && interaction.flow.nodes[screen.node];
      return node?.type === "consent"
        ? answerConsent(interaction, node, form)
        : answerScreen(interaction, node as ScreenNode, form);
    },
  };
}

function describeSeconds(seconds: number): string {
  const [amount, unit] =
    seconds >= 7200
      ? [seconds / 3600, "hour"]
      : seconds > 60
        ? [seconds / 60, "minute"]
        : [seconds, "second"];
  const rounded = Math.ceil(amount);
  return `${rounded} ${unit}${rounded === 1 ? "" : "s"}`;
}
