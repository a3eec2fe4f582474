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

const sandbox = createSandbox({ now: () => NOW });
/** For what is to be ended. */
const brief = createSandbox(BRIEF);
const small = createSandbox({ timeLimitMs: 15_000, memoryLimitMb: 8 });
afterAll(() => Promise.all([sandbox.close(), brief.close(), small.close()]));

const call = (code: string, params = {}) => sandbox.callFunction(code, params);
const render = (template: string, scope = {}) => sandbox.renderTemplate(template, scope);

describe("a custom function", () => {
  it.each([
    [
      "an arrow function",
      "module.exports = a = async ({params}) => {\n  return { sum: params.x + 1 };\n}",
      { sum: 3 },
    ],
    [
      "a function",
      "module.exports = function ({ params }) { return { sum: params.x + 1 } } // end",
      { sum: 3 },
    ],
    ["a name of its own", "const main = async ({params}) => params.x;\nmodule.exports = main;", 2],
    [
      "assignments to undeclared names",
      "b = 5; module.exports = ({params}) => { c = b; return c + params.x }",
      7,
    ],
    [
      "awaited promises",
      returning("await Promise.all([1, new Promise((go) => setTimeout(go, 3e5, 2))])"),
      [1, 2],
    ],
    [
      "timers in the order of their delays",
      `module.exports = () => new Promise((go) => { const seen = []; setTimeout(() => go(seen), 9);
        setTimeout(() => seen.push("second"), 5); setTimeout(() => seen.push("first"), 1);
        clearTimeout(setTimeout(() => seen.push("cleared"), 2)) })`,
      ["first", "second"],
    ],
    ["null", returning("null"), null],
    ["false", returning("false"), false],
    [
      "nothing",
      "module.exports = a = async ({params}) => { if (!params.x) return false; return }",
      undefined,
    ],
  ])("runs with %s", async (_, code, value) => {
    expect(await call(code, { x: 2 })).toEqual(ok(value));
  });

  it("gets JSON and keys such as __proto__ as plain keys", async () => {
    const params = JSON.parse('{"__proto__": {"admin": true}, "list": [1, null, "a"], "absent": 1}');
    params.absent = undefined;
    expect(
      await call(returning("[params.admin === undefined, Object.keys(params), params.list]"), params),
    ).toEqual(ok([true, ["__proto__", "list"], [1, null, "a"]]));
  });

  it.each([
    ["console", "[console.log(params), console.error(1), 1][2]", 1],
    [
      "Buffer",
      "Buffer.from('w6k', 'base64url').toString() + Buffer.from('\u00e9').toString('hex')",
      "\u00e9c3a9",
    ],
    ["Buffer of bytes", "Buffer.concat([Buffer.from([104]), Buffer.from('i')]).toString('base64')", "aGk="],
    [
      "bytes that are zero",
      "btoa(atob('AAEA')) + Buffer.from('00ff', 'hex').toString('base64') + atob('AA==').length",
      "AAEAAP8=1",
    ],
    ["atob and btoa", "btoa('h\u00ff') + atob('aP8=')", "aP8=h\u00ff"],
    ["crypto.randomUUID", "/^[0-9a-f-]{36}$/.test(crypto.randomUUID())", true],
    ["encodeURIComponent", "encodeURIComponent('a b')", "a%20b"],
    [
      "the time of the sandbox",
      "[new Date().toISOString().slice(0, 16), Date.now() - new Date() < 9]",
      ["2026-01-02T00:00", true],
    ],
  ])("can use %s", async (_, expression, value) => {
    expect(await call(returning(expression))).toEqual(ok(value));
  });

  it("reads real time unless it is told another", async () => {
    const before = Date.now();
    const result = await small.callFunction(returning("Date.now()"), {});
    expect(result).toEqual(ok(expect.toSatisfy((now) => now >= before && now <= Date.now())));
  });
});

