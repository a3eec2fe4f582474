/**
 * One table of several. A name may stand in one of them only: it is what tests and the page ask for.
 * @throws {Error} that names what is there twice.
 */
export function composeTables<T>(
  what: string,
  tables: readonly Readonly<Record<string, T>>[],
): Readonly<Record<string, T>> {
  const composed: Record<string, T> = {};
  for (const [name, entry] of tables.flatMap((table) => Object.entries(table))) {
    if (Object.hasOwn(composed, name)) throw new Error(`There are two of the ${what} "${name}". Rename one.`);
    composed[name] = entry;
  }
  return composed;
}
