/**
 * Renders or checks a Handlebars template. Compiling runs nothing of a template, so it is done by the thread itself, which
 * is ended with the job when it takes too long; what it makes is kept by template. Each render has an engine of its own
 * with Handlebars' small runtime.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Handlebars from "handlebars";
import type { QuickJSWASMModule } from "quickjs-emscripten-core";
import { z } from "zod";
import { type Answer, type Budget, failed } from "./job.ts";
import { answerOf, checkOutput, JobFailed, runInEngine, tooLarge } from "./quickjs.ts";
import { describeThrown, thrownSchema } from "./thrown.ts";

const { resolve } = createRequire(import.meta.url);

/** `{{{x}}}` and `{{&x}}` are escaped like `{{x}}`. Partials and decorators have nothing to refer to in a flow. */
class Check extends Handlebars.Visitor {
  override MustacheStatement(node: hbs.AST.MustacheStatement): void {
    node.escaped = true;
    super.MustacheStatement(node);
  }
  override PartialStatement = refuse("Partials ({{> name}})");
  override PartialBlockStatement = refuse("Partials ({{#> name}})");
  override Decorator = refuse("Decorators ({{* name}})");
  override DecoratorBlock = refuse("Decorators ({{#* name}})");
}

function refuse(what: string) {
  return ({ loc }: hbs.AST.Node): never => {
    throw new Error(`${what} cannot be used - ${loc.start.line}:${loc.start.column}`);
  };
}

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

const rendererReport = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("rendered"), text: z.string() }),
  thrownSchema.extend({ kind: z.literal("threw"), isOfHandlebars: z.boolean() }),
]);

/** Characters of compiled templates that are kept. */
const MAX_KEPT = 8_000_000;

export class Templates {
  readonly #quickjs: QuickJSWASMModule;
  readonly #compiled = new Map<string, string>();
  #kept = 0;
  #runtime: string | undefined;

  constructor(quickjs: QuickJSWASMModule) {
    this.#quickjs = quickjs;
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
      this.#runtime ??= readFileSync(resolve("handlebars/dist/handlebars.runtime.min.js"), "utf8");
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
    const code = compile(template, budget);
    this.#keep(template, code);
    return code;
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

/** The JavaScript of a template. @throws {JobFailed} */
function compile(template: string, budget: Budget): string {
  try {
    const program = Handlebars.parse(template);
    new Check().accept(program);
    return String(Handlebars.precompile(program));
  } catch (error) {
    // Nested so deeply that the thread has no room for it.
    if (error instanceof RangeError) throw new JobFailed(failed("limit", tooLarge(budget)));
    throw new JobFailed(malformed(error instanceof Error ? error.message : ""));
  }
}

/** The parser quotes the template, on several lines; its last line says what it expected. */
function malformed(message: string) {
  const parser = /^(?:Parse|Lexical) error on line (\d+)/.exec(message);
  const checker = /^(.*) - (\d+):\d+$/s.exec(message);
  const line = parser?.[1] ?? checker?.[2];
  const expected = /\n(Expecting [^\n]*)$/.exec(message)?.[1] ?? "unrecognized text";
  const text = parser ? expected : (checker?.[1] ?? message);
  return failed("compile", `The template does not compile: ${line ? `line ${line}: ` : ""}${text}.`);
}
