/** Checks the folder that a person names as a tenant, before its files are read. */
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { FileFaults } from "../../kit/input-file.ts";
import { LISTS } from "./load-tenant.ts";

const PINGONE_FILES: readonly string[] = [
  "environment.json",
  ...Object.values(LISTS).map(({ file }) => file),
];
/** What a tenant's folder may hold. Any of it may be missing. */
const PARTS: readonly string[] = ["pingone", "davinci", "keys", "todos.json"];
const LAYOUT = "pingone/*.json, davinci/*.json, keys/*.json, todos.json";

/** Reports a folder that is no tenant, with the one that was probably meant, and files whose names are mistaken. */
export function checkTenantFolder(directory: string, faults: FileFaults): void {
  const folder = resolve(directory);
  const stats = statOf(folder);
  if (!stats) {
    const meant = PARTS.includes(basename(folder))
      ? ""
      : ` "npx pingone-emulator init ${directory}" writes one there.`;
    faults.add(folder, `there is no such folder.${meant}${hintOf(outerOf(folder))}`);
  } else if (!stats.isDirectory()) {
    faults.add(
      folder,
      `is a file; give the folder that holds the tenant.${hintOf(outerOf(dirname(folder)))}`,
    );
  } else checkContent(folder, faults);
}

function checkContent(folder: string, faults: FileFaults): void {
  const names = namesIn(folder);
  if (names.some((name) => PARTS.includes(name))) {
    for (const name of namesIn(join(folder, "pingone"))) checkName(join(folder, "pingone"), name, faults);
    return;
  }
  const isInner =
    ["pingone", "davinci", "keys"].includes(basename(folder)) && names.some((name) => name.endsWith(".json"));
  if (isInner) {
    faults.add(folder, `is the inside of a tenant.${hintOf(dirname(folder))}`);
  } else if (names.some((name) => PINGONE_FILES.includes(name))) {
    faults.add(folder, `has PingOne's files directly in it; move them to ${join(folder, "pingone")}.`);
  } else if (names.length > 0) {
    const inside = names.find((name) => isTenant(join(folder, name)));
    faults.add(folder, `has nothing of a tenant (${LAYOUT}).${hintOf(inside && join(folder, inside))}`);
  }
}

/** A file whose name is almost one that is read would be left aside silently. */
function checkName(folder: string, name: string, faults: FileFaults): void {
  if (!name.endsWith(".json") || PINGONE_FILES.includes(name)) return;
  const meant = PINGONE_FILES.find((known) => spelling(known) === spelling(name));
  if (meant !== undefined) faults.add(join(folder, name), `is not read; did you mean ${meant}?`);
}

function spelling(name: string): string {
  return name
    .replace(/\.json$/, "")
    .toLowerCase()
    .replaceAll(/[-_ ]|i?e?s\b|y\b/g, "");
}

/** The tenant that a folder or file is part of. */
function outerOf(folder: string): string | undefined {
  return [folder, dirname(folder)].find(isTenant);
}

function isTenant(folder: string): boolean {
  return statOf(folder)?.isDirectory() === true && namesIn(folder).some((name) => PARTS.includes(name));
}

function hintOf(folder: string | undefined): string {
  return folder === undefined ? "" : ` Give ${folder} instead.`;
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function namesIn(folder: string): string[] {
  return statOf(folder)?.isDirectory() ? readdirSync(folder) : [];
}
