/** A small flow of our own that signs on with a choice among MFA devices and a one-time code. */
import { exportedFlow } from "./exported-flow.ts";
import { type FlowSpec, richText } from "./graph-builder.ts";

const output = (node: string, path: string) => `{{local.${node}.payload.output.${path}}}`;
const screen = (customHTML: string, ...fields: readonly string[]) => ({
  is: "httpConnector.customHTMLTemplate",
  properties: {
    customHTML,
    formFieldsList: fields.map((propertyName) => ({ propertyName, displayName: propertyName })),
  },
});
const button = (value: string, label: string) =>
  `<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skform="f" data-skbuttonvalue="${value}">${label}</button>`;
const error = (errorMessage: string) => ({
  is: "errorConnector.customErrorMessage",
  properties: { errorMessage },
});

export const MFA_FLOW: FlowSpec = {
  name: "MFA flow",
  nodes: {
    who: screen(
      `<h1>Who are you?</h1><p data-skcomponent="skerror"></p><form id="f"><label for="username">Username</label><input id="username">${button("NEXT", "Next")}</form>`,
      "username",
    ),
    find: {
      is: "pingOneSSOConnector.userLookup",
      properties: {
        matchAttributes: ["username"],
        userIdentifierForFindUser: richText(output("who", "username")),
      },
    },
    begin: {
      is: "pingOneMfaConnector.createDeviceAuthentication",
      properties: { userId: richText(output("find", "matchedUser.id")) },
    },
    isChoice: {
      is: "functionsConnector.AEqualsB",
      properties: {
        leftValueA: richText(output("begin", "rawResponse.status")),
        rightValueB: "DEVICE_SELECTION_REQUIRED",
      },
    },
    choose: screen(
      `<h1>Choose a device</h1><form id="f">{{#each local.begin.payload.output.rawResponse._embedded.devices}}${button("{{id}}", "{{type}} {{email}}{{phone}}")}{{/each}}</form>`,
    ),
    select: {
      is: "pingOneMfaConnector.deviceSelectDeviceAuthentication",
      properties: {
        deviceAuthenticationId: richText(output("begin", "rawResponse.id")),
        deviceId: richText(output("choose", "buttonValue")),
      },
    },
    code: screen(
      `<h1>Enter the code</h1><p data-skcomponent="skerror"></p><form id="f"><label for="otp">Code</label><input id="otp">${button("NEXT", "Next")}</form>`,
      "otp",
    ),
    check: {
      is: "pingOneMfaConnector.validateOtpDeviceAuthentication",
      properties: {
        deviceAuthenticationId: richText(output("begin", "rawResponse.id")),
        otp: richText(output("code", "otp")),
      },
    },
    done: {
      is: "pingOneAuthenticationConnector.returnSuccessResponseRedirect",
      properties: { userId: richText(output("find", "matchedUser.id")), authenticationMethods: "mfa" },
    },
    noDevice: error("You have no device."),
    noUser: error("Nobody has this name."),
    wrong: error("This code is not right."),
  },
  ways: [
    ["who", "true", "find"],
    ["find", "true", "begin"],
    ["find", "false", "noUser"],
    ["begin", "true", "isChoice"],
    ["begin", "false", "noDevice"],
    ["isChoice", "true", "choose"],
    ["isChoice", "false", "code"],
    ["choose", "true", "select"],
    ["select", "true", "code"],
    ["code", "true", "check"],
    ["check", "true", "done"],
    ["check", "false", "wrong"],
  ],
};

export const mfaFlow = exportedFlow(MFA_FLOW);
