/** Makes what `npm pack` takes: JavaScript and types in `dist/`, and a copy of the tenant that the emulator ships. */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

/** The answers 501 point to it. */
const FIDELITY = "docs/pingone-fidelity.md";

for (const made of ["dist", "fixtures", "docs", "LICENSE"])
  rmSync(join(here, made), { recursive: true, force: true });
const tsc = join(root, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "--project", here], { stdio: "inherit" });
for (const copied of ["fixtures", "LICENSE", FIDELITY])
  cpSync(join(root, copied), join(here, copied), { recursive: true });
