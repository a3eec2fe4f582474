import { describe, expect, it } from "vitest";
import { withBudget } from "./deadline.ts";
import { readBodyText } from "./request-body.ts";

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  // `duplex` is Node's condition for a stream as a body; the types are those of Workers, which know no such thing.
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, headers, duplex: "half" };
  return new Request("https://mcp.example.com/token", init);
}

function chunks(...parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

describe("readBodyText", () => {
  it("reads a body of exactly the limit", async () => {
    expect(await readBodyText(post("x".repeat(10)), 10)).toEqual({ kind: "read", text: "x".repeat(10) });
  });

  it("reads no body as empty text", async () => {
    const request = new Request("https://mcp.example.com/token", { method: "POST" });
    expect(await readBodyText(request, 10)).toEqual({ kind: "read", text: "" });
  });

  it("[SEC-31] gives nothing for a body beyond the limit that names no length", async () => {
    expect(await readBodyText(post(chunks(new Uint8Array(6), new Uint8Array(5))), 10)).toEqual({
      kind: "too_large",
    });
  });

  it("gives nothing for a length beyond the limit without reading the body", async () => {
    const request = post("short", { "Content-Length": "11" });
    expect(await readBodyText(request, 10)).toEqual({ kind: "too_large" });
    expect(request.bodyUsed).toBe(false);
  });

  it("counts a compressed body as it is read, whatever the length of its compressed form", async () => {
    const request = post("x".repeat(11), { "Content-Length": "5", "Content-Encoding": "gzip" });
    expect(await readBodyText(request, 10)).toEqual({ kind: "too_large" });
  });

  describe.each<[what: string, headers: Record<string, string>]>([
    ["that names its length", { "Content-Length": "10" }],
    ["that names no length", {}],
  ])("of a body %s", (_what, headers) => {
    it("gives the text", async () => {
      expect(await readBodyText(post(chunks(new Uint8Array(10).fill(65)), headers), 10)).toEqual({
        kind: "read",
        text: "A".repeat(10),
      });
    });

    it("[FAIL-56] tells that it breaks off, which is no failure of the server", async () => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error("The client is gone")),
      });
      expect(await readBodyText(post(body, headers), 10)).toEqual({ kind: "broken_off" });
    });

    it("waits for it no longer than the request's budget lasts", async () => {
      const stalled = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Uint8Array.of(0)),
      });
      const reading = withBudget(0.05, () => readBodyText(post(stalled, headers), 10));
      expect(await reading).toEqual({ kind: "broken_off" });
    });
  });

  it("lets go of a body that stalls when the request's budget is over", async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(0)),
      cancel: () => {
        isCancelled = true;
      },
    });
    expect(await withBudget(0.05, () => readBodyText(post(body), 10))).toEqual({ kind: "broken_off" });
    expect(isCancelled).toBe(true);
  });

  it("counts bytes, not characters", async () => {
    expect(await readBodyText(post("€€€€"), 10)).toEqual({ kind: "too_large" });
  });

  it("joins a character that two chunks share", async () => {
    const [first, ...rest] = new TextEncoder().encode("€");
    expect(await readBodyText(post(chunks(Uint8Array.of(first ?? 0), Uint8Array.from(rest))), 10)).toEqual({
      kind: "read",
      text: "€",
    });
  });
});
