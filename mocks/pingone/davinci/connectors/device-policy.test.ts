import { describe, expect, it } from "vitest";
import { runNode } from "../../testing/connector-call.ts";
import { devicePolicyConnector as policy } from "./device-policy.ts";

const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
const EDGE = `${CHROME.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64")} Edg/140.0.0.0`;
const ANDROID = CHROME.replace("X11; Linux x86_64", "Linux; Android 15; Pixel 9").replace(
  " Safari",
  " Mobile Safari",
);
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0";

const ask = async (name: string, userAgent: string, properties = {}) =>
  (await runNode(policy, name, { global: { userAgent }, properties })).effect;

describe("the Device Policy connector", () => {
  it.each([
    [CHROME, "Chrome", "Linux", "desktop"],
    [IPHONE, "Safari", "iOS", "mobile"],
    [EDGE, "Edge", "Windows", "desktop"],
    [ANDROID, "Chrome", "Android", "mobile"],
    [MAC, "Firefox", "MacOS", "desktop"],
    ["", "unknown", "unknown", "desktop"],
  ])("[PING-281] reads %s", async (agent, browserName, deviceOSName, platform) => {
    expect(await ask("getBrowser", agent)).toEqual({ kind: "success", output: { browserName } });
    expect(await ask("getDeviceOS", agent)).toEqual({ kind: "success", output: { deviceOSName } });
    expect(await ask("getPlatform", agent)).toEqual({ kind: "success", output: { platform } });
  });

  it("takes the user agent that the node gives, before that of the browser", async () => {
    expect(await ask("getPlatform", CHROME, { userAgent: IPHONE })).toMatchObject({
      output: { platform: "mobile" },
    });
  });

  it.each([
    ["trustedDeviceOS", { deviceOSName: ["Mac OS", { value: "linux" }] }, "success"],
    ["trustedDeviceOS", { deviceOSName: ["Windows"] }, "false"],
    ["untrustedDeviceOS", { deviceOSName: ["Linux"] }, "false"],
    ["untrustedDeviceOS", { deviceOSName: ["Windows"] }, "success"],
    ["trustedUserAgent", { browserNames: ["chrome"] }, "success"],
    ["trustedUserAgent", {}, "false"],
    ["untrustedUserAgent", { browserNames: "chrome" }, "false"],
    ["untrustedUserAgent", { browserNames: ["safari"] }, "success"],
  ])("%s with %j is %s", async (name, properties, kind) => {
    expect((await ask(name, CHROME, properties)).kind).toBe(kind);
  });
});
