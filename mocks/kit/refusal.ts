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
 * @param validKeys Named when the input itself has a key that is none of them.
 * @throws {ControlRequestError} with one line for each thing that is wrong.
 */
export function parseInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  what: string,
  validKeys: readonly string[] = keysAt(schema, []),
): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ code, path, message }) => {
    const where = path.length > 0 ? `${path.join(".")}: ` : "";
    const valid = path.length > 0 ? keysAt(schema, path) : validKeys;
    const names =
      code === "unrecognized_keys" && valid.length > 0 ? `. Valid names: ${valid.join(", ")}` : "";
    return `${where}${message}${names}`;
  });
  throw new ControlRequestError(`${what} is not valid. ${lines.join("; ")}.`);
}

/** Names of the fields that the object at this place can have. */
function keysAt(schema: unknown, [first, ...rest]: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodOptional)
    return keysAt(schema.unwrap(), first === undefined ? [] : [first, ...rest]);
  if (!(schema instanceof z.ZodObject)) return [];
  return first === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(first)], rest);
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

/** For what throws on a name that it does not know, in the words of whoever asked for it. */
export function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new ControlRequestError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
