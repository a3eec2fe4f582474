/** Links in messages: opening one answers its challenge, or runs the part of a flow that follows it, in any browser. */
import type { ChallengeStore } from "../../tenant/challenges.ts";
import type { FlowOutcome } from "../contracts.ts";
import type { Interaction } from "./interaction.ts";
import { placeSchema } from "./place.ts";
import type { Advanced, FlowRun } from "./run.ts";

/** What a browser is shown that has opened a link. */
export type OpenedLink =
  | { readonly kind: "screen"; readonly outcome: Extract<FlowOutcome, { kind: "screen" }> }
  /** `unknown`: there is no such link, or it was forgotten. `used`: a link works once. */
  | { readonly kind: "unknown" | "expired" | "used" | "approved" | "denied" }
  /** The part of the flow is over; a reason is for the developer. */
  | { readonly kind: "over"; readonly reason?: string };

interface LinksOptions {
  readonly challenges: ChallengeStore;
  readonly runOf: (interaction: Interaction) => FlowRun | undefined;
  readonly finish: (interaction: Interaction, advanced: Advanced) => FlowOutcome;
  readonly submit: (interaction: Interaction, form: URLSearchParams) => Promise<FlowOutcome | undefined>;
}

/** Screens of opened links that wait for a form; the oldest are dropped. */
const KEPT_SCREENS = 200;

export function createLinks({ challenges, runOf, finish, submit }: LinksOptions) {
  /** By challenge. */
  const opened = new Map<string, Interaction>();

  const shown = (outcome: FlowOutcome | undefined): OpenedLink => {
    if (outcome?.kind === "screen") return { kind: "screen", outcome };
    if (outcome?.kind === "died") return { kind: "over", reason: outcome.reason };
    if (outcome === undefined) return { kind: "used" };
    const reason = `The part of the flow that the link has started ended with ${outcome.kind}. Only the browser that waits can bring that to the application.`;
    return { kind: "over", reason };
  };

  const follow = async (id: string, given: unknown): Promise<OpenedLink> => {
    const place = placeSchema.safeParse(given);
    if (!place.success) return { kind: "unknown" };
    const { policyId, context, state, nodeId } = structuredClone(place.data);
    const formAction = new URL(`${context.linkBase ?? "/"}${id}`, "http://localhost").pathname;
    const interaction: Interaction = {
      id,
      policyId,
      context: { ...context, formAction, silent: false },
      state: { ...state, remarks: [] },
      secrets: new Set(),
    };
    const run = runOf(interaction);
    if (!run) return { kind: "unknown" };
    const output = { challenge: id, status: "approved", detailStatus: "", rawStatus: "", credId: "" };
    const outcome = finish(interaction, await run.resume(nodeId, output));
    if (outcome.kind === "screen") {
      opened.set(id, interaction);
      const [oldest] = opened.keys();
      if (opened.size > KEPT_SCREENS && oldest !== undefined) opened.delete(oldest);
    }
    return shown(outcome);
  };

  return {
    async open(id: string, answer: string | null, form?: URLSearchParams): Promise<OpenedLink> {
      if (form) {
        const interaction = opened.get(id);
        return interaction ? shown(await submit(interaction, form)) : { kind: "unknown" };
      }
      const challenge = challenges.find(id);
      if (!challenge) return { kind: "unknown" };
      if (challenges.isExpired(challenge)) return { kind: "expired" };
      if (!challenges.useLink(challenge)) return { kind: "used" };
      if (challenge.place !== undefined && answer !== "denied") return follow(id, challenge.place);
      const status = answer === "denied" ? "denied" : "approved";
      challenges.update(challenge, { status, isComplete: true });
      return { kind: status };
    },
    clear: () => opened.clear(),
  };
}
