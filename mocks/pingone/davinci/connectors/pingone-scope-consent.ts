/** The PingOne Scope Consent connector: Get User Consent. */
import type { User } from "../../tenant/users.ts";
import { type Call, defineConnector, type Effect } from "../engine/capability.ts";
import { isRecord, templateText, textOf, unwrap } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import type { Screen, SubmittedFields } from "../screens/screen.ts";
import { consentRecords } from "./consent-records.ts";
import {
  fail,
  findUserBy,
  isOn,
  known,
  notFound,
  presentUser,
  RAW_OUTPUTS,
  textProperty,
} from "./pingone-shared.ts";

/** Cannot be deselected: OpenID Connect sign-on requires it. */
const REQUIRED_SCOPE = "openid";

/** Which of them an export has depends on what the editor was told of the application. */
const SCOPE_PROPERTIES = [
  "applicationConsentScopes",
  "scopes",
  "scopesUnconditional",
  "scopesUnconditionalRequired",
] as const;
const APPLICATION_PROPERTIES = [
  "applicationIdentifierIDForAppConsent",
  "applicationIdentifierNameForAppConsent",
  "applicationIdentifier",
] as const;

export const pingOneScopeConsentConnector = defineConnector({
  id: "pingOneScopeConsentConnector",
  name: "PingOne Scope Consent",
  capabilities: {
    ...consentRecords,
    appConsent: {
      about:
        "Asks the person whether the application may have what it asks for, unless that was answered before. True for both answers.",
      limits:
        "On a screen of the author's, a button counts as consent if its value says so, such as accept or approve; any other one declines.",
      inputs: {
        promptConsent: known("Asks also who has accepted the same scopes before.", "export"),
        userIdentifier: known("The user. Default: whom the flow has identified.", "export"),
        matchUserAttribute: known("`id` (default), `username` or `email`.", "export"),
        matchApplicationAttributeForAppConsent: known("Whether an id or a name follows.", "export"),
        ...Object.fromEntries(
          APPLICATION_PROPERTIES.map((name) => [
            name,
            known("The application. Default: the one that sent the request.", "documented"),
          ]),
        ),
        ...Object.fromEntries(
          SCOPE_PROPERTIES.map((name) => [
            name,
            known("Scopes with blanks between them. Default: those that were asked for.", "documented"),
          ]),
        ),
        reducedScopes: known("The person can leave scopes out.", "unverified"),
        appConsentHtmlConfig_appConsentScreen: known("The author's own screen.", "export"),
      },
      outputs: {
        consentStatus: known("`ACCEPTED` or `DECLINED`: branch on it.", "export"),
        consentScopes: known("The scopes that were accepted.", "export"),
        consentId: known("The record of the consent.", "export"),
        application: known("Id, name and type.", "export"),
        matchedUser: known("The whole user.", "export"),
        ...RAW_OUTPUTS,
      },
      errors: { notFound: known("There is no such user.", "unverified") },
      isDeferred: true,
      run: ask,
      answer,
    },
  },
});

async function ask(call: Call): Promise<Effect> {
  const user = userOf(call);
  if (!user) return fail("notFound", "The node was reached without a user.", { status: 404 });
  if (!isOn(call, "promptConsent")) {
    const accepted = call.services.consents.findAccepted(queryOf(call, user));
    if (accepted) return given(call, user, "ACCEPTED", accepted);
  }
  return { kind: "screen", screen: (await authorsScreen(call, user)) ?? shippedScreen(call, user) };
}

/** The consent is recorded whatever the answer is. */
function answer(call: Call, fields: SubmittedFields): Effect {
  const user = userOf(call);
  if (!user) return notFound();
  const query = queryOf(call, user);
  if (!isConsent(call, textOf(fields.buttonValue))) {
    call.services.consents.record(query, { status: "DECLINED" });
    return given(call, user, "DECLINED", []);
  }
  const chosen = isOn(call, "reducedScopes") ? [fields.scopes ?? []].flat() : query.scopes;
  const scopes = query.scopes.filter((scope) => scope === REQUIRED_SCOPE || chosen.includes(scope));
  call.services.consents.record(query, { status: "ACCEPTED", scopes });
  return given(call, user, "ACCEPTED", scopes);
}

