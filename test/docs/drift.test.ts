/**
 * Documents say what the code says. Every comparison is made with the files as they are, and with damaged copies
 * that it must notice.
 */
import { describe, expect, it } from "vitest";
import { nameChecks } from "./checks/names.ts";
import { operationsChecks } from "./checks/operations.ts";
import { settingsChecks } from "./checks/settings.ts";
import { readProject } from "./project.ts";

const project = await readProject();

const checks = [...settingsChecks, ...nameChecks, ...operationsChecks];

describe.each(checks)("$name", ({ differences, damages }) => {
  it("agree with the code", () => {
    expect(differences(project)).toEqual([]);
  });

  it.each(damages.map((damage, index) => ({ number: index + 1, damage })))(
    "are found to differ after damage $number",
    ({ damage }) => {
      // A difference that is there anyway must not pass for one that was noticed.
      const known = new Set(differences(project));
      expect(differences(damage(project)).filter((difference) => !known.has(difference))).not.toEqual([]);
    },
  );
});
