/** What can be said of a JSON text without building what it means. */
import { printParseErrorCode, visit } from "jsonc-parser";

/** Where a text stops being JSON, and why. Lines and columns count from 1. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** As in `comma expected`. */
  readonly reason: string;
  /** Up to its end the text could have become JSON. */
  readonly isAtEnd: boolean;
}

/** Ends the parser at the first fault: a long text can have a million. */
class Found extends Error {
  readonly fault: JsonFault;
  constructor(fault: JsonFault) {
    super(fault.reason);
    this.fault = fault;
  }
}

/** `undefined` for JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  try {
    visit(
      text,
      {
        onError: (code, offset, length) => {
          const isAtEnd = offset + length >= text.trimEnd().length;
          throw new Found({
            ...positionOf(text, offset),
            reason: words(printParseErrorCode(code)),
            isAtEnd,
          });
        },
      },
      { disallowComments: true },
    );
    return undefined;
  } catch (error) {
    if (error instanceof Found) return error.fault;
    // The parser descends by recursion.
    return { line: 1, column: 1, reason: "nested too deeply", isAtEnd: false };
  }
}

/**
 * How deep a text nests lists and objects, and about how many values it has. A short text can have millions of them, each
 * of which takes many times its length in memory once it is parsed.
 */
export function measureJson(text: string): { readonly depth: number; readonly values: number } {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfText(text, at + 1);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        values += 1;
        deepest = Math.max(deepest, depth);
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        break;
    }
  }
  return { depth: deepest, values };
}

const [QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE, BACKSLASH] = [...'",[]{}\\'].map(
  (char) => char.charCodeAt(0),
);

/** Where the quote is that ends a text; the end of all if there is none. */
function endOfText(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** `CommaExpected` as "comma expected". */
function words(code: string): string {
  return code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
