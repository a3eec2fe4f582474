/**
 * Folders that lie over each other: a tenant's own over the shipped one. What the upper one holds replaces what the lower
 * one has under the same key.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type FileFaults, type InputFile, readInputFile } from "../../kit/input-file.ts";

/** The folders, the uppermost first: a tenant's own, if it has one, then the shipped one. */
export interface Layers {
  readonly folders: readonly string[];
  readonly faults: FileFaults;
}

/** One item of a list in a file. */
export interface Entry<T> {
  readonly value: T;
  /** Whether it is in the uppermost folder. What is wrong with it is then for its author to mend. */
  readonly isOwn: boolean;
  /** Reports a fault at this place within the item. */
  report(at: readonly PropertyKey[], reason: string): void;
}

export interface ListFile<T extends z.ZodType> {
  /** The file's name and, in the API's envelope `{ "_embedded": { [key]: [...] } }`, that of the list. */
  readonly file: string;
  readonly key: string;
  readonly item: T;
  /** Items that have no part here, and are left aside. */
  readonly skipped?: z.ZodType;
  /** Whether the lowest folder must have it. */
  readonly isRequired?: boolean;
  /** What an item of an upper folder has in common with those that it replaces. */
  keysOf(item: z.output<T>): readonly string[];
}

/** A list over all folders. */
export interface LayeredList<T> {
  readonly entries: readonly Entry<T>[];
  /** Whether an item that was not read, because of a fault, may have that id. */
  mayHaveHad(id: string): boolean;
  readonly isFaulty: boolean;
}

export function readLists<T extends z.ZodType>(layers: Layers, list: ListFile<T>): LayeredList<z.output<T>> {
  const entries: Entry<z.output<T>>[] = [];
  const faultyIds = new Set<string | undefined>();
  const taken = new Set<string>();
  for (const [depth, folder] of layers.folders.entries()) {
    const found = readList(join(folder, list.file), depth === 0, layers.faults, list);
    if (!found) {
      const isLowest = depth === layers.folders.length - 1;
      if (isLowest && list.isRequired) layers.faults.add(join(folder, list.file), "is missing; add it.");
      continue;
    }
    if (depth === 0) reportRepeated(found.entries, list);
    const own = found.entries.map((entry) => ({ entry, keys: list.keysOf(entry.value) }));
    entries.push(...own.filter(({ keys }) => !keys.some((key) => taken.has(key))).map(({ entry }) => entry));
    for (const key of own.flatMap(({ keys }) => keys)) taken.add(key);
    for (const id of found.faultyIds) faultyIds.add(id);
  }
  return {
    entries,
    mayHaveHad: (id) => faultyIds.has(id) || faultyIds.has(undefined),
    isFaulty: faultyIds.size > 0,
  };
}

/** The key of an item's id. */
export function idKey({ id }: { readonly id: string }): string {
  return `id "${id}"`;
}

/** The uppermost file of that name, if there is one. */
export function findFile({ folders, faults }: Layers, name: string): InputFile | undefined {
  const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path !== undefined) return readInputFile(path, faults);
  faults.add(join(folders.at(-1) ?? "", name), "is missing; add it.");
  return undefined;
}

/** A list as the Management API returns it, or as a bare array. */
const envelope = z.object({ _embedded: z.record(z.string(), z.unknown()) });

/** `undefined`: there is no such file. Of an item, or a file, whose id cannot be read, the faulty id is undefined. */
function readList<T extends z.ZodType>(
  path: string,
  isOwn: boolean,
  faults: FileFaults,
  { key, item, skipped }: ListFile<T>,
): { entries: Entry<z.output<T>>[]; faultyIds: (string | undefined)[] } | undefined {
  if (!existsSync(path)) return undefined;
  const file = readInputFile(path, faults);
  if (!file) return { entries: [], faultyIds: [undefined] };
  const enveloped = envelope.safeParse(file.content);
  const at = enveloped.success ? ["_embedded", key] : [];
  const content = enveloped.success ? enveloped.data._embedded[key] : file.content;
  if (!Array.isArray(content)) {
    file.report(at, `holds no list; write an array, or { "_embedded": { "${key}": [...] } }.`);
    return { entries: [], faultyIds: [undefined] };
  }
  const faultyIds: (string | undefined)[] = [];
  const entries = content.flatMap((candidate: unknown, index) => {
    if (skipped?.safeParse(candidate).success) return [];
    const value = file.parse(item, [...at, index], candidate);
    if (value === undefined) {
      faultyIds.push(z.object({ id: z.string() }).safeParse(candidate).data?.id);
      return [];
    }
    return [
      {
        value,
        isOwn,
        report: (within: readonly PropertyKey[], reason: string) =>
          file.report([...at, index, ...within], reason),
      },
    ];
  });
  return { entries, faultyIds };
}

/** Within one file, nothing may replace anything. */
function reportRepeated<T extends z.ZodType>(
  entries: readonly Entry<z.output<T>>[],
  list: ListFile<T>,
): void {
  const seen = new Set<string>();
  for (const { value, report } of entries) {
    const keys = list.keysOf(value);
    for (const key of keys)
      if (seen.has(key)) report([], `there is another one with the ${key}; make it unique.`);
    for (const key of keys) seen.add(key);
  }
}
