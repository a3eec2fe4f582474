import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestEmulator, type TestEmulator, type TestFaultRequest } from "../testing/emulator.ts";
import { replaceBody } from "./fault.ts";
import { WIRE_FAULTS } from "./wire.ts";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await createTestEmulator();
});
afterEach(() => emulator[Symbol.asyncDispose]());

const postToken = (code = "c1") =>
  fetch(`${emulator.origin}/env/as/token`, { method: "POST", body: new URLSearchParams({ code }) });
const queue = (fault: TestFaultRequest) => emulator.control.faults.queue(fault);
const lastEntry = async () => (await emulator.control.journal.find()).at(-1);

describe("faults on the wire", () => {
  it("answers with a status, body and headers instead of acting", async () => {
    const fault = { endpoint: "token", fault: "status", status: 400 } as const;
    await queue({ ...fault, body: { error: "invalid_grant" }, headers: { "x-test": "1" } });
    await queue({ ...fault, body: "<h1>Bad</h1>", headers: { "content-type": "text/html" } });
    const json = await postToken();
    expect([json.status, json.headers.get("x-test")]).toEqual([400, "1"]);
    expect(await json.json()).toEqual({ error: "invalid_grant" });
    expect(await lastEntry()).toMatchObject({ status: 400, faults: ["status"] });
    const text = await postToken();
    expect(text.headers.get("content-type")).toBe("text/html");
    expect(await text.text()).toBe("<h1>Bad</h1>");
    expect(emulator.processed()).toBe(0);
    expect((await postToken()).status).toBe(200);
  });

  it.each<[TestFaultRequest, number, object]>([
    [{ endpoint: "token", fault: "server_error" }, 503, { message: "Told to answer 503." }],
    [{ endpoint: "token", fault: "server_error", status: 500 }, 500, { message: "Told to answer 500." }],
    [{ endpoint: "token", fault: "status", status: 418 }, 418, { message: "Told to answer 418." }],
    [{ endpoint: "token", fault: "rate_limited" }, 429, { message: "Told to answer 429." }],
    [{ endpoint: "token", fault: "body", body: { access_token: 7 } }, 200, { access_token: 7 }],
    [{ endpoint: "token", fault: "wrong_content_type" }, 200, { token_type: "Bearer" }],
  ])("%j is answered with %i and a body like %j", async (fault, status, body) => {
    await queue(fault);
    const response = await postToken();
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(body);
  });

  it.each<[TestFaultRequest, string, string]>([
    [{ endpoint: "token", fault: "rate_limited", retryAfterSeconds: 7 }, "retry-after", "7"],
    [{ endpoint: "token", fault: "wrong_content_type" }, "content-type", "text/html; charset=utf-8"],
    [
      { endpoint: "token", fault: "wrong_content_type", contentType: "image/png" },
      "content-type",
      "image/png",
    ],
  ])("%j is answered with the header %s: %s", async (fault, header, value) => {
    await queue(fault);
    expect((await postToken()).headers.get(header)).toBe(value);
  });

  it("acts first and then loses the answer, when told so", async () => {
    await queue({ endpoint: "token", fault: "status", status: 504, afterProcessing: true });
    await queue({ endpoint: "token", fault: "reset", afterProcessing: true });
    expect((await postToken()).status).toBe(504);
    await expect(postToken()).rejects.toThrow();
    expect(emulator.processed()).toBe(2);
  });

  it("gives no body to a status that has none, and no old length to a new body", async () => {
    await queue({ endpoint: "token", fault: "status", status: 204 });
    expect([
      (await postToken()).status,
      await replaceBody(new Response(null, { status: 204 }), "x").text(),
    ]).toEqual([204, ""]);
    const answer = new Response("[]", { headers: { "content-length": "2" } });
    expect(replaceBody(answer, "[").headers.get("content-length")).toBeNull();
  });

  it("resets the connection", async () => {
    await queue({ endpoint: "token", fault: "reset" });
    const error = await postToken().catch((caught: Error) => caught);
    expect((error as { cause?: { code?: string } }).cause?.code).toBe("ECONNRESET");
    expect(emulator.processed()).toBe(0);
    expect(await lastEntry()).toMatchObject({ status: 0, faults: ["reset"] });
  });

  it.each<[TestFaultRequest, number]>([
    [{ endpoint: "token", fault: "delay", milliseconds: 80 }, 200],
    [{ endpoint: "token", fault: "server_error", delayMilliseconds: 80 }, 503],
  ])("waits under %j before it answers %i", async (fault, status) => {
    await queue(fault);
    const started = performance.now();
    expect((await postToken()).status).toBe(status);
    expect(performance.now() - started).toBeGreaterThan(70);
  });

  it("cuts the JSON inside a whole HTTP response, even the shortest", async () => {
    await queue({ endpoint: "token", fault: "malformed_json" });
    const response = await postToken();
    expect(response.headers.get("content-type")).toContain("application/json");
    await expect(response.json()).rejects.toThrow(SyntaxError);
    const context = { c: {} as never, made: new Response("1"), errorBody: () => ({}) };
    const shortest = await WIRE_FAULTS.malformed_json.respond?.({}, context);
    await expect(shortest?.json()).rejects.toThrow(SyntaxError);
  });

  it("breaks the connection in the middle of the body", async () => {
    await queue({ endpoint: "token", fault: "truncated" });
    const response = await postToken();
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(10);
    await expect(response.text()).rejects.toThrow();
    expect(await lastEntry()).toMatchObject({ faults: ["truncated"] });
  });

  it("sends the whole body, a few bytes at a time", async () => {
    await queue({ endpoint: "token", fault: "trickle", chunkBytes: 20, intervalMilliseconds: 20 });
    const started = performance.now();
    const chunks = await Array.fromAsync((await postToken()).body ?? []);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ token_type: "Bearer" });
    expect(chunks.length).toBeGreaterThan(2);
    expect(performance.now() - started).toBeGreaterThan(40);
  });

  it("does not keep a process alive that has closed its emulator", async () => {
    const script = `
      const { createTestEmulator } = await import(${JSON.stringify(join(import.meta.dirname, "../testing/emulator.ts"))});
      const emulator = await createTestEmulator();
      await emulator.control.faults.queue({ endpoint: "token", fault: "delay", milliseconds: 60000 });
      const broken = fetch(emulator.origin + "/env/as/token", { method: "POST" }).catch(() => {});
      await emulator.control.journal.expect({ endpoint: "token" }, { withinMilliseconds: 5000 });
      await emulator[Symbol.asyncDispose]();
      await broken;`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 15_000 });
  }, 20_000);
});

