/** The Device Policy connector: what the browser's user agent says. Ping: /connectors/device_policy_connector.html. */
import { type Call, type Capability, defineConnector } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { known } from "./pingone-shared.ts";

type Rule = readonly [name: string, pattern: RegExp];

/** The first that fits: most browsers also name those that came before them. */
const BROWSERS: readonly Rule[] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\b(?:OPR|Opera)\//],
  ["Samsung Browser", /\bSamsungBrowser\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|CriOS|Chromium)\//],
  ["Safari", /\bSafari\//],
  ["IE", /\b(?:MSIE |Trident\/)/],
];
const SYSTEMS: readonly Rule[] = [
  ["iOS", /\b(?:iPhone|iPad|iPod)\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows\b/],
  ["MacOS", /\b(?:Macintosh|Mac OS X)\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b|\bX11\b/],
];
const MOBILE = /\b(?:Mobi|Mobile|iPhone|iPad|iPod|Android)\b/;

const USER_AGENT = known("Default: that of the browser in front of the flow.", "documented");

function nameIn(rules: readonly Rule[], call: Call): string {
  const agent = userAgentOf(call);
  return rules.find(([, pattern]) => pattern.test(agent))?.[0] ?? "unknown";
}

function userAgentOf({ properties, scope }: Call): string {
  return (textOf(properties.userAgent) || textOf(scope.global.userAgent)).slice(0, 2000);
}

function get(about: string, output: string, read: (call: Call) => string): Capability {
  return {
    about,
    inputs: { userAgent: USER_AGENT },
    outputs: { [output]: known("The name.", "documented") },
    errors: {},
    run: (call) => ({ kind: "success", output: { [output]: read(call) } }),
  };
}

function judge(
  about: string,
  rules: readonly Rule[],
  list: string,
  output: string,
  isTrusted: boolean,
): Capability {
  return {
    about,
    limits:
      "Names of browsers and systems are compared without letter case and blanks; those of the editor are not documented.",
    inputs: { userAgent: USER_AGENT, [list]: known("Names.", "documented") },
    outputs: { [output]: known("The name.", "documented") },
    errors: {},
    run(call) {
      const name = nameIn(rules, call);
      const chosen = call.properties[list];
      const names = (Array.isArray(chosen) ? chosen : [chosen]).map((entry) =>
        normalised(textOf(isRecord(entry) ? entry.value : entry)),
      );
      const isListed = names.includes(normalised(name));
      return { kind: isListed === isTrusted ? "success" : "false", output: { [output]: name } };
    },
  };
}

function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, "");
}

export const devicePolicyConnector = defineConnector({
  id: "devicePolicyConnector",
  name: "Device Policy",
  capabilities: {
    trustedDeviceOS: judge(
      "True on the systems that are listed.",
      SYSTEMS,
      "deviceOSName",
      "deviceOSName",
      true,
    ),
    untrustedDeviceOS: judge(
      "False on the systems that are listed.",
      SYSTEMS,
      "deviceOSName",
      "deviceOSName",
      false,
    ),
    trustedUserAgent: judge(
      "True in the browsers that are listed.",
      BROWSERS,
      "browserNames",
      "browserName",
      true,
    ),
    untrustedUserAgent: judge(
      "False in the browsers that are listed.",
      BROWSERS,
      "browserNames",
      "browserName",
      false,
    ),
    getDeviceOS: get("Names the system.", "deviceOSName", (call) => nameIn(SYSTEMS, call)),
    getBrowser: get("Names the browser.", "browserName", (call) => nameIn(BROWSERS, call)),
    getPlatform: get("Says whether the browser is on a phone.", "platform", (call) =>
      MOBILE.test(userAgentOf(call)) ? "mobile" : "desktop",
    ),
  },
});
