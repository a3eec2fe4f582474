/** Calls or checks the code of a custom function. */
import type { QuickJSWASMModule } from "quickjs-emscripten-core";
import { z } from "zod";
import { measureJson } from "../../../kit/json-text.ts";
import { createUuid, PRELUDE, recode } from "./function-globals.ts";
import { type Answer, type Budget, failed, type Task } from "./job.ts";
import { checkOutput, JobFailed, runInEngine } from "./quickjs.ts";
import { CODE_FILE, describeThrown, thrownSchema } from "./thrown.ts";
import { askPlatform, WEB_GLOBALS } from "./web-globals.ts";

const MAX_DEPTH = 100;

/** What PRELUDE reports. A stranger's code can tamper with it, which only changes its own answer. */
const reportSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("returned"), json: z.string() }),
  z.object({ kind: z.literal("nothing") }),
  z.object({ kind: z.literal("noFunction") }),
  z.object({
    kind: z.literal("notJson"),
    odd: z.enum(["a function", "a bigint", "a symbol", "an object that contains itself"]),
  }),
  thrownSchema.extend({ kind: z.literal("threw") }),
]);

/** As CommonJS does it: line numbers stay, and assignments to undeclared names are allowed. */
const wrap = (code: string) => `(function (module, exports) {${code}\n})`;

export function callFunction(
  quickjs: QuickJSWASMModule,
  budget: Budget,
  { code, params, source }: Extract<Task, { kind: "callFunction" }>,
): Answer {
  return runInEngine(quickjs, budget, (engine) => {
    const { context } = engine;
    const host = [
      context.newFunction("recode", (json) => context.newString(recode(context.getString(json)))),
      context.newFunction("createUuid", () => context.newString(createUuid())),
      context.newFunction("ask", (json) => context.newString(askPlatform(context.getString(json)))),
    ].map((handle) => engine.keep(handle));
    const functions = engine.call(
      engine.evaluate(PRELUDE, "prelude.js"),
      ...host,
      engine.evaluate(WEB_GLOBALS, "web.js"),
    );
    const [run, wake] = [0, 1].map((index) => engine.keep(context.getProp(functions, index)));
    if (run === undefined || wake === undefined) throw new Error("PRELUDE returns two functions.");
    const main = engine.compile(wrap(code), CODE_FILE, { isQuoted: source === code });
    const promise = engine.call(run, main, engine.keep(context.newString(params)));
    const report = engine.settle(promise, () => context.dump(engine.call(wake)) === true);
    return valueOfReport(report, source, budget);
  });
}

export function checkFunction(quickjs: QuickJSWASMModule, budget: Budget, code: string): Answer {
  return runInEngine(quickjs, budget, (engine) => {
    engine.compile(wrap(code), CODE_FILE, { isOnlyChecked: true });
    return "";
  });
}

function valueOfReport(text: string | undefined, code: string, budget: Budget): string | undefined {
  const report = reportSchema.safeParse(parseJson(text)).data;
  switch (report?.kind) {
    case "nothing":
      return undefined;
    case "returned":
      checkOutput(report.json, budget);
      if (measureJson(report.json).depth <= MAX_DEPTH) return report.json;
      throw new JobFailed(
        failed("limit", `What the code returned is nested more than ${MAX_DEPTH} levels deep.`),
      );
    case "noFunction":
      throw new JobFailed(failed("compile", "The code does not set module.exports to a function."));
    case "notJson":
      throw new JobFailed(failed("threw", `What the code returned is no JSON: it contains ${report.odd}.`));
    case "threw":
      throw new JobFailed(describeThrown(report, "code", code, budget));
    case undefined:
      throw new JobFailed(failed("threw", "The code threw something that cannot be read."));
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
