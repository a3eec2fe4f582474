/** What the values of a scenario are at one place of the compiled graph, and how they travel between its parts. */
import type { Source } from "./graph-builder.ts";

const NOTHING: Source = { text: "" };

/** Immutable: each way of the graph has its own. */
export class Values {
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(sources: Iterable<readonly [string, Source]> = []) {
    this.#sources = new Map(sources);
  }

  /** Empty text for what is not known on this way. */
  source(value: string): Source {
    return this.#sources.get(value) ?? NOTHING;
  }

  has(value: string): boolean {
    return this.#sources.has(value);
  }

  with(sources: Readonly<Record<string, Source>>): Values {
    return new Values([...this.#sources, ...Object.entries(sources)]);
  }
}

/** The name of a value as the property of a node. Only names of screens can hold other characters than those of names. */
export function propertyOf(value: string): string {
  const [kind = "", ...rest] = value.split(".");
  if (value === "user.id") return "userId";
  const escaped = rest.map((part) =>
    part.replace(/[^A-Za-z0-9]/g, (character) =>
      character === "_" && kind !== "fields" ? "_" : `_${character.codePointAt(0)?.toString(16) ?? ""}_`,
    ),
  );
  return [kind, ...escaped].join("_");
}

/** `inputSchema` of a start node: the JSON text of a schema of its arguments. */
export function inputSchemaOf(values: readonly string[]): string {
  const properties = values.map((value) => {
    const propertyName = propertyOf(value);
    return [
      propertyName,
      {
        type: "string",
        displayName: propertyName,
        preferredControlType: "textField",
        enableParameters: true,
        propertyName,
      },
    ] as const;
  });
  return JSON.stringify({ type: "object", properties: Object.fromEntries(properties) }, null, 2);
}
