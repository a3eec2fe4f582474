/** What the flows of an environment have done, for the developer. Kept in memory only: a saved state is without it. */
import type { FlowOutcome } from "../../contracts.ts";
import type { RunnableFlow } from "../flows.ts";
import type { Interaction } from "../interaction.ts";
import type { Observe } from "../observer.ts";
import type { FlowLog } from "./event.ts";
import { LOG_LIMITS, LoggedRun } from "./logged-run.ts";

/** The side of the log that the engine writes. */
export interface FlowLogBook {
  readonly log: FlowLog;
  /** Gives what a run of this flow reports to. */
  watch(interaction: Interaction, flow: RunnableFlow): Observe;
  refuse(
    interaction: Interaction,
    fields: Readonly<Record<string, unknown>>,
    messages: readonly string[],
  ): void;
  end(interaction: Interaction, outcome: Exclude<FlowOutcome, { kind: "screen" }>): void;
  /** Hides a code that was sent in this run. */
  hide(runId: string, secret: string): void;
  clear(): void;
}

export function createFlowLog(clock: () => number, limits = LOG_LIMITS): FlowLogBook {
  const runs = new Map<string, LoggedRun>();
  let droppedRuns = 0;

  const shrink = () => {
    const total = () => runs.values().reduce((sum, { size }) => sum + size, 0);
    while (runs.size > limits.runs || (runs.size > 1 && total() > limits.size)) {
      const [oldest] = runs.keys();
      runs.delete(oldest ?? "");
      droppedRuns += 1;
    }
  };

  const log: FlowLog = {
    runs: () => [...runs.values()].map(({ summary }) => summary),
    run: (id) => runs.get(id)?.summary,
    events: (id) => runs.get(id)?.events,
    get droppedRuns() {
      return droppedRuns;
    },
  };
  return {
    log,
    watch(interaction, flow) {
      const run = runs.get(interaction.id) ?? new LoggedRun(interaction, flow, clock, limits);
      runs.set(run.id, run);
      shrink();
      return (happened) => run.observe(happened, interaction);
    },
    refuse: ({ id }, fields, messages) => runs.get(id)?.refuse(fields, messages),
    end: ({ id, secrets }, outcome) => runs.get(id)?.end(outcome, secrets),
    hide: (id, secret) => runs.get(id)?.hide([secret]),
    clear() {
      runs.clear();
      droppedRuns = 0;
    },
  };
}
