import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestEmulator, type TestEmulator, type TestFaultRequest } from "../testing/emulator.ts";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await createTestEmulator();
});
afterEach(() => emulator[Symbol.asyncDispose]());

const TOKEN_FIELDS = { grant_type: "authorization_code", code: "c1" };
const postToken = (fields: Record<string, string> = TOKEN_FIELDS) =>
  fetch(`${emulator.origin}/env/as/token`, { method: "POST", body: new URLSearchParams(fields) });
const queue = (fault: TestFaultRequest) => emulator.control.queueFault(fault);
const lastEntry = async () => (await emulator.control.requests()).at(-1);

describe("faults on the wire", () => {
  it("answers with a status, body and headers instead of acting", async () => {
    await queue({
      endpoint: "token",
      fault: "status",
      status: 400,
      body: { error: "invalid_grant" },
      headers: { "x-test": "1" },
    });
    const response = await postToken();
    expect(response.status).toBe(400);
    expect(response.headers.get("x-test")).toBe("1");
    expect(await response.json()).toEqual({ error: "invalid_grant" });
    expect(emulator.processed()).toBe(0);
    expect(await lastEntry()).toMatchObject({ status: 400, faults: ["status"] });
    expect((await postToken()).status).toBe(200);
  });

  it("sends a body of text as it is", async () => {
    await queue({
      endpoint: "token",
      fault: "status",
      status: 502,
      body: "<h1>Bad gateway</h1>",
      headers: { "content-type": "text/html" },
    });
    const response = await postToken();
    expect(response.headers.get("content-type")).toBe("text/html");
    expect(await response.text()).toBe("<h1>Bad gateway</h1>");
  });

  it("acts first and then loses the answer, when told so", async () => {
    await queue({ endpoint: "token", fault: "status", status: 504, afterProcessing: true });
    await queue({ endpoint: "token", fault: "reset", afterProcessing: true });
    expect((await postToken()).status).toBe(504);
    await expect(postToken()).rejects.toThrow();
    expect(emulator.processed()).toBe(2);
  });

  it("sends a status that has no body without one", async () => {
    await queue({ endpoint: "token", fault: "status", status: 204 });
    const response = await postToken();
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  });

  it("resets the connection", async () => {
    await queue({ endpoint: "token", fault: "reset" });
    const error = await postToken().catch((caught: Error) => caught);
    expect((error as { cause?: { code?: string } }).cause?.code).toBe("ECONNRESET");
    expect(emulator.processed()).toBe(0);
    expect(await lastEntry()).toMatchObject({ status: 0, faults: ["reset"] });
  });

  it("waits before it answers as usual", async () => {
    await queue({ endpoint: "token", fault: "delay", milliseconds: 80 });
    const started = performance.now();
    expect((await postToken()).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(70);
  });

  it("waits before any other fault", async () => {
    await queue({ endpoint: "token", fault: "server_error", delayMilliseconds: 80 });
    const started = performance.now();
    expect((await postToken()).status).toBe(503);
    expect(performance.now() - started).toBeGreaterThan(70);
  });

  it("replaces the body and keeps the status", async () => {
    await queue({ endpoint: "token", fault: "body", body: { access_token: 7 } });
    const response = await postToken();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ access_token: 7 });
    expect(emulator.processed()).toBe(1);
  });

  it("cuts the JSON inside a whole HTTP response", async () => {
    await queue({ endpoint: "token", fault: "malformed_json" });
    const response = await postToken();
    expect(response.headers.get("content-type")).toContain("application/json");
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it("breaks off in the middle of the body that it promised", async () => {
    await queue({ endpoint: "token", fault: "truncated" });
    const response = await postToken();
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(10);
    await expect(response.text()).rejects.toThrow();
    expect(await lastEntry()).toMatchObject({ faults: ["truncated"] });
  });

  it("calls JSON something else", async () => {
    await queue({ endpoint: "token", fault: "wrong_content_type" });
    const response = await postToken();
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.json()).toMatchObject({ token_type: "Bearer" });
  });

  it("sends the whole body, a few bytes at a time", async () => {
    await queue({ endpoint: "token", fault: "trickle", chunkBytes: 20, intervalMilliseconds: 20 });
    const started = performance.now();
    const response = await postToken();
    let chunks = 0;
    let text = "";
    for await (const chunk of response.body ?? []) {
      chunks += 1;
      text += Buffer.from(chunk).toString();
    }
    expect(JSON.parse(text)).toMatchObject({ token_type: "Bearer" });
    expect(chunks).toBeGreaterThan(2);
    expect(performance.now() - started).toBeGreaterThan(40);
  });

  it("answers 429 with Retry-After", async () => {
    await queue({ endpoint: "token", fault: "rate_limited", retryAfterSeconds: 7 });
    const response = await postToken();
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("7");
  });

  it("does not keep a process alive that has closed its emulator", async () => {
    const script = `
      const { createTestEmulator } = await import(${JSON.stringify(join(import.meta.dirname, "../testing/emulator.ts"))});
      const emulator = await createTestEmulator();
      await emulator.control.queueFault({ endpoint: "token", fault: "delay", milliseconds: 60000 });
      const broken = fetch(emulator.origin + "/env/as/token", { method: "POST" }).catch(() => {});
      await emulator.control.expectRequest({ endpoint: "token" }, { withinMilliseconds: 5000 });
      await emulator[Symbol.asyncDispose]();
      await broken;`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 15_000 });
  }, 20_000);

  it("stops waiting at once when the emulator is closed", async () => {
    await queue({ endpoint: "token", fault: "delay", milliseconds: 60_000 });
    const broken = postToken().catch(() => "broken");
    await emulator.control.expectRequest({ endpoint: "token" }, { withinMilliseconds: 5000 });
    await emulator[Symbol.asyncDispose]();
    expect(await broken).toBe("broken");
  });
});

describe("faults of one login", () => {
  it("are found by the code's login and left alone by others", async () => {
    emulator.logins.set("c1", { username: "alice" });
    emulator.logins.set("c2", { username: "bob" });
    await queue({ endpoint: "token", fault: "server_error", login: { user: "alice" } });
    expect((await postToken({ ...TOKEN_FIELDS, code: "c2" })).status).toBe(200);
    expect((await postToken({ ...TOKEN_FIELDS, code: "c1" })).status).toBe(503);
  });

  it("are found by the state of an authorization request", async () => {
    await queue({ endpoint: "authorize", fault: "server_error", login: { state: "s1" } });
    const authorize = (state: string) =>
      fetch(`${emulator.origin}/env/as/authorize?state=${state}`, { redirect: "manual" });
    expect((await authorize("s2")).status).toBe(302);
    expect((await authorize("s1")).status).toBe(503);
  });
});

describe("defects of tokens", () => {
  it("reach the signer and are noted in the journal", async () => {
    emulator.logins.set("c1", { username: "alice" });
    await queue({ endpoint: "token", fault: "wrong_signature", login: { user: "alice" } });
    expect(await (await postToken()).json()).toMatchObject({ fault: "wrong_signature" });
    expect(await lastEntry()).toMatchObject({ faults: ["wrong_signature"], status: 200 });
    expect(await (await postToken()).json()).not.toHaveProperty("fault");
  });
});
