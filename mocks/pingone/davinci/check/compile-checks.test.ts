import { expect, it, vi } from "vitest";
import { CompileChecks } from "./compile-checks.ts";

function sandboxOf() {
  const ok = async () => ({ kind: "ok", value: null }) as const;
  return { checkFunction: vi.fn(ok), checkTemplate: vi.fn(ok) };
}

it("tries each function and each template once", async () => {
  const sandbox = sandboxOf();
  const checks = new CompileChecks(sandbox);
  for (const text of ["a", "a", "b"]) expect(await checks.ofFunction(text)).toMatchObject({ kind: "ok" });
  await checks.ofTemplate("a");
  expect(sandbox.checkFunction).toHaveBeenCalledTimes(2);
  expect(sandbox.checkTemplate).toHaveBeenCalledTimes(1);
});

it("tries no more when the time of the check is over, and says so", async () => {
  const sandbox = sandboxOf();
  const checks = new CompileChecks(sandbox, 0);
  expect(await checks.ofFunction("a")).toMatchObject({ kind: "ok" });
  expect(await checks.ofFunction("b")).toEqual({ kind: "unchecked" });
  expect(await checks.ofFunction("a")).toMatchObject({ kind: "ok" });
  expect(sandbox.checkFunction).toHaveBeenCalledTimes(1);
});
