import { describe, expect, it } from "vitest";
import { TEST_EMULATORS, type TestFaultRequest } from "../testing/emulator.ts";

const made = (body: unknown, init?: ResponseInit) => Response.json(body, init);
const { faults } = TEST_EMULATORS;
const respond = async (fault: TestFaultRequest, answer = new Response()) => {
  const parsed = faults.parse(fault);
  const context = { c: {} as never, made: answer, errorBody: (status: number) => ({ status }) };
  const response = await parsed.definition.respond?.({ ...parsed }, context);
  if (response === undefined) throw new Error(`${fault.fault} has no answer.`);
  return response;
};

describe("faults of the wire", () => {
  it("give their errors in the emulator's own form", async () => {
    const response = await respond({ endpoint: "notes.list", fault: "server_error" });
    expect([response.status, await response.json()]).toEqual([503, { status: 503 }]);
  });

  it("says when to come back", async () => {
    const response = await respond({ endpoint: "notes.list", fault: "rate_limited", retryAfterSeconds: 30 });
    expect(response.headers.get("retry-after")).toBe("30");
  });

  it("answers with the 5xx that is asked for", async () => {
    expect((await respond({ endpoint: "notes.list", fault: "server_error", status: 500 })).status).toBe(500);
  });

  it.each(["malformed_json", "wrong_content_type", "trickle"] as const)(
    "leaves an answer that has no body without one under %s",
    async (fault) => {
      const response = await respond({ endpoint: "notes.add", fault }, new Response(null, { status: 204 }));
      expect(response.status).toBe(204);
      expect(await response.text()).toBe("");
    },
  );

  it("cuts even the shortest body into something that is not JSON", async () => {
    const response = await respond({ endpoint: "notes.list", fault: "malformed_json" }, new Response("1"));
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it("keeps no length that is no longer true", async () => {
    const answer = new Response('{"notes":[]}', { headers: { "content-length": "12" } });
    const response = await respond({ endpoint: "notes.list", fault: "malformed_json" }, answer);
    expect(response.headers.get("content-length")).toBeNull();
  });

  it("calls the body what it is told", async () => {
    const fault: TestFaultRequest = {
      endpoint: "notes.list",
      fault: "wrong_content_type",
      contentType: "image/png",
    };
    const response = await respond(fault, made({ notes: [] }));
    expect(response.headers.get("content-type")).toBe("image/png");
  });
});
