/** Whether functions and templates compile: each text is tried once, for as long as one check may take. */
import type { Sandbox, SandboxResult } from "../sandbox/sandbox.ts";

export type CompileCheck = SandboxResult<null> | { readonly kind: "unchecked" };

/** An enormous file has ten thousand of them, and a request waits for the check. */
const TIME_LIMIT_MS = 8000;

export class CompileChecks {
  readonly #sandbox: Pick<Sandbox, "checkFunction" | "checkTemplate">;
  readonly #known = {
    checkFunction: new Map<string, CompileCheck>(),
    checkTemplate: new Map<string, CompileCheck>(),
  };
  readonly #limitMs: number;
  #spentMs = 0;

  constructor(sandbox: Pick<Sandbox, "checkFunction" | "checkTemplate">, limitMs = TIME_LIMIT_MS) {
    this.#sandbox = sandbox;
    this.#limitMs = limitMs;
  }

  ofFunction(code: string): Promise<CompileCheck> {
    return this.#check("checkFunction", code);
  }

  ofTemplate(template: string): Promise<CompileCheck> {
    return this.#check("checkTemplate", template);
  }

  async #check(kind: "checkFunction" | "checkTemplate", text: string): Promise<CompileCheck> {
    const known = this.#known[kind].get(text);
    if (known) return known;
    if (this.#spentMs > this.#limitMs) return { kind: "unchecked" };
    const start = performance.now();
    const result = await this.#sandbox[kind](text);
    this.#spentMs += performance.now() - start;
    this.#known[kind].set(text, result);
    return result;
  }
}
