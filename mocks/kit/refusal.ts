/** Errors of the control API, for a person who wrote a test or pressed a button: what is wrong, and what is right. */
import { z } from "zod";

/** The request makes no sense to the control API: an unknown name, a missing field, a value out of range. */
export class ControlRequestError extends Error {
  override readonly name = "ControlRequestError";
}

/** What a test expected of the journal or of the faults is not so. */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError";
}

/**
 * @param validKeys Named when the input has a key that is none of them.
 * @throws {ControlRequestError} with one line for each thing that is wrong.
 */
export function parseInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  what: string,
  validKeys: readonly string[] = keysOf(schema),
): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const where = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
    const names = issue.code === "unrecognized_keys" && issue.path.length === 0 ? validKeys : [];
    return `${where}${issue.message}${names.length > 0 ? `. Valid names: ${names.join(", ")}` : ""}`;
  });
  throw new ControlRequestError(`${what} is not valid. ${lines.join("; ")}.`);
}

function keysOf(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** @throws {ControlRequestError} that lists the valid names. */
export function requireName<N extends string>(what: string, given: unknown, valid: readonly N[]): N {
  const name = valid.find((candidate) => candidate === given);
  if (name === undefined) {
    throw new ControlRequestError(
      `There is no ${what} ${JSON.stringify(given) ?? "without a name"}. Valid names: ${valid.join(", ")}.`,
    );
  }
  return name;
}
