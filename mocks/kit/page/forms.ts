/** Turns a submitted form of the page into what its verb takes. */
import { z } from "zod";
import type { Verb } from "../control/verb.ts";
import { describeField, type Field } from "../field-text.ts";

export type Fields = Readonly<Record<string, z.ZodType>>;

export function fieldsOf({ input }: Pick<Verb, "input">): Fields {
  return input instanceof z.ZodObject ? (input.shape as Fields) : {};
}

/**
 * An empty field counts as not given, or as null where that is a value. A field named `login.user` is the field `user`
 * of an object `login`.
 * @param values What holds already: an optional field that still says so is left out, so that a form can show
 *   everything and change one thing.
 */
export function inputFromForm(
  fields: Fields,
  form: URLSearchParams,
  values: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(fields)) {
    const field = describeField(name, schema);
    const value = parsedValue(field, form.get(name));
    if (value === undefined || (field.isOptional && value === values[name])) continue;
    const [outer = name, inner] = name.split(".");
    input[outer] = inner === undefined ? value : { ...(input[outer] as object | undefined), [inner]: value };
  }
  return input;
}

function parsedValue({ kind, isNullable }: Field, text: string | null): unknown {
  if (text === null) return undefined;
  if (text.trim() === "") return isNullable ? null : undefined;
  switch (kind) {
    case "number":
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case "flag":
      return text !== "false";
    case "json":
      return jsonOrText(text);
    default:
      return text;
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
