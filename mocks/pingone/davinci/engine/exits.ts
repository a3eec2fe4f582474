/** Which exits a node takes when it is done. */
import type { Exit, FlowNode } from "../graph/graph.ts";

/**
 * The nodes that run next, each once.
 * @param outcome The one of more than two outcomes that was taken; then only edges that claim it count.
 * @param states How the nodes of the frame ended that have run.
 */
export function nextNodes(
  { id, exits }: FlowNode,
  isTrue: boolean,
  outcome: string | undefined,
  states: Readonly<Record<string, boolean>>,
): string[] {
  const claimed = outcome === undefined ? exits : exits.filter((exit) => exit.outcome === outcome);
  const stateOf = (trigger: string) =>
    trigger === id ? isTrue : Object.hasOwn(states, trigger) ? states[trigger] : undefined;
  return [...new Set(claimed.filter((exit) => fires(exit, isTrue, stateOf)).map(({ target }) => target))];
}

/**
 * With several triggers the node that is done now decides "any": what another one was earlier has had its turn.
 */
function fires(
  { operator, triggers }: Exit,
  isTrue: boolean,
  stateOf: (trigger: string) => boolean | undefined,
): boolean {
  switch (operator) {
    case "always":
    case "anyTriggersComplete":
      return true;
    case "anyTriggersTrue":
      return isTrue;
    case "anyTriggersFalse":
      return !isTrue;
    case "allTriggersTrue":
      return triggers.every((trigger) => stateOf(trigger) === true);
    case "allTriggersFalse":
      return triggers.every((trigger) => stateOf(trigger) === false);
    case "allTriggersComplete":
      return triggers.every((trigger) => stateOf(trigger) !== undefined);
  }
}
