/** The PingOne Scope Consent connector: Get User Consent. */

import type { User } from "../../tenant/users.ts";
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { isRecord, templateText, textOf } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import type { Screen, SubmittedFields } from "../screens/screen.ts";
import { findUserBy, isOn, known, notFound, presentUser, textProperty } from "./pingone-shared.ts";

/** Cannot be deselected: OpenID Connect sign-on requires it. */
const REQUIRED_SCOPE = "openid";

function userOf(call: Call): User | undefined {
  const given = textProperty(call, "userIdentifier") || textProperty(call, "identifier");
  if (given !== "") return findUserBy(call, textProperty(call, "matchUserAttribute"), given);
  return call.userId === undefined ? undefined : call.services.users.findById(call.userId);
}

async function ask(call: Call): Promise<Effect> {
  const user = userOf(call);
  if (!user) return notFound();
  const { context, services } = call;
  if (!isOn(call, "promptConsent")) {
    const query = { userId: user.id, applicationId: context.application.id, scopes: context.scopes };
    const accepted = services.consents.findAccepted(query);
    if (accepted) return given(call, user, "ACCEPTED", accepted);
  }
  return { kind: "screen", screen: (await authorsScreen(call)) ?? shippedScreen(call, user) };
}

/** Shows the application and the user, and no scopes unless they can be chosen. */
function shippedScreen(call: Call, user: User): Screen {
  const { application, scopes } = call.context;
  const choices = isOn(call, "reducedScopes") ? scopes.filter((scope) => scope !== REQUIRED_SCOPE) : [];
  return {
    title: "Application Consent",
    markup: formMarkup({
      heading: "Application Consent",
      text: [
        `${application.name} wants to access your account.`,
        "Do you approve the request?",
        `You are signed on as ${user.username}.`,
      ],
      fields: choices.map((scope) => ({
        type: "checkbox",
        name: "scopes",
        label: scope,
        value: scope,
        isChecked: true,
        legend: "What to allow",
      })),
      buttons: [
        { value: "ACCEPTED", label: "Approve", isSubmit: true },
        { value: "DECLINED", label: "Decline", isSubmit: false },
      ],
    }),
    css: "",
    fields: [{ name: "scopes", isSecret: false, isList: true }],
    remarks: [],
  };
}

/** The author's own screen, if the node has one. */
async function authorsScreen(call: Call): Promise<Screen | undefined> {
  const config = call.node.properties.appConsentHtmlConfig_appConsentScreen;
  const parts = isRecord(config) && isRecord(config.properties) ? config.properties : undefined;
  const template = templateText(parts?.customHTML);
  if (template.trim() === "") return undefined;
  const { application, scopes } = call.context;
  const scope = { ...call.scope, application, scopes: scopes.map((name) => ({ name })) };
  const rendered = await call.services.sandbox.renderTemplate(template, scope);
  if (rendered.kind === "failed") {
    call.remark(`The author's screen was not rendered, so the shipped one is shown: ${rendered.message}`);
    return undefined;
  }
  return {
    title: "Application Consent",
    markup: rendered.value,
    css: templateText(parts?.customCSS),
    fields: [{ name: "scopes", isSecret: false, isList: true }],
    remarks: textOf(templateText(parts?.customScript)).trim() === "" ? [] : ["Its script is not run."],
  };
}

function answer(call: Call, fields: SubmittedFields): Effect {
  const user = userOf(call);
  if (!user) return notFound();
  const { context, services } = call;
  const query = { userId: user.id, applicationId: context.application.id, scopes: context.scopes };
  const pressed = textOf(fields.buttonValue).toUpperCase();
  if (/^(?:DECLINE|DECLINED|DENY|CANCEL|REJECT)/.test(pressed)) {
    services.consents.record(query, { status: "DECLINED" });
    return given(call, user, "DECLINED", []);
  }
  const chosen = isOn(call, "reducedScopes") ? [fields.scopes ?? []].flat() : context.scopes;
  const scopes = context.scopes.filter((scope) => scope === REQUIRED_SCOPE || chosen.includes(scope));
  services.consents.record(query, { status: "ACCEPTED", scopes });
  return given(call, user, "ACCEPTED", scopes);
}

/** The node is true for both answers: what follows has to branch on `consentStatus`. */
function given(
  call: Call,
  user: User,
  consentStatus: "ACCEPTED" | "DECLINED",
  consentScopes: readonly string[],
): Effect {
  const { context, services } = call;
  call.keepConsentedScopes(consentScopes);
  const record = services.consents
    .list(user.id)
    .find(({ applicationId }) => applicationId === context.application.id);
  return {
    kind: "success",
    output: {
      consentStatus,
      consentScopes: [...consentScopes],
      consentId: record?.id,
      application: { ...context.application },
      matchedUser: presentUser(user, services.environment),
    },
  };
}

export const pingOneScopeConsentConnector = defineConnector({
  id: "pingOneScopeConsentConnector",
  name: "PingOne Scope Consent",
  capabilities: {
    appConsent: {
      about:
        "Asks the person whether the application may have what it asks for, unless it was answered before.",
      limits: "It is about the application that sent the request, whatever the node names.",
      inputs: {
        promptConsent: known("Asks also who has accepted the same scopes before.", "export"),
        userIdentifier: known("The user. Default: whom the flow has identified.", "export"),
        matchUserAttribute: known("What names the user: id (default), username or email.", "export"),
        reducedScopes: known("The person can leave scopes out.", "documented"),
        appConsentHtmlConfig_appConsentScreen: known("The author's own screen.", "export"),
      },
      outputs: {
        consentStatus: known("ACCEPTED or DECLINED: branch on it.", "export"),
        consentScopes: known("The scopes that were accepted.", "export"),
        consentId: known("The record of the consent.", "export"),
        application: known("Id and name.", "export"),
        matchedUser: known("The whole user.", "export"),
      },
      errors: { notFound: known("There is no such user.", "unverified") },
      isDeferred: true,
      run: ask,
      answer,
    },
  },
});
