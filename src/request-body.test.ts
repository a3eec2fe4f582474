import { describe, expect, it, vi } from "vitest";
import { withBudget } from "./deadline.ts";
import { readBodyText } from "./request-body.ts";

const LIMIT = 10;

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  // `duplex` is Node's condition for a stream as a body; the types are those of Workers, which know no such thing.
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, headers, duplex: "half" };
  return new Request("https://mcp.example.com/token", init);
}

function stream(source: UnderlyingSource<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(source);
}

const chunks = (...parts: Uint8Array[]) =>
  stream({
    start: (controller) => {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
const stalls = (source: UnderlyingSource<Uint8Array> = {}) =>
  stream({ start: (controller) => controller.enqueue(Uint8Array.of(0)), ...source });

const euro = new TextEncoder().encode("€");

describe("readBodyText", () => {
  it.each<[what: string, request: () => Request, text: string]>([
    ["of exactly the limit", () => post("x".repeat(10)), "x".repeat(10)],
    ["that is not there as empty text", () => post(null), ""],
    ["with a character that two chunks share", () => post(chunks(euro.slice(0, 1), euro.slice(1))), "€"],
  ])("reads a body %s", async (_what, request, text) => {
    expect(await readBodyText(request(), LIMIT)).toEqual({ kind: "read", text });
  });

  it.each<[what: string, request: () => Request]>([
    ["beyond the limit that names no length", () => post(chunks(new Uint8Array(6), new Uint8Array(5)))],
    [
      "beyond the limit, whatever the length of its compressed form",
      () => post("x".repeat(11), { "Content-Length": "5", "Content-Encoding": "gzip" }),
    ],
    ["with more bytes than the limit, though fewer characters", () => post("€€€€")],
  ])("[SEC-31] gives nothing for a body %s", async (_what, request) => {
    expect(await readBodyText(request(), LIMIT)).toEqual({ kind: "too_large" });
  });

  it("gives nothing for a length beyond the limit without reading the body", async () => {
    const request = post("short", { "Content-Length": "11" });
    expect(await readBodyText(request, LIMIT)).toEqual({ kind: "too_large" });
    expect(request.bodyUsed).toBe(false);
  });

  describe.each<[what: string, headers: Record<string, string>]>([
    ["that names its length", { "Content-Length": "10" }],
    ["that names no length", {}],
  ])("of a body %s", (_what, headers) => {
    it("gives the text", async () => {
      const request = post(chunks(new Uint8Array(10).fill(65)), headers);
      expect(await readBodyText(request, LIMIT)).toEqual({ kind: "read", text: "A".repeat(10) });
    });

    it("[FAIL-56] tells that it breaks off, which is no failure of the server", async () => {
      const body = stream({ pull: (controller) => controller.error(new Error("The client is gone")) });
      expect(await readBodyText(post(body, headers), LIMIT)).toEqual({ kind: "broken_off" });
    });

    it("waits for it no longer than the request's budget lasts", async () => {
      const reading = withBudget(0.05, () => readBodyText(post(stalls(), headers), LIMIT));
      expect(await reading).toEqual({ kind: "broken_off" });
    });
  });

  it("lets go of a body that stalls when the request's budget is over", async () => {
    const cancel = vi.fn();
    await withBudget(0.05, () => readBodyText(post(stalls({ cancel })), LIMIT));
    expect(cancel).toHaveBeenCalledOnce();
  });
});
