/** What a rule is. Each file in `rules/` has a few that look at the same thing; `rules.ts` lists them all. */
import type { FlowNode } from "../graph/graph.ts";
import type { Level } from "./finding.ts";
import type { FlowView } from "./flow-view.ts";

export interface Rule {
  readonly code: string;
  /** Of its findings, unless one says otherwise. */
  readonly level: Level;
  /** What it finds, as one sentence for the documents. */
  readonly about: string;
  find(view: FlowView): Iterable<Found> | Promise<Iterable<Found>>;
}

export interface Found {
  /** Undefined: the flow as a whole. */
  readonly node?: Pick<FlowNode, "id" | "title"> | undefined;
  readonly level?: Level;
  readonly text: string;
}