describe("a custom function that fails", () => {
  it.each([
    [
      "does not parse",
      "let a;\nmodule.exports = () => {\n  Let b = 1\n}",
      "compile",
      "The code does not compile: line 3: expecting ';'.",
    ],
    [
      "sets no function",
      "module.exports = { a: 1 }",
      "compile",
      "The code does not set module.exports to a function.",
    ],
    [
      "needs a module",
      "\nmodule.exports = () => require('uuid')",
      "threw",
      "require is not available here in line 2.",
    ],
    ["needs process", returning("process.env"), "threw", "process is not available here in line 1."],
    [
      "names what does not exist",
      returning("foo.bar"),
      "threw",
      "The code threw ReferenceError in line 1: 'foo' is not defined.",
    ],
    [
      "reads of nothing",
      returning("params.a.b"),
      "threw",
      "The code threw TypeError in line 1: cannot read property 'b' of undefined.",
    ],
    [
      "throws a text of its own",
      "module.exports = () => {\n throw new Error('No such user.') }",
      "threw",
      "The code threw Error in line 2: No such user.",
    ],
    [
      "throws before it exports",
      "throw new RangeError('early')",
      "threw",
      "The code threw RangeError in line 1: early.",
    ],
    [
      "returns a function",
      returning("{ a() {} }"),
      "threw",
      "What the code returned is no JSON: it contains a function.",
    ],
    [
      "returns a bigint",
      returning("[1n]"),
      "threw",
      "What the code returned is no JSON: it contains a bigint.",
    ],
    [
      "returns a symbol",
      returning("Symbol('a')"),
      "threw",
      "What the code returned is no JSON: it contains a symbol.",
    ],
    [
      "returns a cycle",
      "module.exports = () => { const a = {}; a.a = a; return a }",
      "threw",
      "What the code returned is no JSON: it contains an object that contains itself.",
    ],
    [
      "returns deep JSON",
      "module.exports = () => { let a = 1; for (let i = 0; i < 200; i++) a = [a]; return a }",
      "limit",
      "What the code returned is nested more than 100 levels deep.",
    ],
  ])("says so when it %s", async (_, code, reason, message) => {
    expect(await call(code)).toEqual(failed(reason, message));
  });

  it.each([
    ["a message", "throw new Error(params.password)"],
    ["a message with more", "throw new Error('Wrong: ' + params.password)"],
    ["a text that is thrown", "throw params.password"],
    ["the name of an error", "const error = new Error(); error.name = params.password; throw error"],
    ["a name like a class", "const error = new Error(); error.name = params.word; throw error"],
    ["no message", "throw new Error('')"],
    ["a message of several lines", "throw new Error(`a\nb`)"],
    ["a key that is not there", "params.none[params.password]"],
    ["a forged message of the engine", `throw new ReferenceError("'" + params.secret + "' is not defined")`],
    ["a forged stack", "const error = new Error(); error.stack = 'code.js:' + params.digits; throw error"],
  ])("does not tell a value of the run that is in %s", async (_, statement) => {
    const result = await call(`module.exports = ({params}) => { ${statement} }`, {
      password: PASSWORD,
      secret: "s3cret",
      digits: "424242",
      word: "Hunter2",
    });
    expect(result).toEqual(failed("threw", /^The code threw [a-zA-Z ]+(?: in line 1)?\.$/));
  });

  it.each([
    [
      "the code throws",
      "module.exports = () => { throw new Error('VALUE') }",
      "threw",
      "The code threw Error in line 1.",
    ],
    ["the code names", "module.exports = () => VALUE", "threw", "The code threw ReferenceError in line 1."],
    ["does not parse", "module.exports = () => { a VALUE }", "compile", "The code does not compile: line 1."],
  ])("does not tell a value that was put into the code and %s", async (_, source, reason, message) => {
    const code = source.replace("VALUE", "Hunter2");
    expect(await sandbox.callFunction(code, {}, source)).toEqual(failed(reason, message));
  });

  it("refuses values that are no JSON, and too much of anything", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.cycle = cycle;
    expect(await call(returning("1"), cycle)).toEqual(
      failed("limit", "The values for the code cannot be written as JSON."),
    );
    expect(await call(returning("1"), { a: "x".repeat(4_000_000) })).toEqual(
      failed("limit", "The values for the code have more than 4000000 characters."),
    );
    expect(await call(`//${"x".repeat(512_000)}`)).toEqual(
      failed("limit", "The code has more than 512000 characters."),
    );
    expect(await call(returning("'x'.repeat(1e6)"))).toEqual(
      failed("limit", "Its output has more than 1000000 characters."),
    );
    expect(await call(returning("Buffer.from('x'.repeat(9e6)).length"))).toMatchObject({ reason: "threw" });
  });
});