/** What is not clearly a consent is none. */
function isConsent(call: Call, pressed: string): boolean {
  if (/^(?:accept|agree|allow|approve|confirm|consent|continue|grant|ok|submit|true|yes)/i.test(pressed)) {
    return true;
  }
  if (!/^(?:back|cancel|declin|den|disagree|false|no|refus|reject)/i.test(pressed)) {
    call.remark("A button whose value is neither a consent nor a refusal was taken for a refusal.");
  }
  return false;
}

function userOf(call: Call): User | undefined {
  const identifier = textProperty(call, "userIdentifier");
  // A property that is bound to nobody is not the same as none.
  if (identifier !== "" || unwrap(call.node.properties.userIdentifier) !== undefined) {
    return findUserBy(call, textProperty(call, "matchUserAttribute"), identifier);
  }
  return call.userId === undefined ? undefined : call.services.users.findById(call.userId);
}

function queryOf(call: Call, { id: userId }: User) {
  return { userId, applicationId: applicationOf(call).id, scopes: scopesOf(call) };
}

function scopesOf(call: Call): readonly string[] {
  const named = SCOPE_PROPERTIES.map((name) => textProperty(call, name)).find((text) => text !== "");
  return named === undefined ? call.context.scopes : [...new Set(named.split(/[\s,]+/))];
}

function applicationOf(call: Call): { readonly id: string; readonly name: string; readonly type?: string } {
  const { context, services } = call;
  const wanted = APPLICATION_PROPERTIES.map((name) => textProperty(call, name)).find((text) => text !== "");
  const isWanted = ({ id, name }: { readonly id: string; readonly name: string }) =>
    id === wanted || name === wanted;
  if (wanted === undefined || isWanted(context.application)) return context.application;
  const other = services.environment.applications.find(isWanted);
  if (other) return { id: other.id, name: other.name, type: other.type };
  // Exports write the name of a list's entry here that says where the id is.
  if (!/^use[A-Z]/.test(wanted)) {
    call.remark("There is no application of that id or name: taken for the one that sent the request.");
  }
  return context.application;
}

/** Shows the application and the user, and no scopes unless they can be chosen. */
function shippedScreen(call: Call, user: User): Screen {
  const choices = isOn(call, "reducedScopes")
    ? scopesOf(call).filter((scope) => scope !== REQUIRED_SCOPE)
    : [];
  return {
    title: "Application Consent",
    markup: formMarkup({
      heading: "Application Consent",
      text: [
        `${applicationOf(call).name} wants to access your account.`,
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
async function authorsScreen(call: Call, user: User): Promise<Screen | undefined> {
  const config = unwrap(call.node.properties.appConsentHtmlConfig_appConsentScreen);
  const parts = isRecord(config) && isRecord(config.properties) ? config.properties : undefined;
  const template = templateText(parts?.customHTML);
  if (template.trim() === "") return undefined;
  const scope = {
    ...call.scope,
    application: applicationOf(call),
    scopes: scopesOf(call).map((name) => ({ name })),
    user: presentUser(user, call.services.environment),
  };
  const rendered = await call.services.sandbox.renderTemplate(template, scope);
  if (rendered.kind === "failed") {
    call.remark(`The author's screen was not rendered, so the emulator's is shown: ${rendered.message}`);
    return undefined;
  }
  return {
    title: "Application Consent",
    markup: rendered.value,
    css: templateText(parts?.customCSS),
    fields: [{ name: "scopes", isSecret: false, isList: true }],
    remarks: templateText(parts?.customScript).trim() === "" ? [] : ["Its script is not run."],
  };
}

/** What follows has to branch on `consentStatus`. */
function given(
  call: Call,
  user: User,
  consentStatus: "ACCEPTED" | "DECLINED",
  consentScopes: readonly string[],
): Effect {
  const { consents, environment } = call.services;
  const application = applicationOf(call);
  call.keepConsentedScopes(consentScopes);
  const record = consents.list(user.id).find(({ applicationId }) => applicationId === application.id);
  const consent = { consentStatus, consentScopes: [...consentScopes], consentId: record?.id, application };
  return {
    kind: "success",
    output: {
      ...consent,
      matchedUser: presentUser(user, environment),
      rawResponse: consent,
      headers: {},
      statusCode: 200,
    },
  };
}
