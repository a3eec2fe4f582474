/** Checks what the emulators are started with, for callers that TypeScript does not check. */
import { z } from "zod";
import { parseInput } from "./kit/refusal.ts";

const text = z.string().min(1, "is empty; leave it out, or give a value").optional();
const port = z.int().min(0).max(65_535).optional();

const shared = {
  port,
  host: text,
  controlToken: text,
  stateDir: text,
  clock: z.custom((given) => typeof given === "function", "must be a function").optional(),
};

export const pingOneOptions = z.strictObject({
  ...shared,
  tenant: text,
  redirectUris: z.array(z.string()).optional(),
  interactive: z.boolean().optional(),
  // The content of these is checked where they are used, with an example or the valid names.
  publicUrl: z.string().optional(),
  flow: z.union([z.string(), z.array(z.string())]).optional(),
  workerOrigin: z.string().optional(),
});

export const offlineOptions = pingOneOptions.extend({ todoPort: port });

export const todoApiOptions = z.strictObject({
  ...shared,
  issuer: z.url({ protocol: /^https?$/, error: "must be the URL of an issuer, as in pingone.issuer" }),
  jwks: z.custom((given) => URL.canParse(String(given)), "must be a URL").optional(),
  audience: text,
});

/** The oldest Node.js that has all that is used here. `engines` says the same, but npm only warns. */
const OLDEST_NODE = [22, 12] as const;

/** @throws {Error} that names everything that is wrong, and on a Node.js on which requests would fail one by one. */
export function requireOptions(
  schema: z.ZodType,
  options: unknown,
  nodeVersion = process.versions.node,
): void {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new Error(
      `pingone-emulator needs Node.js ${OLDEST_NODE.join(".")} or newer, and this is ${nodeVersion}. Install a newer one.`,
    );
  }
  parseInput(schema, options, "What the emulator is started with");
}
