/** Capabilities of the HTTP connector beside screens of authors and the ends of sub-flows. */
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { isRecord, textOf } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import { qrImageOf } from "../screens/qr.ts";
import { fromJson, numberOf, switchOf } from "./inputs.ts";
import { fail, known } from "./pingone-shared.ts";

/** The JSON that an author has written into a node; a value that is no object is put under `body`. */
function bodyOf(call: Call, ...names: readonly string[]): Record<string, unknown> | undefined {
  const given = names.map((name) => call.properties[name]).find((value) => textOf(value).trim() !== "");
  if (given === undefined) return {};
  const parsed = typeof given === "string" ? fromJson(given) : given;
  if (isRecord(parsed)) return { ...parsed };
  return Array.isArray(parsed) ? { body: parsed } : undefined;
}

const BODY_NAMES = ["httpBody", "body", "customBody", "jsonBody", "responseBody"] as const;
const BODY = known("JSON.", "documented");

export const moreOfHttp = {
  createUnwrappedResponse: {
    about: "Ends a sub-flow with the JSON of the node as its output; false for a status of 400 and above.",
    limits: "It is meant for flows that an API starts. What a flow of a redirect does then is not verified.",
    inputs: {
      httpBody: known("JSON. The name of the property is not documented.", "unverified"),
      httpStatusCode: known("Default: 200.", "documented"),
      httpHeaders: known("Not read.", "documented"),
    },
    outputs: { "*": known("The JSON.", "unverified") },
    errors: {},
    isDeferred: true,
    run(call): Effect {
      const status = numberOf(call.properties.httpStatusCode) ?? 200;
      const body = bodyOf(call, ...BODY_NAMES);
      if (!body) call.remark("Its body is no JSON, so the output is empty.");
      return { kind: "leaveFlow", isSuccess: status < 400, output: body ?? {} };
    },
  },
  createQr: {
    about: "Makes a QR code of a URL.",
    inputs: { customUrl: known("The URL, up to 400 characters.", "documented") },
    outputs: { generatedQr: known("An image, for the `src` of an `img`.", "documented") },
    errors: { invalidInput: known("There is no URL, or it is too long.", "unverified") },
    run(call): Effect {
      const url = textOf(call.properties.customUrl ?? call.properties.url).trim();
      const generatedQr = url.length > 400 ? undefined : qrImageOf(url);
      if (generatedQr === undefined)
        return fail("invalidInput", "The URL is empty or longer than 400 characters.");
      return { kind: "success", output: { generatedQr } };
    },
  },
  continuePolling: {
    about: "Shows the last screen again, which goes on waiting.",
    limits: "Always the last screen: another one that the node names is not looked for.",
    inputs: { nodeId: known("Not read.", "unverified") },
    outputs: {},
    errors: {},
    isDeferred: true,
    run: () => ({ kind: "showAgain", notice: "Nothing has happened yet." }),
  },
  simulateLatency: {
    about: "Answers at once.",
    limits: "Nobody has to wait.",
    inputs: {
      delayTime: known("Not read.", "unverified"),
      returnSuccessResponse: known("Off: the node is false. Default: on.", "unverified"),
      httpBody: BODY,
    },
    outputs: { "*": known("The JSON of the node.", "unverified") },
    errors: { simulated: known("The node is set to fail.", "unverified") },
    run(call): Effect {
      const output = bodyOf(call, ...BODY_NAMES) ?? {};
      const isSuccess = Object.entries(call.properties).every(
        ([name, value]) => !/success/i.test(name) || switchOf(value) !== false,
      );
      return isSuccess
        ? { kind: "success", output }
        : { kind: "failure", error: { code: "simulated", message: "The node is set to fail." }, output };
    },
  },
  recaptchaVerification: {
    about: "Shows a page with a button, which counts as the proof.",
    limits: "Google's check is not emulated: whoever presses the button passes.",
    inputs: {
      title: known("The heading.", "documented"),
      bodyHeaderText: known("A text.", "documented"),
      nextButtonText: known("Default: Continue.", "documented"),
    },
    outputs: { success: known("True.", "unverified") },
    errors: {},
    isDeferred: true,
    run({ properties, node }): Effect {
      const text = textOf(properties.bodyHeaderText);
      const title = textOf(properties.title) || node.title;
      const markup = formMarkup({
        heading: title,
        text: text === "" ? [] : [text],
        buttons: [
          { value: "continue", label: textOf(properties.nextButtonText) || "Continue", isSubmit: true },
        ],
      });
      const remarks = ["reCAPTCHA is not emulated: the button passes."];
      return { kind: "screen", screen: { title, markup, css: "", fields: [], remarks } };
    },
    answer: () => ({ kind: "success", output: { success: true } }),
  },
} as const satisfies Readonly<Record<string, Capability>>;
