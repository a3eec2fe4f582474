/**
 * Renders or checks a Handlebars template. The compiler stays loaded, since it runs nothing of a template; what it makes
 * is kept by template. Each render has an engine of its own with Handlebars' small runtime.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { QuickJSHandle, QuickJSWASMModule } from "quickjs-emscripten-core";
import { z } from "zod";
import { type Answer, type Budget, failed } from "./job.ts";
import { answerOf, checkOutput, Engine, JobFailed, runInEngine } from "./quickjs.ts";
import { describeThrown, thrownSchema } from "./thrown.ts";

const { resolve } = createRequire(import.meta.url);
const readHandlebars = (file: string) => readFileSync(resolve(`handlebars/dist/${file}`), "utf8");

/**
 * Makes JavaScript of a template. `{{{x}}}` and `{{&x}}` are escaped like `{{x}}`. Partials and decorators have nothing
 * to refer to in a flow.
 */
const COMPILER = `
(() => {
const refuse = (what) => function (node) {
  throw new Error(what + " cannot be used - " + node.loc.start.line + ":" + node.loc.start.column);
};
class Check extends Handlebars.Visitor {
  MustacheStatement(node) {
    node.escaped = true;
    super.MustacheStatement(node);
  }
}
Object.assign(Check.prototype, {
  PartialStatement: refuse("Partials ({{> name}})"),
  PartialBlockStatement: refuse("Partials ({{#> name}})"),
  Decorator: refuse("Decorators ({{* name}})"),
  DecoratorBlock: refuse("Decorators ({{#* name}})"),
});
return (template) => {
  try {
    const program = Handlebars.parse(JSON.parse(template));
    new Check().accept(program);
    return JSON.stringify({ kind: "compiled", code: Handlebars.precompile(program) });
  } catch (error) {
    return JSON.stringify({ kind: "malformed", name: error.name, message: error.message });
  }
};
})()`;

/** Absent values are empty text, as in bindings. */
const RENDERER = `
(scope, compiled) => {
try {
  const textOf = (value) => value === undefined || value === null ? ""
    : typeof value === "object" ? JSON.stringify(value) : String(value);
  Handlebars.registerHelper("ifEquals", function (one, other, options) {
    if (arguments.length !== 3 || options.fn === undefined)
      throw new Handlebars.Exception("#ifEquals requires exactly two arguments");
    return textOf(one) === textOf(other) ? options.fn(this) : options.inverse(this);
  });
  const text = Handlebars.template(compiled)(JSON.parse(scope));
  return JSON.stringify({ kind: "rendered", text });
} catch (error) {
  const isOfHandlebars = error instanceof Handlebars.Exception;
  return JSON.stringify({ kind: "threw", isOfHandlebars, name: error.name, message: error.message, stack: "" });
}
}`;

const compilerReport = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("compiled"), code: z.string() }),
  z.object({ kind: z.literal("malformed"), name: z.string(), message: z.string() }),
]);
const rendererReport = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("rendered"), text: z.string() }),
  thrownSchema.extend({ kind: z.literal("threw"), isOfHandlebars: z.boolean() }),
]);

/** Characters of compiled templates that are kept. */
const MAX_KEPT = 8_000_000;

const COMPILER_BYTES = 64 * 2 ** 20;

interface Compiler {
  readonly engine: Engine;
  /** Text in, JSON out. */
  readonly compile: QuickJSHandle;
}

export class Templates {
  readonly #quickjs: QuickJSWASMModule;
  readonly #compiled = new Map<string, string>();
  #kept = 0;
  #compiler: Compiler | undefined;
  #runtime: string | undefined;

  constructor(quickjs: QuickJSWASMModule) {
    this.#quickjs = quickjs;
    this.#compiler = loadCompiler(quickjs);
  }

  check(template: string, budget: Budget): Answer {
    return answerOf(() => {
      this.#compile(template, budget);
      return "";
    });
  }

  render(template: string, scope: string, budget: Budget): Answer {
    const compiled = answerOf(() => this.#compile(template, budget));
    if (compiled.kind === "failed") return compiled;
    return runInEngine(this.#quickjs, budget, (engine) => {
      this.#runtime ??= readHandlebars("handlebars.runtime.min.js");
      engine.evaluate(this.#runtime, "handlebars.js");
      const report = rendererReport.parse(
        engine.callWithJson(
          engine.evaluate(RENDERER, "renderer.js"),
          scope,
          engine.evaluate(`(${compiled.value})`, "template.js"),
        ),
      );
      if (report.kind === "threw") {
        // Handlebars' own messages name helpers of the template and no values.
        if (report.isOfHandlebars) throw new JobFailed(failed("threw", `${report.message}.`));
        throw new JobFailed(describeThrown(report, "template", template, budget));
      }
      checkOutput(report.text, budget);
      return report.text;
    });
  }

  #compile(template: string, budget: Budget): string {
    const known = this.#compiled.get(template);
    if (known !== undefined) return known;
    this.#compiler ??= loadCompiler(this.#quickjs);
    const { engine, compile } = this.#compiler;
    try {
      engine.startJob(budget);
      const report = compilerReport.parse(engine.callWithJson(compile, JSON.stringify(template)));
      if (report.kind === "malformed") throw new JobFailed(malformed(report, template, budget));
      this.#keep(template, report.code);
      return report.code;
    } catch (error) {
      // What a failure left behind in the parser is unknown.
      if (error instanceof JobFailed) engine.dispose();
      this.#compiler = undefined;
      throw error;
    }
  }

  #keep(template: string, code: string): void {
    if (this.#kept > MAX_KEPT) {
      this.#compiled.clear();
      this.#kept = 0;
    }
    this.#compiled.set(template, code);
    this.#kept += template.length + code.length;
  }
}

function loadCompiler(quickjs: QuickJSWASMModule): Compiler {
  const engine = new Engine(quickjs, {
    end: Number.POSITIVE_INFINITY,
    timeMs: Number.POSITIVE_INFINITY,
    memoryBytes: COMPILER_BYTES,
    outputLength: Number.POSITIVE_INFINITY,
  });
  engine.evaluate(readHandlebars("handlebars.min.js"), "handlebars.js");
  return { engine, compile: engine.evaluate(COMPILER, "compiler.js") };
}

/** The parser quotes the template, on several lines; its last line says what it expected. */
function malformed({ name, message }: { name: string; message: string }, template: string, budget: Budget) {
  if (name === "InternalError")
    return describeThrown({ name, message, stack: "" }, "template", template, budget);
  const parser = /^(?:Parse|Lexical) error on line (\d+)/.exec(message);
  const checker = /^(.*) - (\d+):\d+$/s.exec(message);
  const line = parser?.[1] ?? checker?.[2];
  const expected = /\n(Expecting [^\n]*)$/.exec(message)?.[1] ?? "unrecognized text";
  const text = parser ? expected : (checker?.[1] ?? message);
  return failed("compile", `The template does not compile: ${line ? `line ${line}: ` : ""}${text}.`);
}
