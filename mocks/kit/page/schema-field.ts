/** What a form of the page has to know about a field, read from the schema of the field, and how its text is parsed. */
import { z } from "zod";

declare module "zod" {
  interface GlobalMeta {
    /** One sentence below the field. */
    hint?: string;
    /** What it means that a nullable field is not set. */
    unset?: string;
    /** The field takes a file, whose text is the value. */
    file?: true;
    /** Texts for the values of an enum, or for `true` and `false`. */
    choices?: Readonly<Record<string, string>>;
  }
}

export type Fields = Readonly<Record<string, z.ZodType>>;

export interface Field {
  readonly kind: "choice" | "flag" | "number" | "text" | "json";
  readonly isFile: boolean;
  /** `undefined`: the field is not on the page. */
  readonly title: string | undefined;
  readonly hint: string;
  readonly unset: string;
  readonly choices: Readonly<Record<string, string>>;
  /** Values of a choice. */
  readonly values: readonly string[];
  readonly isOptional: boolean;
  readonly isNullable: boolean;
}

export function describeField(schema: z.ZodType): Field {
  const layers = layersOf(schema);
  const inner = layers.at(-1) ?? schema;
  const {
    title,
    hint = "",
    unset = "not set",
    choices = {},
    file,
  }: z.GlobalMeta = Object.assign({}, ...layers.toReversed().map((layer) => layer.meta()));
  return {
    kind: kindOf(inner),
    isFile: file === true,
    title,
    hint,
    unset,
    choices,
    values: inner instanceof z.ZodEnum ? inner.options.map(String) : [],
    isOptional: layers.some((layer) => layer instanceof z.ZodOptional || layer instanceof z.ZodDefault),
    isNullable: layers.some((layer) => layer instanceof z.ZodNullable),
  };
}

/** The schema itself, and what its optional, nullable and default wrappers hold. */
function layersOf(schema: z.ZodType): z.ZodType[] {
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isWrapper ? [schema, ...layersOf(schema.unwrap() as z.ZodType)] : [schema];
}

function kindOf(schema: z.ZodType): Field["kind"] {
  if (schema instanceof z.ZodEnum) return "choice";
  if (schema instanceof z.ZodBoolean) return "flag";
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodString ? "text" : "json";
}

/**
 * The input of a verb from a submitted form. An empty field counts as not given, or as null where null is a value. A
 * field named `login.user` is the field `user` of an object `login`.
 * @param values Current values: an optional field that still has its value is left out.
 */
export function inputFromForm(
  fields: Fields,
  form: URLSearchParams,
  values: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(fields)) {
    const field = describeField(schema);
    const value = parseText(field, form.get(name));
    if (value === undefined || (field.isOptional && value === values[name])) continue;
    const [outer = name, inner] = name.split(".");
    input[outer] = inner === undefined ? value : { ...(input[outer] as object | undefined), [inner]: value };
  }
  return input;
}

function parseText({ kind, isNullable }: Field, text: string | null): unknown {
  if (text === null) return undefined;
  if (text.trim() === "") return isNullable ? null : undefined;
  if (kind === "number") return Number.isFinite(Number(text)) ? Number(text) : text;
  if (kind === "flag") return text !== "false";
  if (kind !== "json") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
