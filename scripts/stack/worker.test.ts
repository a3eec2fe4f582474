import { describe, expect, it } from "vitest";
import { isNoise, renderEnvFile } from "./worker.ts";

describe("renderEnvFile", () => {
  it("keeps wrangler from expanding values", () => {
    expect(renderEnvFile({ SECRET: "a$b#c d" })).toBe("SECRET='a\\$b#c d'\n");
  });

  it.each([["a'b"], ["a\nB=2"], ["a\rb"]])("refuses %j, which would end the value early", (value) => {
    expect(() => renderEnvFile({ SECRET: value })).toThrow(
      "The value of SECRET has a quote or a line break in it.",
    );
  });
});

describe("isNoise", () => {
  it.each([
    ["[wrangler:info] GET /health 200 OK (5ms)", true],
    ["Using secrets defined in .offline/worker.env", true],
    ["⎔ Reloading local server...", false],
    ["✘ [ERROR] Build failed with 1 error:", false],
    ['{"event":"request","status":500}', false],
  ])("%s: %s", (line, noise) => {
    expect(isNoise(line)).toBe(noise);
  });
});
