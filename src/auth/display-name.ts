/** Names that clients have chosen for themselves, as a person may be shown them. */

const MAXIMUM_LENGTH = 100;

const NAMELESS = "An app without a name";

/** Controls, direction marks, zero-width and other invisible characters, and what no font can show. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** A byte order mark is one for JavaScript, and shows nothing. */
const WHITE_SPACE = /[^\S\ufeff]+/g;

/**
 * The name without anything that hides or reorders what stands around it, and no longer than a line or two. Escaping
 * it is left to the page.
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
