/** Makes the names that clients register safe to display. */

const MAXIMUM_LENGTH = 100;

const NAMELESS = "An app without a name";

/** Control, bidirectional, zero-width and other invisible characters, and code points without a glyph. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** `\s` without U+FEFF, which INVISIBLE removes. */
const WHITE_SPACE = /[^\S\ufeff]+/g;

/**
 * Removes characters that could hide or reorder the text around the name, and keeps at most 100 characters. The page
 * escapes it.
 */
export function displayName(name: string): string {
  const visible = name.replace(WHITE_SPACE, " ").replace(INVISIBLE, "").replace(/ +/g, " ").trim();
  if (visible === "") return NAMELESS;
  const characters = Array.from(visible);
  if (characters.length <= MAXIMUM_LENGTH) return visible;
  return `${characters
    .slice(0, MAXIMUM_LENGTH - 1)
    .join("")
    .trimEnd()}…`;
}