describe("a hostile function", () => {
  it.each([
    ["an endless loop", "module.exports = () => { for (;;); }"],
    [
      "an endless loop that catches",
      "module.exports = () => { for (;;) try { for (;;); } catch {} finally { for (;;); } }",
    ],
    ["an endless regular expression", returning("/(a+)+$/.test('a'.repeat(40) + 'b')")],
    ["endless promises", "module.exports = async () => { for (;;) await 1 }"],
    [
      "endless timers",
      "module.exports = () => new Promise(() => setTimeout(function again() { setTimeout(again) }))",
    ],
    ["an endless loop before it exports", "for (;;);"],
    ["an endless getter of what is returned", returning("{ get a() { for (;;); } }")],
    [
      "an endless getter of what is thrown",
      "module.exports = () => { throw { get message() { for (;;); } } }",
    ],
  ])("is ended: %s", async (_, code) => {
    expect(await brief.callFunction(code, {})).toEqual(OVERDUE);
    expect(await brief.callFunction(returning("1"), {})).toEqual(ok(1));
  });

  it("that was ended for its time waits for all others", async () => {
    const endless = "module.exports = () => { for (;;); }";
    await brief.callFunction(endless, {});
    const order: string[] = [];
    const ask = async (name: string, code: string) => {
      await brief.callFunction(code, {});
      order.push(name);
    };
    await Promise.all([
      ask("runs", returning("1")),
      ask("endless", endless),
      ask("endless", endless),
      ask("another person", returning("2")),
    ]);
    expect(order).toEqual(["runs", "another person", "endless", "endless"]);
  });

  it("is ended from outside when it cannot be interrupted", async () => {
    expect(await brief.callFunction(UNINTERRUPTIBLE, {})).toEqual(ENDED_FROM_OUTSIDE);
    expect(await brief.callFunction(returning("1"), {})).toEqual(ok(1));
  });

  it("is ended when its promise never settles", async () => {
    expect(await call(returning("await new Promise(() => {})"))).toEqual(
      failed("limit", "The promise that the code returned never settles."),
    );
  });

  it.each([
    ["takes all memory", "module.exports = () => { const all = []; for (;;) all.push(new Uint8Array(1e5)) }"],
    ["doubles a text", "module.exports = () => { let text = 'x'; for (;;) text += text }"],
    ["nests blocks too deeply", "{".repeat(10_000)],
    ["calls itself", "module.exports = function again() { return again() + 1 }"],
    ["calls itself by a native function", "const again = () => [1].map(again); module.exports = again"],
    [
      "has a chain of proxies",
      "module.exports = () => { let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x }",
    ],
  ])("is ended when it %s", async (_, code) => {
    const result = await small.callFunction(code, {});
    expect(result).toEqual(failed("limit", TOO_LARGE));
    expect(await small.callFunction(returning("1"), {})).toEqual(ok(1));
  });

  it.each([
    ["code", `module.exports = ${"(".repeat(100_000)}`],
    ["code that it evaluates", returning("eval('('.repeat(1e5))")],
  ])("is ended with its thread when %s is nested too deeply", async (_, code) => {
    expect(await Promise.all([call(code), call(returning("1"))])).toEqual([
      failed("limit", "It was ended because it or its data is nested too deeply."),
      ok(1),
    ]);
  });

  it.each([
    ["process", "typeof process"],
    ["require", "typeof require"],
    ["postMessage", "typeof postMessage"],
    ["the constructor of functions", "console.log.constructor('return typeof process')()"],
    ["the constructor of a function of the host", "Buffer.from.constructor('return typeof process')()"],
    ["the constructor of parameters", "params.constructor.constructor('return typeof process')()"],
    ["the global object", "(function () { return typeof this.process })()"],
    ["import", "await import('node:fs').then(() => 'imported', () => 'undefined')"],
  ])("cannot reach this process by %s", async (_, expression) => {
    expect(await call(returning(expression))).toEqual(ok("undefined"));
  });

  it("finds no globals but the language's and those listed", async () => {
    const result = await call("module.exports = () => Object.getOwnPropertyNames(globalThis)");
    const names = result.kind === "ok" && Array.isArray(result.value) ? result.value : [];
    const given = [
      ...["Buffer", "atob", "btoa", "clearTimeout", "console", "crypto", "setTimeout"],
      ...[
        "Intl",
        "TextDecoder",
        "TextEncoder",
        "URL",
        "URLSearchParams",
        "queueMicrotask",
        "structuredClone",
      ],
    ];
    const language = names.filter((name) => !given.includes(name));
    expect(names.length - language.length).toBe(given.length);
    const ofNode = ["InternalError", ...Object.getOwnPropertyNames(globalThis)];
    expect(language.filter((name) => !ofNode.includes(name))).toEqual([]);
    expect(names).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(process|fetch|require|WebAssembly|global)$/)]),
    );
  });

  it("changes nothing for the next one", async () => {
    const pollute = `Object.prototype.admin = true; Array.prototype.map = () => 'mine'; JSON.parse = () => ({ params: 1 });
      leaked = 1; Object.prototype.toJSON = () => 'mine'; module.exports = () => 1`;
    await call(pollute);
    expect(
      await call(returning("[({}).admin === undefined, [1].map((x) => x + 1), params.a, typeof leaked]"), {
        a: 5,
      }),
    ).toEqual(ok([true, [2], 5, "undefined"]));
    expect(await render("{{admin}}{{a}}", { a: 5 })).toEqual(ok("5"));
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });

  it("harms only its own answer when it replaces what reports it", async () => {
    const replaced = `JSON.stringify = () => '{"kind":"nothing"}'; Promise.prototype.then = () => { throw 1 };
      String.fromCharCode = Array.prototype.shift = () => 'mine'; module.exports = () => ({ a: 1 })`;
    expect(await call(replaced)).toEqual(ok({ a: 1 }));
    expect(await call("Object.prototype.toJSON = () => 'mine'; module.exports = () => ({})")).toEqual(
      ok("mine"),
    );
  });
});
