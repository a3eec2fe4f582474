import { describe, expect, it } from "vitest";
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

  it("gives nothing for a body beyond the limit that names no length", async () => {
    expect(await readBodyText(post(chunks(new Uint8Array(6), new Uint8Array(5))), 10)).toEqual({
      kind: "too_large",
    });
  });

  it("gives nothing for a length beyond the limit without reading the body", async () => {
    const request = post("short", { "Content-Length": "11" });
    expect(await readBodyText(request, 10)).toEqual({ kind: "too_large" });
    expect(request.bodyUsed).toBe(false);
  });

  it("tells that a body breaks off, which is no failure of the server", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("The client is gone")),
    });
    expect(await readBodyText(post(body), 10)).toEqual({ kind: "broken_off" });
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
