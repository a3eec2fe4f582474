/** Variables that outlive a run: of the company, of a flow, of a user. Those of a flow instance are part of the run. */
import { z } from "zod";
import type { VariableContext } from "../graph/graph.ts";
import type { RunnableFlow } from "./flows.ts";

type Kept = Exclude<VariableContext, "flowInstance">;
type Values = Record<string, unknown>;

const variablesSnapshot = z.array(z.tuple([z.string(), z.record(z.string(), z.unknown())]));

/** What flows have written lies over what the files beside them give, until reset. */
export class VariableStore {
  readonly #written = new Map<string, Values>();
  readonly #changed: () => void;

  /** @param onChange Told after every change that a snapshot would show. */
  constructor(onChange: () => void = () => {}) {
    this.#changed = onChange;
  }

  /** All variables of a context that this run sees. */
  read(context: Kept, flow: RunnableFlow, flowId: string, userId: string | undefined): Values {
    const declared = [...flow.graph.variables, ...(graphOf(flow, flowId)?.variables ?? [])]
      .filter((variable) => variable.context === context && variable.value !== undefined)
      .map(({ name, value }) => [name, value] as const);
    return {
      ...Object.fromEntries(declared),
      ...flow.values[context],
      ...this.#written.get(keyOf(context, flow, flowId, userId)),
    };
  }

  write(
    context: Kept,
    flow: RunnableFlow,
    flowId: string,
    userId: string | undefined,
    name: string,
    value: unknown,
  ): void {
    const key = keyOf(context, flow, flowId, userId);
    this.#written.set(key, { ...this.#written.get(key), [name]: value });
    this.#changed();
  }

  snapshot(): z.input<typeof variablesSnapshot> {
    return structuredClone([...this.#written]);
  }

  /** @throws {Error} when `state` is not a snapshot of variables. */
  restore(state: unknown): void {
    const restored = variablesSnapshot.safeParse(state);
    if (!restored.success) throw new Error(`snapshot of variables: ${z.prettifyError(restored.error)}`);
    this.#written.clear();
    for (const [key, values] of restored.data) this.#written.set(key, values);
  }

  clear(): void {
    this.#written.clear();
    this.#changed();
  }
}

function graphOf({ together }: RunnableFlow, flowId: string) {
  return together.find(({ id }) => id === flowId);
}

/** Variables of the company are shared by all flows that were given together. */
function keyOf(context: Kept, flow: RunnableFlow, flowId: string, userId: string | undefined): string {
  switch (context) {
    case "company":
      return "company";
    case "flow":
      return `flow ${flow.policyId} ${flowId}`;
    case "user":
      return `user ${userId ?? ""}`;
  }
}
