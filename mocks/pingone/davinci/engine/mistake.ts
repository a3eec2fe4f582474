/** What a developer is told of an exception that the emulator itself should not have thrown. */

/** Names kind and place of the error, not its message, which can quote what a person has typed. */
export function describeMistake(error: unknown, where: string): string {
  const { name, stack = "" } = error instanceof Error ? error : new Error();
  // The first lines of a stack are the message.
  const frames = stack.slice(stack.search(/^ {4}at /m));
  const place = /([\w.-]+\.[jt]s:\d+)/.exec(frames)?.[1];
  const kind = place === undefined ? name : `${name} at ${place}`;
  return `${where} failed by a mistake of the emulator (${kind}), not of the flow; report it with the flow`;
}
