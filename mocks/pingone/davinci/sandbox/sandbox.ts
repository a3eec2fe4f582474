/**
 * Where code of flows runs: custom functions and templates of screens. JSON goes in, JSON or text comes out; nothing of
 * this process can be reached, and time, memory and output are limited.
 */

export type SandboxResult<T> =
  | { readonly kind: "ok"; readonly value: T }
  | {
      readonly kind: "failed";
      /** `compile`: the code or template is malformed. `limit`: time, memory or size. `threw`: an error of the code. */
      readonly reason: "compile" | "limit" | "threw";
      /** One sentence for the developer, without values of the run. */
      readonly message: string;
    };

export interface Sandbox {
  /**
   * Calls `module.exports` of the code with `{ params }` and awaits what it returns.
   * `undefined` (nothing returned) is told apart from `null`.
   * @param source the code as its author wrote it, if values of the run were put into it: messages quote only this
   */
  callFunction(
    code: string,
    params: Readonly<Record<string, unknown>>,
    source?: string,
  ): Promise<SandboxResult<unknown>>;
  /** Renders a Handlebars template. Values are escaped, also those in triple braces. */
  renderTemplate(template: string, scope: Readonly<Record<string, unknown>>): Promise<SandboxResult<string>>;
  /** Whether the code compiles, without running it. */
  checkFunction(code: string): Promise<SandboxResult<null>>;
  checkTemplate(template: string): Promise<SandboxResult<null>>;
  /** Ends its thread. A later call starts a new one. */
  close(): Promise<void>;
}
