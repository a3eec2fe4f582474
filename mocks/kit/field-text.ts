/** How the control page names a field: kept beside the schema of the field, from which its kind and choices come. */
import { z } from "zod";

export interface FieldText {
  readonly label: string;
  /** One sentence below the field; the schema's own description when absent. */
  readonly about?: string;
  /** What it means that a nullable field is not set. */
  readonly unset?: string;
  /** What each value of an enum, or `true` and `false`, is called. */
  readonly choices?: Readonly<Record<string, string>>;
}

const registry = z.registry<FieldText>();

/** The same schema with a text of its own. */
export function labelled<S extends z.ZodType>(schema: S, text: FieldText): S {
  const copy = schema.clone();
  registry.add(copy, text);
  return copy;
}

/** The same object schema, each of its fields with its text. */
export function labelFields<S extends z.ZodObject>(
  schema: S,
  textOf: Readonly<Record<keyof S["shape"], FieldText>>,
): S {
  const texts: Readonly<Record<string, FieldText>> = textOf;
  const labelledFields = Object.entries(schema.shape).map(([name, field]) => [
    name,
    labelled(field as z.ZodType, texts[name] ?? { label: name }),
  ]);
  // Each field keeps its schema, so the object keeps its type.
  return schema.extend(Object.fromEntries(labelledFields)) as unknown as S;
}

type FieldKind = "choice" | "flag" | "number" | "text" | "json";

export interface Field {
  readonly kind: FieldKind;
  readonly text: FieldText;
  /** Values of a choice. */
  readonly values: readonly string[];
  readonly isOptional: boolean;
  readonly isNullable: boolean;
}

/** What a form needs to know of a field, read from its schema. */
export function describeField(name: string, schema: z.ZodType): Field {
  const layers = layersOf(schema);
  const inner = layers.at(-1) ?? schema;
  const text = layers.map((layer) => registry.get(layer)).find((found) => found !== undefined);
  const about = text?.about ?? plainSentence(schema.description);
  return {
    kind: kindOf(inner),
    text: { label: name, ...text, ...(about !== undefined && { about }) },
    values: inner instanceof z.ZodEnum ? inner.options.map(String) : [],
    isOptional: layers.some((layer) => layer instanceof z.ZodOptional || layer instanceof z.ZodDefault),
    isNullable: layers.some((layer) => layer instanceof z.ZodNullable),
  };
}

/** A description is one cell of a Markdown table. */
function plainSentence(markdown: string | undefined): string | undefined {
  if (markdown === undefined) return undefined;
  return `${markdown.charAt(0).toUpperCase()}${markdown.slice(1).replaceAll("`", "")}.`;
}

/** The schema itself, and what its optional, nullable and default wrappers hold. */
function layersOf(schema: z.ZodType): z.ZodType[] {
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isWrapper ? [schema, ...layersOf(schema.unwrap() as z.ZodType)] : [schema];
}

function kindOf(schema: z.ZodType): FieldKind {
  if (schema instanceof z.ZodEnum) return "choice";
  if (schema instanceof z.ZodBoolean) return "flag";
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodString ? "text" : "json";
}
