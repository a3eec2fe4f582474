/** Errors of the control API: what is wrong, and what would be valid. */
import { z } from "zod";
import { textOfIssue } from "./issue-text.ts";

/** The request is invalid: an unknown name, a missing field, a value out of range. */
export class ControlRequestError extends Error {
  override readonly name = "ControlRequestError";
}

/** An expectation about the journal or the faults is not met. */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError";
}

/** @throws {ControlRequestError} that names everything that is wrong, and the valid names where one is unknown. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const { code, path } = issue;
    const where = path.length > 0 ? `${path.join(".")}: ` : "";
    const valid = keysAt(schema, path);
    const names =
      code === "unrecognized_keys" && valid.length > 0 ? `. Valid names: ${valid.join(", ")}` : "";
    return `${where}${textOfIssue(issue).replace(/\.$/, "")}${names}`;
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

/** Turns what `act` throws into a ControlRequestError with the same message. */
export function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new ControlRequestError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
