/**
 * The thread of the sandbox: answers one job at a time. Whatever is not caught ends it, and sandbox.ts starts another:
 * after an exception of the host QuickJS' memory cannot be relied on.
 */
import { parentPort } from "node:worker_threads";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import { newQuickJSWASMModuleFromVariant, type QuickJSSyncVariant } from "quickjs-emscripten-core";
import { callFunction, checkFunction } from "./function-job.ts";
import type { Answer, FromThread, Job } from "./job.ts";
import { Templates } from "./template-job.ts";

// Its types are those of CommonJS, in which the default export is one level deeper.
const quickjs = await newQuickJSWASMModuleFromVariant(variant as unknown as QuickJSSyncVariant);
const templates = new Templates(quickjs);

function answer({ task, limits, now }: Job): Answer {
  const start = performance.now();
  const budget = { ...limits, end: start + limits.timeMs };
  // QuickJS' `Date` asks this one.
  if (now !== undefined) Date.now = () => Math.floor(now + performance.now() - start);
  switch (task.kind) {
    case "callFunction":
      return callFunction(quickjs, budget, task);
    case "checkFunction":
      return checkFunction(quickjs, budget, task.code);
    case "renderTemplate":
      return templates.render(task.template, task.scope, budget);
    case "checkTemplate":
      return templates.check(task.template, budget);
  }
}

const post = (message: FromThread) => parentPort?.postMessage(message);
parentPort?.on("message", (job: Job) => post({ kind: "answer", answer: answer(job) }));
post({ kind: "ready" });
