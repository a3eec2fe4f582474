/** What a client does to its connection gets an answer where there is one to give, and nothing is printed. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type EmulatorApp, type Listening, listen } from "./listen.ts";
import { MAX_FILE_BODY_BYTES } from "./request-body.ts";
import { createTestEmulator, type TestEmulator } from "./testing/emulator.ts";
import { requestRaw, sendRaw } from "./testing/raw-request.ts";

const MEGABYTE = 1024 * 1024;
const printed = ["error", "warn", "info", "log"] as const;

beforeEach(() => {
  for (const method of printed) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  for (const method of printed) expect(console[method]).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

describe("a body", () => {
  const app: EmulatorApp = new Hono();
  const seen: number[] = [];
  let server: Listening;
  beforeEach(async () => {
    seen.length = 0;
    server = await listen(app, { port: 0, need: "a test" });
  });
  afterEach(() => server.close());
  app.post("/ignored", (c) => c.text("not read"));
  app.post("/read", async (c) => {
    const length = (await c.req.arrayBuffer()).byteLength;
    seen.push(length);
    return c.text(String(length));
  });
  const post = (path: string, body: BodyInit) =>
    fetch(server.origin + path, { method: "POST", body, duplex: "half" } as RequestInit);

  it("reaches the app as it was sent", async () => {
    expect(await (await post("/read", "x".repeat(MEGABYTE))).text()).toBe(String(MEGABYTE));
  });

  it.each([
    ["with its length", (size: number) => new Uint8Array(size)],
    ["in chunks", (size: number) => new Blob([new Uint8Array(size)]).stream()],
  ])("of 44 MB that comes %s is received to its end, and cut for the app", async (_, body) => {
    expect(await (await post("/read", body(44 * MEGABYTE))).text()).toBe(String(MAX_FILE_BODY_BYTES + 1));
  });

  it("of 20 MB that the app does not read still gets the answer", async () => {
    expect(await (await post("/ignored", new Uint8Array(20 * MEGABYTE))).text()).toBe("not read");
  });

  it("that never ends gets 408", async () => {
    const head = "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf";
    const hasty = await listen(app, {
      port: 0,

      need: "a test",
      requestTimeoutMilliseconds: 200,
    });
    expect(await sendRaw(hasty.origin, head).received).toMatch(/^HTTP\/1\.1 408 /);
    await hasty.close();
  });

  it("that never comes is not waited for with GET", async () => {
    const headers = ["Content-Length: 5"];
    expect(await requestRaw(server.origin, "GET /nothing", headers)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("that breaks off never reaches the app", async () => {
    const { socket } = sendRaw(
      server.origin,
      "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
    );
    await once(socket, "connect");
    await sleep(30);
    socket.destroy();
    await sleep(50);
    expect(seen).toEqual([]);
    expect((await post("/read", "whole")).status).toBe(200);
  });
});

describe("a method that no endpoint can have", () => {
  let emulator: TestEmulator;
  beforeEach(async () => {
    emulator = await createTestEmulator();
  });
  afterEach(() => emulator[Symbol.asyncDispose]());

  it.each(["TRACE /env/as/token", "CONNECT example.com:443", "CONNECT /env/as/token"])(
    "gets 501: %s",
    async (line) => {
      expect(await requestRaw(emulator.origin, line)).toMatch(/^HTTP\/1\.1 501 /);
      expect((await fetch(`${emulator.origin}/env/as/userinfo`)).status).toBe(200);
    },
  );
});

describe("a client that resets a CONNECT request", () => {
  it("leaves the emulator running", async () => {
    await using emulator = await createTestEmulator();
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => failures.push(error);
    process.on("uncaughtException", onFailure);
    const { socket, received } = sendRaw(emulator.origin, "");
    received.catch(() => {});
    socket.write("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", () => socket.resetAndDestroy());
    await sleep(50);
    process.off("uncaughtException", onFailure);
    expect(failures).toEqual([]);
    expect((await fetch(`${emulator.origin}/env/as/userinfo`)).status).toBe(200);
  });
});

describe("a client that is gone", () => {
  let emulator: TestEmulator;
  beforeEach(async () => {
    emulator = await createTestEmulator();
  });
  afterEach(() => emulator[Symbol.asyncDispose]());

  const faults = [
    { fault: "delay", milliseconds: 60 },
    { fault: "status", status: 500, delayMilliseconds: 60 },
    { fault: "reset", delayMilliseconds: 60 },
    { fault: "reset", delayMilliseconds: 60, afterProcessing: true },
    { fault: "truncated", delayMilliseconds: 60 },
    { fault: "malformed_json", delayMilliseconds: 60 },
    { fault: "trickle", chunkBytes: 1, intervalMilliseconds: 20 },
    { fault: "rate_limited", delayMilliseconds: 60 },
  ] as const;

  it.each(faults)("before a fault answers breaks nothing: $fault", async (fault) => {
    await emulator.control.faults.queue({ endpoint: "userinfo", ...fault });
    const { socket } = sendRaw(emulator.origin, "GET /env/as/userinfo HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "connect");
    await sleep(30);
    socket.destroy();
    await sleep(120);
    expect((await fetch(`${emulator.origin}/env/as/userinfo`)).status).toBe(200);
    await emulator.control.journal.expect({ endpoint: "userinfo", fault: fault.fault });
  });
});
