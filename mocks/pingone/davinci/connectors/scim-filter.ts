/** SCIM filters (RFC 7644 section 3.4.2.2), as far as PingOne's flows use them to find users. */
import { textOf } from "../graph/values.ts";

type Operator = "eq" | "ne" | "co" | "sw" | "ew";
export type ScimFilter =
  | { readonly kind: "compare"; readonly path: string; readonly operator: Operator; readonly value: string }
  | { readonly kind: "present"; readonly path: string }
  | { readonly kind: "not"; readonly filter: ScimFilter }
  | { readonly kind: "and" | "or"; readonly filters: readonly ScimFilter[] };

const MAX_TERMS = 200;
const TOKEN = /\s*(?:([()])|("(?:[^"\\]|\\.)*")|([A-Za-z0-9_.$-]+))\s*/y;

/** `undefined`: it is malformed, or uses what is not known here. */
export function parseScimFilter(text: string): ScimFilter | undefined {
  const tokens = tokensOf(text);
  if (!tokens || tokens.length === 0) return undefined;
  const reader = new Reader(tokens);
  const filter = reader.readOr();
  return reader.isAtEnd ? filter : undefined;
}

/** Letter case does not count, as in PingOne. */
export function matchesFilter(filter: ScimFilter, read: (path: string) => unknown): boolean {
  switch (filter.kind) {
    case "present": {
      const value = read(filter.path);
      return value !== undefined && value !== null && value !== "";
    }
    case "not":
      return !matchesFilter(filter.filter, read);
    case "and":
      return filter.filters.every((inner) => matchesFilter(inner, read));
    case "or":
      return filter.filters.some((inner) => matchesFilter(inner, read));
    case "compare": {
      const value = read(filter.path);
      const actual = value === undefined || value === null ? undefined : textOf(value).toLowerCase();
      return compare(actual, filter.operator, filter.value.toLowerCase());
    }
  }
}

function compare(actual: string | undefined, operator: Operator, wanted: string): boolean {
  if (operator === "ne") return actual !== wanted;
  if (actual === undefined) return false;
  switch (operator) {
    case "eq":
      return actual === wanted;
    case "co":
      return actual.includes(wanted);
    case "sw":
      return actual.startsWith(wanted);
    case "ew":
      return actual.endsWith(wanted);
  }
}

function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const [, bracket, quoted, word] = TOKEN.exec(text) ?? [];
    const token = bracket ?? quoted ?? word;
    if (token === undefined || tokens.length > MAX_TERMS) return undefined;
    tokens.push(token);
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  readOr(): ScimFilter | undefined {
    return this.#readJoined("or", () => this.#readJoined("and", () => this.#readTerm()));
  }

  #readJoined(kind: "and" | "or", readOne: () => ScimFilter | undefined): ScimFilter | undefined {
    const filters: ScimFilter[] = [];
    do {
      const filter = readOne();
      if (!filter) return undefined;
      filters.push(filter);
    } while (this.#take(kind));
    return filters.length === 1 ? filters[0] : { kind, filters };
  }

  #readTerm(): ScimFilter | undefined {
    if (this.#take("not")) {
      const filter = this.#readTerm();
      return filter && { kind: "not", filter };
    }
    if (this.#take("(")) {
      const filter = this.readOr();
      return this.#take(")") ? filter : undefined;
    }
    const path = this.#next();
    const operator = this.#next()?.toLowerCase();
    if (path === undefined || operator === undefined || !/^[A-Za-z]/.test(path)) return undefined;
    if (operator === "pr") return { kind: "present", path };
    const value = textOfToken(this.#next());
    if (value === undefined || !/^(eq|ne|co|sw|ew)$/.test(operator)) return undefined;
    return { kind: "compare", path, operator: operator as Operator, value };
  }

  #next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  #take(word: string): boolean {
    const isNext = this.#tokens[this.#at]?.toLowerCase() === word;
    if (isNext) this.#at += 1;
    return isNext;
  }
}

function textOfToken(token: string | undefined): string | undefined {
  if (token === undefined || token === "(" || token === ")") return undefined;
  if (!token.startsWith('"')) return token;
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
}
