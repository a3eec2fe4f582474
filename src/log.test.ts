import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  continueRequest,
  createReference,
  errorName,
  logAlarm,
  logEvent,
  logOfRequest,
  logProblem,
  logRequest,
  requestId,
} from "./log.ts";

let lines: { method: "log" | "error"; line: Record<string, unknown> }[] = [];

beforeEach(() => {
  lines = [];
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((text: string) => {
      lines.push({ method, line: JSON.parse(text) as Record<string, unknown> });
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

it("logEvent and logProblem write one line of JSON each, to the stream that fits", () => {
  logEvent("callback.signed_in", { count: 1, skipped: undefined });
  logProblem("callback.failed", { reason: "line\nbreak" });
  expect(lines).toEqual([
    { method: "log", line: { event: "callback.signed_in", count: 1 } },
    { method: "error", line: { event: "callback.failed", reason: "line\nbreak" } },
  ]);
});

describe("logRequest", () => {
  it.each([
    [399, "ok"],
    [401, "refused"],
    [499, "refused"],
    [500, "failed"],
  ])("says that the status %i is %s", async (status, outcome) => {
    const response = await logRequest(
      { method: "GET", route: "/x" },
      async () => new Response(null, { status }),
    );
    expect(response.status).toBe(status);
    expect(lines[0]?.line).toEqual({
      event: "request",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: "GET",
      route: "/x",
      status,
      outcome,
      duration_ms: expect.any(Number),
    });
  });

  it("logs a failure that nobody has caught, without its words, and lets it pass", async () => {
    const failure = logRequest({ method: "GET", route: "/x" }, () =>
      Promise.reject(new Error("secret words")),
    );
    await expect(failure).rejects.toThrow("secret words");
    expect(lines.map(({ line }) => line.status)).toEqual([500]);
    expect(JSON.stringify(lines)).not.toContain("secret words");
  });

  it("gives all lines of a request one id, and each request another", async () => {
    const serve = async () => {
      logEvent("mcp.sign_in_required");
      await Promise.resolve();
      logProblem("request.failed");
      return new Response();
    };
    await Promise.all([
      logRequest({ method: "GET", route: "/one" }, serve),
      logRequest({ method: "GET", route: "/two" }, serve),
    ]);
    const idsByEvent = Map.groupBy(lines, ({ line }) => line.request_id);
    expect([...idsByEvent.values()].map((group) => group.map(({ line }) => line.event))).toEqual([
      ["mcp.sign_in_required", "request.failed", "request"],
      ["mcp.sign_in_required", "request.failed", "request"],
    ]);
  });
});

describe("logOfRequest", () => {
  const serve = (work: () => void) =>
    logRequest({ method: "POST", route: "/x" }, async () => {
      work();
      return new Response(null);
    });

  it("puts what happened onto the line of the request that is being served", async () => {
    await serve(() => logOfRequest("tool.done", { tool: "listTodos", tool_ms: 7 }));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.line).toMatchObject({ event: "request", status: 200, tool: "listTodos", tool_ms: 7 });
  });

  it("does so when the work goes on under the same id", async () => {
    await serve(() => continueRequest(requestId(), () => logOfRequest("tool.done", { tool: "listTodos" })));
    expect(lines.map(({ line }) => line.event)).toEqual(["request"]);
    expect(lines[0]?.line).toMatchObject({ tool: "listTodos" });
  });

  it("writes a line of its own for a request that another isolate serves", () => {
    continueRequest("some-id", () => logOfRequest("tool.done", { tool: "listTodos" }));
    expect(lines).toEqual([
      { method: "log", line: { event: "tool.done", request_id: "some-id", tool: "listTodos" } },
    ]);
  });

  it("writes a line of its own once the request has been answered", async () => {
    let late: () => void = () => {};
    await serve(() => {
      const id = requestId();
      late = () => continueRequest(id, () => logOfRequest("tool.done", { tool: "listTodos" }));
    });
    late();
    expect(lines.map(({ line }) => line.event)).toEqual(["request", "tool.done"]);
    expect(lines[1]?.line.request_id).toBe(lines[0]?.line.request_id);
  });
});

it.each([
  ["ok", async () => {}],
  ["failed", () => Promise.reject(new Error("secret words"))],
])("logAlarm logs an alarm that ends %s, and lets its error pass", async (outcome, work) => {
  const [settled] = await Promise.allSettled([logAlarm("Person", work)]);
  expect(settled.status).toBe(outcome === "ok" ? "fulfilled" : "rejected");
  expect(lines).toEqual([
    {
      method: "log",
      line: {
        event: "alarm",
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        object: "Person",
        outcome,
        duration_ms: expect.any(Number),
      },
    },
  ]);
});

it("errorName tells of what was thrown no more than its class", () => {
  expect(errorName(new TypeError("secret words"))).toBe("TypeError");
  expect(errorName("secret words")).toBe("unknown");
});

it("continueRequest carries the id of a request on to where it is not known", () => {
  expect(continueRequest("the-id", requestId)).toBe("the-id");
  expect(continueRequest(undefined, requestId)).toBeUndefined();
});

it("createReference is short enough to be read aloud, and another each time", () => {
  expect(createReference()).toMatch(/^[0-9a-f]{8}$/);
  expect(createReference()).not.toBe(createReference());
});
