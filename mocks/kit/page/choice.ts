/** A value of a select, and what a person reads. */
export interface Choice {
  readonly value: string;
  readonly text: string;
  /** Heading of the group that it stands in. */
  readonly group?: string | undefined;
}

export function namesAsChoices(names: readonly string[], group?: string): Choice[] {
  return names.map((name) => ({ value: name, text: name, group }));
}
