/** Templates of strangers, and the thread that all code runs in. */
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import {
  BRIEF,
  ENDED_FROM_OUTSIDE,
  failed,
  NOW,
  OVERDUE,
  ok,
  PASSWORD,
  returning,
  TOO_LARGE,
  UNINTERRUPTIBLE,
} from "../../testing/sandbox-answers.ts";
import { createSandbox } from "./create-sandbox.ts";
import { startThread, type Thread, type ThreadListener } from "./thread.ts";

const sandbox = createSandbox({ now: () => NOW });
/** For what is to be ended. */
const brief = createSandbox(BRIEF);
const small = createSandbox({ timeLimitMs: 15_000, memoryLimitMb: 8 });
afterAll(() => Promise.all([sandbox.close(), brief.close(), small.close()]));

const render = (template: string, scope = {}) => sandbox.renderTemplate(template, scope);

describe("a template", () => {
  it.each([
    ["values", "<p>{{title}}</p>", { title: "A" }, "<p>A</p>"],
    [
      "paths with ids that begin with a digit",
      "{{local.0abc.payload.output.x}}",
      { local: { "0abc": { payload: { output: { x: 1 } } } } },
      "1",
    ],
    [
      "an index",
      "{{local.x.payload.output.list.[0].name}}",
      { local: { x: { payload: { output: { list: [{ name: "N" }] } } } } },
      "N",
    ],
    ["names with dashes", "{{#if gv-KBA-On}}on{{/if}}", { "gv-KBA-On": true }, "on"],
    [
      "each",
      "{{#each list}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{else}}none{{/each}}",
      { list: ["a", "b"] },
      "0a,1b",
    ],
    ["each of nothing", "{{#each list}}x{{else}}none{{/each}}", {}, "none"],
    ["with", "{{#with user}}{{name}}{{../title}}{{/with}}", { user: { name: "a" }, title: "t" }, "at"],
    [
      "blocks in attributes",
      `<p class="x {{#if on}}on{{else}}off{{/if}}" {{#unless on}}hidden{{/unless}}>`,
      {},
      `<p class="x off" hidden>`,
    ],
    ["nothing for what is absent", "[{{a}}{{a.b.c}}{{{a}}}{{nul}}]", { nul: null }, "[]"],
    ["ifEquals", "{{#ifEquals a 'x'}}yes{{else}}no{{/ifEquals}}", { a: "x" }, "yes"],
    [
      "ifEquals as text",
      "{{#ifEquals a '1'}}yes{{/ifEquals}}{{#ifEquals b true}}yes{{/ifEquals}}",
      { a: 1, b: "true" },
      "yesyes",
    ],
    ["ifEquals of nothing and empty text", "{{#ifEquals a ''}}yes{{else}}no{{/ifEquals}}", {}, "yes"],
    [
      "ifEquals that does not hold",
      "{{#ifEquals a b}}yes{{else}}no{{/ifEquals}}",
      { a: {}, b: { c: 1 } },
      "no",
    ],
    ["characters that end or break other texts", "\ud800{{a}}", { a: "\0\ud800" }, "\ud800\0\ud800"],
    ["ifEquals with the scope", "{{#ifEquals a 1}}{{b}}{{else}}{{/ifEquals}}", { a: 1, b: 2 }, "2"],
  ])("renders %s", async (_, template, scope, text) => {
    expect(await render(template, scope)).toEqual(ok(text));
  });

  it.each([
    "{{x}}",
    "{{{x}}}",
    "{{&x}}",
    "{{#with x}}{{{this}}}{{/with}}",
    "{{#each l}}{{{.}}}{{/each}}",
    "{{{lookup l 0}}}",
  ])("escapes the value of %s", async (template) => {
    const x = `<script a="b">'`;
    expect(await render(template, { x, l: [x] })).toEqual(ok("&lt;script a&#x3D;&quot;b&quot;&gt;&#x27;"));
  });

  it.each([
    "{{constructor}}",
    "{{constructor.name}}",
    "{{__proto__}}",
    "{{text.constructor.constructor}}",
    "{{#with __proto__}}{{constructor}}{{/with}}",
    "{{lookup this 'constructor'}}",
    "{{lookup text 'toString'}}",
    "{{toString}}",
    "{{#each this}}{{this.__proto__.constructor}}{{/each}}",
    "{{#with (lookup this 'constructor')}}{{name}}{{/with}}",
  ])("reaches nothing by %s", async (template) => {
    expect(await render(template, { text: "a" })).toEqual(ok(""));
  });

  it.each([
    ["a\n{{#if x}}\n", "compile", /^The template does not compile: line 3: Expecting .* got 'EOF'\.$/],
    ["a\n\0", "compile", "The template does not compile: line 2: unrecognized text."],
    ["{{#if x}}{{/each}}", "compile", "The template does not compile: line 1: if doesn't match each."],
    [
      "\n{{> part}}",
      "compile",
      "The template does not compile: line 2: Partials ({{> name}}) cannot be used.",
    ],
    ["{{#> part}}x{{/part}}", "compile", /line 1: Partials \(\{\{#> name\}\}\) cannot be used\.$/],
    ['{{#*inline "a"}}x{{/inline}}', "compile", /line 1: Decorators \(\{\{#\* name\}\}\) cannot be used\.$/],
    ["{{* part}}", "compile", /line 1: Decorators \(\{\{\* name\}\}\) cannot be used\.$/],
    ["{{#if x}}{{> part}}{{/if}}", "compile", /cannot be used\.$/],
    ["{{shout title}}", "threw", 'Missing helper: "shout".'],
    ["{{#if}}{{/if}}", "threw", "#if requires exactly one argument."],
    ["{{ifEquals 1 2}}", "threw", "#ifEquals requires exactly two arguments."],
    ["{{#ifEquals 1}}{{/ifEquals}}", "threw", "#ifEquals requires exactly two arguments."],
    ["{{title 1}}", "threw", "The template threw TypeError: not a function."],
  ])("that is wrong is told: %s", async (template, reason, message) => {
    expect(await render(template, { title: PASSWORD })).toEqual(failed(reason, message));
    expect(await render("{{a}}", { a: 1 })).toEqual(ok("1"));
  });

  it("is ended when it explodes", async () => {
    const nested = `${"{{#each @root.list}}".repeat(6)}x${"{{/each}}".repeat(6)}`;
    const list = Array.from({ length: 100 }, () => 1);
    expect(await brief.renderTemplate(nested, { list })).toEqual(OVERDUE);
    expect(await brief.renderTemplate("{{a}}", { a: 1 })).toEqual(ok("1"));
  });

  it("is ended when it takes too much memory or output", async () => {
    const list = Array.from({ length: 100 }, () => 1);
    const each = (body: string) => `{{#each @root.list}}${body}{{/each}}`;
    expect(await small.renderTemplate(each(each("x".repeat(5000))), { list })).toEqual(
      failed("limit", TOO_LARGE),
    );
    expect(await small.renderTemplate(each("x".repeat(20_000)), { list })).toEqual(
      failed("limit", "Its output has more than 1000000 characters."),
    );
  });

  it("is ended when it takes too long to compile, and refused when it is too long", async () => {
    // Its thread is ended with it.
    expect(await brief.renderTemplate("{{a.b}}".repeat(70_000), {})).toEqual(ENDED_FROM_OUTSIDE);
    expect(await brief.renderTemplate("{{a}}", { a: 1 })).toEqual(ok("1"));
    expect(await render("x".repeat(10_000_000))).toEqual(
      failed("limit", "The template has more than 512000 characters."),
    );
  });
});

describe("a check", () => {
  it("compiles and runs nothing", async () => {
    expect(await sandbox.checkFunction("for (;;); module.exports = 1")).toEqual(ok(null));
    expect(await sandbox.checkFunction("let a = 1;\nlet a = 2;")).toEqual(
      failed("compile", /^The code does not compile: line 2: .*\.$/),
    );
    expect(await sandbox.checkTemplate("{{shout title}}")).toEqual(ok(null));
    expect(await sandbox.checkTemplate("{{#if a}}")).toEqual(
      failed("compile", /^The template does not compile: line 1: /),
    );
    for (const length of [512_001, 10_000_000]) {
      const text = "x".repeat(length);
      expect(await sandbox.checkFunction(text)).toEqual(
        failed("limit", "The code has more than 512000 characters."),
      );
      expect(await sandbox.checkTemplate(text)).toEqual(
        failed("limit", "The template has more than 512000 characters."),
      );
    }
  });
});

describe("the thread", () => {
  it("answers those who wait while a job is ended, whose time begins with their start", async () => {
    const answers = await Promise.all([
      brief.callFunction(UNINTERRUPTIBLE, {}),
      brief.callFunction("for (;;);", {}),
      brief.callFunction("for (;;);", {}),
      brief.callFunction(returning("1"), {}),
      brief.renderTemplate("{{a}}", { a: 2 }),
    ]);
    expect(answers).toEqual([ENDED_FROM_OUTSIDE, OVERDUE, OVERDUE, ok(1), ok("2")]);
  });

  /** Threads of which the first behaves otherwise. */
  function firstThread(first: (listener: ThreadListener, real: Thread) => Thread) {
    let isFirst = true;
    return (listener: ThreadListener): Thread => {
      if (!isFirst) return startThread(listener);
      isFirst = false;
      return first(listener, startThread({ ...listener, onEnded() {} }));
    };
  }

  it("is ended, not only forgotten, when its job is", async () => {
    let started = 0;
    let ended = 0;
    const counting = createSandbox(BRIEF, (listener) => {
      started++;
      const thread = startThread(listener);
      return { ...thread, end: () => thread.end().finally(() => ended++) };
    });
    expect(await counting.callFunction(UNINTERRUPTIBLE, {})).toEqual(ENDED_FROM_OUTSIDE);
    await expect.poll(() => [started, ended]).toEqual([1, 1]);
    await counting.close();
  });

  it("says nothing more after it is ended", async () => {
    const answers: unknown[] = [];
    const thread = await new Promise<Thread>((resolve) => {
      const starting: Thread = startThread({
        onReady: () => resolve(starting),
        onAnswer: (answer) => answers.push(answer),
        onEnded: () => answers.push("ended"),
      });
    });
    const limits = { timeMs: 1000, memoryBytes: 2 ** 26, outputLength: 10 };
    thread.post({ task: { kind: "checkFunction", code: "1" }, limits });
    // Long enough for an answer to be under way.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await thread.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answers).toEqual([]);
  });

  it("is replaced when it ends by itself, and everybody is answered", async () => {
    const dying = createSandbox(
      {},
      firstThread((listener, real) => ({
        ...real,
        post() {
          void real.end();
          listener.onEnded();
        },
      })),
    );
    const answers = await Promise.all([1, 2, 3].map((n) => dying.callFunction(returning(`${n}`), {})));
    expect(answers).toEqual([
      failed("limit", "It was ended because it or its data is nested too deeply."),
      ok(2),
      ok(3),
    ]);
    await dying.close();
  });

  it("that does not start fails one job, and the next gets another", async () => {
    const broken = createSandbox(
      {},
      firstThread((listener, real) => {
        void real.end();
        setImmediate(() => listener.onEnded(new Error("no such file")));
        return real;
      }),
    );
    const answers = await Promise.all([1, 2].map((n) => broken.callFunction(returning(`${n}`), {})));
    expect(answers).toEqual([
      failed("limit", "The thread for code and templates cannot be started: no such file."),
      ok(2),
    ]);
    await broken.close();
  });

  it("is closed with an answer for those who wait, and started again by a later call", async () => {
    const closing = createSandbox();
    const answers = Promise.all([
      closing.callFunction("for (;;);", {}),
      closing.callFunction(returning("1"), {}),
    ]);
    await closing.close();
    await closing.close();
    const stopped = failed("limit", "The emulator stopped before it was run.");
    expect(await answers).toEqual([stopped, stopped]);
    expect(await closing.callFunction(returning("1"), {})).toEqual(ok(1));
    await closing.close();
  });

  it.each([
    ["unclosed", ""],
    ["closed", "await sandbox.close();"],
    ["with a job that is ended", "await sandbox.callFunction('for (;;);', {});"],
    [
      "closed while a job runs",
      `const other = createSandbox({ timeLimitMs: 60_000 });
      await other.callFunction("module.exports = () => 1", {});
      other.callFunction("for (;;);", {});
      await other.close();`,
    ],
    [
      "with a thread that ended",
      `await sandbox.callFunction("module.exports = () => eval('('.repeat(1e5))", {});`,
    ],
  ])("lets the process end: %s", async (_, last) => {
    const program = `
      import { createSandbox } from ${JSON.stringify(new URL("./create-sandbox.ts", import.meta.url))};
      const sandbox = createSandbox({ timeLimitMs: 1000 });
      const answer = await sandbox.callFunction("module.exports = () => 'done'", {});
      ${last}
      console.log(answer.value);`;
    const { stdout, stderr } = await execa(process.execPath, ["--input-type=module", "--eval", program], {
      timeout: 15_000,
    });
    expect({ stdout, stderr }).toEqual({ stdout: "done", stderr: "" });
  });
});
