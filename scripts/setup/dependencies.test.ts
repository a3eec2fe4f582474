import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findMismatch } from "./dependencies.mjs";

const linux = { platform: "linux", arch: "x64", libc: "glibc" };
const locked = {
  "": { version: "0.1.0" },
  "node_modules/hono": { version: "4.0.0", integrity: "sha512-hono" },
  "node_modules/workerd-linux": {
    version: "1.0.0",
    integrity: "sha512-l",
    optional: true,
    os: ["linux"],
    cpu: ["x64"],
  },
  "node_modules/workerd-darwin": { version: "1.0.0", optional: true, os: ["darwin"], cpu: ["arm64"] },
  "node_modules/biome-musl": {
    version: "1.0.0",
    optional: true,
    os: ["linux"],
    cpu: ["x64"],
    libc: ["musl"],
  },
  "node_modules/not-windows": { version: "1.0.0", optional: true, os: ["!win32"] },
  "node_modules/nice-to-have": { version: "1.0.0", optional: true },
};
const hono = locked["node_modules/hono"];
const complete = {
  "node_modules/hono": hono,
  "node_modules/workerd-linux": locked["node_modules/workerd-linux"],
  "node_modules/not-windows": locked["node_modules/not-windows"],
};

describe("findMismatch", () => {
  it("is content with everything that this machine needs", () => {
    expect(findMismatch(locked, complete, linux)).toBeUndefined();
  });

  it.each([
    ["nothing is installed", undefined, "they are not installed"],
    ["a package is missing", { ...complete, "node_modules/hono": undefined }, "node_modules/hono is missing"],
    [
      "the part for this machine is missing",
      { ...complete, "node_modules/workerd-linux": undefined },
      "node_modules/workerd-linux is missing",
    ],
    [
      "a part for all machines but Windows is missing",
      { ...complete, "node_modules/not-windows": undefined },
      "node_modules/not-windows is missing",
    ],
    [
      "a version differs",
      { ...complete, "node_modules/hono": { ...hono, version: "3.9.9" } },
      "node_modules/hono is not the locked version",
    ],
    [
      "the bytes differ",
      { ...complete, "node_modules/hono": { ...hono, integrity: "sha512-other" } },
      "node_modules/hono is not the locked version",
    ],
    [
      "something is there that is not locked",
      { ...complete, "node_modules/left-over": { version: "1.0.0" } },
      "node_modules/left-over is not in package-lock.json",
    ],
  ])("tells when %s", (_title, installed, reason) => {
    const present =
      installed && Object.fromEntries(Object.entries(installed).filter(([, entry]) => entry !== undefined));
    expect(findMismatch(locked, present as never, linux)).toBe(reason);
  });

  it("wants the parts of another machine there", () => {
    expect(findMismatch(locked, complete, { platform: "darwin", arch: "arm64" })).toBe(
      "node_modules/workerd-darwin is missing",
    );
  });

  it("accepts bytes that the lock file leaves open", () => {
    const installed = {
      ...complete,
      "node_modules/workerd-darwin": { version: "1.0.0", integrity: "sha512-d" },
    };
    expect(findMismatch(locked, installed, linux)).toBeUndefined();
  });
});

describe("package-lock.json", () => {
  // npm ci refuses a lock file that leaves out a package for some other platform.
  it("has every optional package of every platform, in its version", () => {
    interface Entry {
      version?: string;
      optionalDependencies?: Record<string, string>;
    }
    const { packages } = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8"),
    ) as {
      packages: Record<string, Entry>;
    };
    const isSatisfied = (from: string, name: string, range: string) => {
      for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
        const version = packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`]?.version;
        if (version !== undefined) return !/^\d/.test(range) || version === range;
        if (folder === "") return false;
      }
    };
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies)
        .filter(([name, range]) => !isSatisfied(folder, name, range))
        .map(([name, range]) => `${name}@${range} of ${folder}`),
    );
    expect(missing).toEqual([]);
  });
});
