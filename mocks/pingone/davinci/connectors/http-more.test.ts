import { describe, expect, it } from "vitest";
import { runNode } from "../../testing/connector-call.ts";
import { httpConnector } from "./http.ts";

const run = async (name: string, properties: Record<string, unknown> = {}) =>
  (await runNode(httpConnector, name, { properties })).effect;

describe("Create QR Code for URL", () => {
  it("makes an image", async () => {
    expect(await run("createQr", { customUrl: "https://example.com" })).toMatchObject({
      kind: "success",
      output: { generatedQr: expect.stringMatching(/^data:image\/svg\+xml;base64,/) },
    });
  });

  it.each(["", `https://example.com/${"a".repeat(400)}`])("is false for %s", async (customUrl) => {
    expect(await run("createQr", { customUrl })).toMatchObject({
      kind: "failure",
      error: { code: "invalidInput" },
    });
  });
});

describe("Send Custom JSON Response", () => {
  it.each([
    [{ httpBody: '{"a":1}' }, true, { a: 1 }],
    [{ httpBody: { a: 1 }, httpStatusCode: "204" }, true, { a: 1 }],
    [{ httpBody: "[1]" }, true, { body: [1] }],
    [{ httpStatusCode: "403", httpBody: '{"a":1}' }, false, { a: 1 }],
    [{ httpBody: "no json" }, true, {}],
    [{}, true, {}],
  ])("leaves the sub-flow: %j", async (properties, isSuccess, output) => {
    expect(await run("createUnwrappedResponse", properties)).toEqual({
      kind: "leaveFlow",
      isSuccess,
      output,
    });
  });
});

describe("Simulate Latency", () => {
  it("answers at once", async () => {
    expect(await run("simulateLatency", { delayTime: "60000", httpBody: '{"a":1}' })).toEqual({
      kind: "success",
      output: { a: 1 },
    });
  });

  it("can be set to fail", async () => {
    expect(await run("simulateLatency", { returnSuccessResponse: "false" })).toMatchObject({
      kind: "failure",
      error: { code: "simulated" },
    });
  });
});

describe("reCAPTCHA v2 Verification", () => {
  it("shows a page whose button passes, and says so", async () => {
    const effect = await run("recaptchaVerification", { title: "Are you a robot?", nextButtonText: "No" });
    if (effect.kind !== "screen") throw new Error(effect.kind);
    expect(effect.screen.markup).toContain("<h1>Are you a robot?</h1>");
    expect(effect.screen.markup).toContain(">No</button>");
    expect(effect.screen.remarks.join()).toContain("not emulated");
    const { capabilities } = httpConnector;
    expect(capabilities.recaptchaVerification.answer()).toEqual({
      kind: "success",
      output: { success: true },
    });
  });
});
