/** The HTTP connector: screens, and the responses that end a sub-flow. Ping: /connectors/http_connector.html. */
import { html } from "hono/html";
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { bindingsIn, isRecord, textOf, unwrap } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import type { SubmittedFields } from "../screens/screen.ts";
import { authorsScreen } from "./authors-screen.ts";
import { moreOfHttp } from "./http-more.ts";
import { inDataType, switchOf } from "./inputs.ts";
import { answerPoll, POLLING_INPUTS, POLLING_OUTPUTS, pollingOf } from "./polling.ts";

/** Without a button the person cannot go on: such a screen is an end of the road. */
function showMessage(call: Call): Effect {
  const { properties, node } = call;
  const [text, subtitle] = [textOf(properties.message), textOf(properties.messageTitle)];
  const message = text || subtitle;
  const title =
    textOf(properties.title) ||
    (text !== "" && subtitle) ||
    (node.title === node.capabilityName ? "Message" : node.title);
  const polling = pollingOf(call, false);
  const canContinue = switchOf(properties.showContinueButton) ?? (node.exits.length > 0 && !polling);
  const markup = canContinue
    ? formMarkup({
        heading: title,
        text: message === "" ? [] : message.split("\n"),
        buttons: [
          { value: "continue", label: textOf(properties.nextButtonText) || "Continue", isSubmit: true },
        ],
      })
    : String(html`<h1>${title}</h1>
${message.split("\n").map((line) => html`<p>${line}</p>\n`)}`);
  return {
    kind: "screen",
    screen: { title, markup, css: "", fields: [], remarks: [], ...(polling && { polling }) },
  };
}

function answerScreen(call: Call, fields: SubmittedFields): Effect {
  return answerPoll(call, fields) ?? { kind: "success", output: { ...fields } };
}

/** The claims by name. Where an entry has none, the name is the last part of what it is bound to. */
function claimsOf(call: Call): Record<string, unknown> {
  const entries = unwrap(call.node.properties.claimsNameValuePairs);
  if (!Array.isArray(entries)) return {};
  const claims = entries.filter(isRecord).flatMap((entry) => {
    const given = textOf(entry.name) || textOf(entry.nameDefault);
    const name = given || (bindingsIn(entry.value)[0]?.split(".").at(-1) ?? "");
    return name === "" || name === "__proto__"
      ? []
      : [[name, inDataType(call.resolve(entry.value), entry.type)] as const];
  });
  return Object.fromEntries(claims);
}

const leave =
  (isSuccess: boolean) =>
  (call: Call): Effect => {
    const message = textOf(call.properties.message);
    const output = { ...(message !== "" && { message }), ...claimsOf(call) };
    return { kind: "leaveFlow", isSuccess, output };
  };

const RESPONSE = {
  inputs: {
    claimsNameValuePairs: {
      about: "What the node that started the sub-flow gets: `name`, `value`, `type` of each.",
      sure: "export",
    },
    returnRequestParameters: { about: "Has no effect here.", sure: "export" },
  },
  outputs: {},
  errors: {},
  isDeferred: true,
} as const satisfies Omit<Capability, "about" | "run">;

export const httpConnector = defineConnector({
  id: "httpConnector",
  name: "HTTP",
  capabilities: {
    customHTMLTemplate: {
      about: "Shows a screen of the author's own HTML, as one plain form.",
      limits:
        "Scripts, components such as `skrisk`, and style sheets and pictures of other hosts have no effect; the panel names them. `skpolling` is a button that asks once. A page that only a script or component would send has a button of the emulator.",
      inputs: {
        customHTML: { about: "A Handlebars template. Bindings are escaped.", sure: "export" },
        customCSS: { about: "Applied to this screen.", sure: "export" },
        customTitle: { about: "The title of the browser's tab.", sure: "documented" },
        customScript: { about: "Not run.", sure: "export" },
        formFieldsList: { about: "The fields that are accepted; others are left aside.", sure: "export" },
        validationRules: {
          about: "`presence` with its message. Other rules have no effect.",
          sure: "export",
        },
        ...POLLING_INPUTS,
        "*": { about: "Every other property is a variable of the template.", sure: "export" },
      },
      outputs: {
        buttonValue: { about: "`data-skbuttonvalue` of the button that was pressed.", sure: "export" },
        ...POLLING_OUTPUTS,
        "*": { about: "The fields of `formFieldsList`.", sure: "export" },
      },
      errors: {},
      rawProperties: [
        "customHTML",
        "customCSS",
        "customScript",
        "formFieldsList",
        "inputSchema",
        "outputSchema",
      ],
      isDeferred: true,
      run: authorsScreen,
      answer: answerScreen,
    },
    customHtmlMessage: {
      about: "Shows a message, with a button if the flow goes on.",
      inputs: {
        title: { about: "The heading; the node's title without one.", sure: "documented" },
        message: { about: "A paragraph for each line.", sure: "export" },
        messageTitle: { about: "The heading where there is no `title`.", sure: "unverified" },
        showContinueButton: { about: "Default: whether the node has an exit.", sure: "unverified" },
        nextButtonText: { about: "Default: Continue.", sure: "documented" },
        ...POLLING_INPUTS,
      },
      outputs: { buttonValue: { about: "`continue`.", sure: "unverified" }, ...POLLING_OUTPUTS },
      errors: {},
      isDeferred: true,
      run: showMessage,
      answer: answerScreen,
    },
    createSuccessResponse: {
      about: "Ends a sub-flow: the node that started it is true.",
      ...RESPONSE,
      run: leave(true),
    },
    createErrorResponse: {
      about: "Ends a sub-flow: the node that started it is false.",
      limits: "That it is false is not documented; every export that was read branches so.",
      ...RESPONSE,
      run: leave(false),
    },
    makeRestApiCall: {
      about: "Answers from a stub. The emulator sends no request to anywhere.",
      inputs: {
        url: { about: "Can be named in a stub's `when`.", sure: "documented" },
        method: { about: "Can be named in a stub's `when`.", sure: "documented" },
      },
      outputs: {
        "rawResponse.statusCode": { about: "What the stub gives.", sure: "documented" },
        "rawResponse.body": { about: "What the stub gives.", sure: "documented" },
        "rawResponse.headers": { about: "What the stub gives.", sure: "documented" },
        "*": { about: "What the stub gives.", sure: "documented" },
      },
      errors: { "*": { about: "What the stub gives.", sure: "documented" } },
      run: (call) => call.runForeign(),
    },
    ...moreOfHttp,
  },
});
