/**
 * Values of properties. A property is raw or `{ value }`; a text is mostly the JSON text of a rich-text document, whose
 * children are text or bindings such as `{{local.<node>.payload.output.name}}`.
 */

/** What bindings see. */
export interface Scope {
  readonly global: Readonly<Record<string, unknown>>;
  readonly local: Readonly<Record<string, unknown>>;
}

/** No text of a run may become longer: a loop can double a variable at each turn. In characters. */
const MAX_TEXT = 1_000_000;

/** Thrown when a run makes more than is allowed. */
export class RunLimitError extends Error {
  override readonly name = "RunLimitError";
}

interface RichTextNode {
  readonly text?: unknown;
  readonly data?: unknown;
  readonly children?: unknown;
}

/** The value of a property without its wrapper; an empty object stands for no value. */
export function unwrap(raw: unknown): unknown {
  if (!isRecord(raw)) return raw;
  if (Object.hasOwn(raw, "value")) return raw.value;
  return Object.keys(raw).length === 0 ? undefined : raw;
}

/**
 * The value with its bindings replaced, at any depth. A document that holds nothing but one binding keeps the type of
 * the bound value; otherwise the result is text, in which what cannot be found is empty.
 * @throws {RunLimitError} for a text that is too long.
 */
export function resolveValue(raw: unknown, scope: Scope): unknown {
  if (typeof raw === "string") {
    const document = parseRichText(raw);
    if (document) return resolveDocument(document, scope);
    // Not seen in exports of the editor, but a bare binding can mean nothing else.
    const path = bindingPath(raw);
    return path === undefined ? raw : readPath(path, scope);
  }
  if (Array.isArray(raw)) return raw.map((item) => resolveValue(item, scope));
  if (!isRecord(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, resolveValue(value, scope)]));
}

/** A property that is a template: the text of its document, with bindings as they stand in it. */
export function templateText(raw: unknown): string {
  const value = unwrap(raw);
  if (typeof value !== "string") return "";
  const document = parseRichText(value);
  return document === undefined ? value : joinParts(partsOf(document), ({ binding }) => binding);
}

/** Every path that begins with `local.` or `global.` in a value, at any depth, in templates too. Without repeats. */
export function bindingsIn(raw: unknown): string[] {
  const text = JSON.stringify(raw) ?? "";
  return [...new Set(text.match(/\b(?:local|global)(?:\.[\w-]+|\[\w+\])+/g))];
}

/** `undefined` for what is not there. Only own properties count, and the length of lists. */
export function readPath(path: string, scope: Scope): unknown {
  let value: unknown = scope;
  for (const segment of path.split(/[.[\]'"]+/).filter((part) => part !== "")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

/** A value as the text of a screen, a message or a comparison: lists and objects as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

type Part =
  | { readonly text: string }
  | {
      /** As in the document: `{{local...}}`. */
      readonly binding: string;
    };

/** `undefined` when the text is no rich-text document. */
function parseRichText(text: string): readonly RichTextNode[] | undefined {
  if (!text.trimStart().startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const isDocument =
      Array.isArray(parsed) &&
      parsed.length > 0 &&
      parsed.every((block) => isRecord(block) && Array.isArray(block.children));
    return isDocument ? (parsed as RichTextNode[]) : undefined;
  } catch {
    return undefined;
  }
}

function resolveDocument(document: readonly RichTextNode[], scope: Scope): unknown {
  const blocks = partsOf(document);
  const withContent = blocks.flat().filter((part) => !("text" in part) || part.text !== "");
  const [only] = withContent;
  if (only && withContent.length === 1 && "binding" in only) return readBinding(only.binding, scope);
  return joinParts(blocks, ({ binding }) => textOf(readBinding(binding, scope)));
}

/** For each block its parts; blocks are joined by a newline. */
function partsOf(document: readonly RichTextNode[]): Part[][] {
  return document.map((block) => partsOfNode(block, 0));
}

function partsOfNode({ text, data, children }: RichTextNode, depth: number): Part[] {
  if (typeof data === "string" && data.includes("{{")) return [{ binding: data }];
  // A component of a template: its definition is in the data, its children only name it.
  if (typeof data === "string" && data.startsWith("[[[skcomponent###")) return [{ text: data }];
  if (typeof text === "string") return [{ text }];
  if (!Array.isArray(children) || depth > 20) return [];
  return children.filter(isRecord).flatMap((child: RichTextNode) => partsOfNode(child, depth + 1));
}

function joinParts(
  blocks: readonly (readonly Part[])[],
  read: (part: { readonly binding: string }) => string,
): string {
  let length = 0;
  const lines = blocks.map((parts) =>
    parts
      .map((part) => {
        const text = "text" in part ? part.text : read(part);
        length += text.length;
        if (length > MAX_TEXT) throw new RunLimitError(`a text became longer than ${MAX_TEXT} characters`);
        return text;
      })
      .join(""),
  );
  return lines.join("\n");
}

function readBinding(binding: string, scope: Scope): unknown {
  const path = bindingPath(binding);
  return path === undefined ? undefined : readPath(path, scope);
}

function bindingPath(text: string): string | undefined {
  return /^\s*\{\{\s*((?:local|global)[^{}\s]*)\s*\}\}\s*$/.exec(text)?.[1];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

/** Names come from files: an assignment to `__proto__` would change the object's prototype. */
export function setOwn<T>(record: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
}
