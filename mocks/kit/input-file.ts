/**
 * JSON files that people write. Faults are collected over all files and thrown at once, each with the file, the line and
 * column of the value it is about, the reason and the way out. Values are never repeated: they may be secrets.
 */
import { readFileSync, statSync } from "node:fs";
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";
import { z } from "zod";
import { textOfIssue } from "./issue-text.ts";
import { findJsonFault, measureJson, positionOf } from "./json-text.ts";

type Path = readonly PropertyKey[];

/** Thrown when files cannot be used; `problems` has one line for each fault, starting with the file's path. */
export class InputFileError extends Error {
  override readonly name = "InputFileError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The files have faults:\n${problems.join("\n")}`);
    this.problems = problems;
  }
}

interface Fault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Collects the faults of any number of files. */
export class FileFaults {
  readonly #faults: Fault[] = [];

  /** A fault of a file or folder as a whole. */
  add(file: string, reason: string): void {
    this.#faults.push({ file, line: 0, column: 0, text: `${file}: ${reason}` });
  }

  addAt(file: string, { line, column }: Position, reason: string): void {
    this.#faults.push({ file, line, column, text: `${file}:${line}:${column}: ${reason}` });
  }

  get count(): number {
    return this.#faults.length;
  }

  /** @throws {InputFileError} with every fault, in the order of files and places. */
  throwIfAny(): void {
    if (this.#faults.length === 0) return;
    const sorted = this.#faults.toSorted(
      (one, other) => compare(one.file, other.file) || one.line - other.line || one.column - other.column,
    );
    throw new InputFileError([...new Set(sorted.map(({ text }) => text))]);
  }
}

/** From 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** A file that is JSON. */
export class InputFile {
  readonly path: string;
  /** Parsed, not checked further. */
  readonly content: unknown;
  readonly #text: string;
  readonly #root: Node;
  readonly #faults: FileFaults;

  constructor(path: string, text: string, root: Node, faults: FileFaults) {
    this.path = path;
    this.content = JSON.parse(text);
    this.#text = text;
    this.#root = root;
    this.#faults = faults;
  }

  /**
   * @param at Where in the content; of what is not there, the nearest place that is.
   * @param isPlaceTold Whether the reason itself says where.
   */
  report(at: Path, reason: string, { isPlaceTold = false } = {}): void {
    const where = at.length > 0 && !isPlaceTold ? `${z.core.toDotPath([...at])}: ` : "";
    const { offset } = this.#find(at) ?? this.#root;
    this.#faults.addAt(this.path, positionOf(this.#text, offset), `${where}${reason}`);
  }

  /**
   * What the schema makes of the value at that place, which is that of the file unless another one is given;
   * `undefined` when it has faults, which are reported.
   */
  parse<S extends z.ZodType>(
    schema: S,
    at: Path = [],
    value: unknown = this.#valueAt(at),
  ): z.output<S> | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) this.#reportIssue(at, issue);
    return undefined;
  }

  #reportIssue(at: Path, issue: z.core.$ZodIssue): void {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys)
        this.report([...at, ...issue.path, key], "is not known here; take it out.");
      return;
    }
    const path = [...at, ...issue.path];
    const meant = issue.code === "invalid_union" ? this.#meantShape(path, issue.errors) : undefined;
    if (meant) {
      for (const inner of meant) this.#reportIssue(path, inner);
      return;
    }
    const isMissing =
      issue.code === "invalid_type" && findNodeAtLocation(this.#root, segments(path)) === undefined;
    const message = textOfIssue(issue);
    const isOwnText = !message.startsWith("Invalid input: ");
    this.report(path, isMissing && !isOwnText ? `is missing; add it (${issue.expected}).` : message);
  }

  /** Of several shapes the one that the value has in outline: all its faults are within what is there. */
  #meantShape(
    at: Path,
    shapes: readonly (readonly z.core.$ZodIssue[])[],
  ): readonly z.core.$ZodIssue[] | undefined {
    const isThere = ([first]: readonly PropertyKey[]) =>
      first !== undefined && findNodeAtLocation(this.#root, segments([...at, first])) !== undefined;
    const fitting = shapes.filter((issues) => issues.length > 0 && issues.every(({ path }) => isThere(path)));
    return fitting.length === 1 ? fitting[0] : undefined;
  }

  #find(at: Path): Node | undefined {
    for (let length = at.length; length >= 0; length -= 1) {
      const node = findNodeAtLocation(this.#root, segments(at.slice(0, length)));
      if (node) return node;
    }
    return undefined;
  }

  #valueAt(at: Path): unknown {
    return at.reduce<unknown>(
      (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
      this.content,
    );
  }
}

/** Bytes and values of one file. */
const MAX_BYTES = 25_000_000;
const MAX_VALUES = 500_000;
const MAX_DEPTH = 200;

/** `undefined` when it cannot be read or is no JSON, which is reported. */
export function readInputFile(path: string, faults: FileFaults): InputFile | undefined {
  let text: string;
  try {
    const stat = statSync(path);
    if (!stat.isFile() && !stat.isDirectory()) {
      // Reading a pipe or a device waits for ever.
      faults.add(path, "cannot be read: it is no regular file.");
      return undefined;
    }
    if (stat.size > MAX_BYTES) {
      faults.add(path, `is too long: it has ${stat.size} bytes, and ${MAX_BYTES} are allowed.`);
      return undefined;
    }
    // Some editors begin a file with a byte order mark, which is no JSON.
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    faults.add(path, `cannot be read: ${reasonOf(error)}.`);
    return undefined;
  }
  const { depth, values } = measureJson(text);
  if (depth > MAX_DEPTH) {
    faults.add(path, "is not JSON that can be read: it is nested too deeply.");
    return undefined;
  }
  if (values > MAX_VALUES) {
    faults.add(path, `is too large: it has more than ${MAX_VALUES} values.`);
    return undefined;
  }
  const fault = findJsonFault(text);
  const root = fault ? undefined : parseTree(text);
  if (root) return new InputFile(path, text, root, faults);
  const { line = 1, column = 1, reason = "value expected" } = fault ?? {};
  faults.addAt(path, { line, column }, `is not JSON: ${reason}.`);
  return undefined;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder, where a file is expected";
  return code === "EACCES" ? "it may not be read; change its permissions" : String(code ?? error);
}

function segments(path: Path): (string | number)[] {
  return path.map((key) => (typeof key === "symbol" ? String(key) : key));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
