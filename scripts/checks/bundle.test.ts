import type { Metafile } from "esbuild";
import { describe, expect, it } from "vitest";
import { describeChanges, partsOf, unusedAliases } from "./bundle.ts";

/** What is read of a metafile. */
const metafile = {
  outputs: {
    "dist/index.js.map": { inputs: {} },
    "dist/index.js": {
      entryPoint: "src/index.ts",
      inputs: {
        "src/index.ts": { bytesInOutput: 1000 },
        "src/left-out/ajv.ts": { bytesInOutput: 24 },
        "node_modules/hono/dist/hono.js": { bytesInOutput: 2048 },
        "node_modules/@scope/name/index.js": { bytesInOutput: 10 },
        "node_modules/hono/node_modules/inner/index.js": { bytesInOutput: 20 },
        "wrangler-internal:checked-fetch": { bytesInOutput: 5 },
      },
    },
  },
} as unknown as Metafile;

it("the parts of a bundle are its packages, the Worker's own code, and wrangler's", () => {
  expect(partsOf(metafile)).toEqual({ src: 1024, hono: 2048, "@scope/name": 10, inner: 20, wrangler: 5 });
});

describe("what changed since the parts were recorded", () => {
  it("is named, the largest change first", () => {
    const recorded = { hono: 4096, gone: 1024, same: 7 };
    expect(describeChanges(recorded, { hono: 10_240, came: 2048, same: 8 })).toEqual([
      "hono: 4.0 -> 10.0 KiB minified (+6.0)",
      "came: 0.0 -> 2.0 KiB minified (+2.0)",
      "gone: 1.0 -> 0.0 KiB minified (-1.0)",
    ]);
  });

  it("is nothing where it is little", () => {
    expect(describeChanges({ hono: 1000 }, { hono: 1900 })).toEqual([]);
  });
});

it("an alias that replaces nothing is named", () => {
  const aliases = { ajv: "./src/left-out/ajv.ts", mimetext: "./src/left-out/mimetext.ts" };
  expect(unusedAliases(aliases, metafile)).toEqual(["mimetext"]);
});