describe("faults of one login", () => {
  it("are found by the code's login and left alone by others", async () => {
    emulator.logins.set("c1", { username: "alice" });
    emulator.logins.set("c2", { username: "bob" });
    await queue({ endpoint: "token", fault: "server_error", login: { user: "alice" } });
    expect((await postToken("c2")).status).toBe(200);
    expect((await postToken("c1")).status).toBe(503);
  });

  it("are found by the state of an authorization request", async () => {
    await queue({ endpoint: "authorize", fault: "server_error", login: { state: "s1" } });
    const authorize = (state: string) =>
      fetch(`${emulator.origin}/env/as/authorize?state=${state}`, { redirect: "manual" });
    expect((await authorize("s2")).status).toBe(302);
    expect((await authorize("s1")).status).toBe(503);
  });

  it("reach the emulator that builds them in, and the journal", async () => {
    emulator.logins.set("c1", { username: "alice" });
    await queue({ endpoint: "token", fault: "wrong_signature", login: { user: "alice" } });
    expect(await (await postToken()).json()).toMatchObject({ fault: "wrong_signature" });
    expect(await lastEntry()).toMatchObject({ faults: ["wrong_signature"], status: 200 });
    expect(await (await postToken()).json()).not.toHaveProperty("fault");
  });
});
