/** The PingOne Notifications connector. Ping: /connectors/p1_notifications_connector.html. */
import { randomUUID } from "node:crypto";
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { joinTexts, namedValuesOf } from "./inputs.ts";

/** The templates are in the environment, not in an export: the e-mail lists the variables that its template would get. */
function sendEmail(call: Call): Effect {
  const { email, userId } = call.properties;
  const to = textOf(email).trim();
  if (to === "") {
    return {
      kind: "failure",
      error: { code: "invalidInput", message: "There is no e-mail address to send to." },
    };
  }
  const template = templateOf(call);
  const id = textOf(userId);
  const text = variablesText(call);
  const { clock, outbox } = call.services;
  const now = clock();
  outbox.send({
    ...(id !== "" && { userId: id }),
    to,
    purpose: "notification",
    subject: template,
    text,
    sentAt: now,
  });
  const at = new Date(now).toISOString();
  return {
    kind: "success",
    output: {
      rawResponse: {
        id: randomUUID(),
        user: { id },
        deliveryMethod: "Email",
        subject: template,
        body: text,
        address: to,
        createdAt: at,
        updatedAt: at,
      },
      statusCode: 201,
    },
  };
}

function variablesText({ properties }: Call): string {
  const variables = namedValuesOf(properties.templateVariables);
  return joinTexts(
    variables.map(({ name, value }) => `${name}: ${textOf(value)}`),
    "\n",
  );
}

function templateOf({ properties }: Call): string {
  const [chosen, custom] = [textOf(properties.templateVariant), textOf(properties.customTemplateVariant)];
  // Exports have "{}" for a custom name that was never entered.
  const isCustom = custom !== "" && custom !== "{}" && (chosen === "" || /custom/i.test(chosen));
  return (isCustom ? custom : chosen) || "General";
}

const CHANNELS = { sendSms: ["SMS", "SMS"], sendVoice: ["VOICE", "Voice"] } as const;

/** A text message, or one that is spoken. */
function sendToPhone(call: Call, name: keyof typeof CHANNELS): Effect {
  const { phone, userId } = call.properties;
  const [channel, deliveryMethod] = CHANNELS[name];
  const to = textOf(phone).trim();
  if (to === "") {
    return {
      kind: "failure",
      error: { code: "invalidInput", message: "There is no phone number to send to." },
    };
  }
  const id = textOf(userId);
  const content = variablesText(call);
  const { clock, outbox } = call.services;
  const now = clock();
  outbox.send({
    ...(id !== "" && { userId: id }),
    to,
    channel,
    purpose: "notification",
    subject: templateOf(call),
    text: content,
    sentAt: now,
  });
  const at = new Date(now).toISOString();
  return {
    kind: "success",
    output: {
      rawResponse: {
        id: randomUUID(),
        user: { id },
        deliveryMethod,
        content,
        phone: to,
        createdAt: at,
        updatedAt: at,
      },
      statusCode: 201,
    },
  };
}

function toPhone(name: keyof typeof CHANNELS, about: string) {
  return {
    about,
    limits: "As of an e-mail: the text lists the variables that the template would get.",
    inputs: {
      phone: { about: "The phone number.", sure: "documented" },
      userId: { about: "Whom it is for.", sure: "documented" },
      templateVariant: { about: "The name of the template.", sure: "documented" },
      customTemplateVariant: { about: "A name entered in place of a chosen one.", sure: "documented" },
      templateVariables: { about: "Name and value of each variable.", sure: "documented" },
    },
    outputs: {
      rawResponse: {
        about: "`id`, `user.id`, `deliveryMethod`, `content`, `phone`, `createdAt`, `updatedAt`.",
        sure: "documented",
      },
      statusCode: { about: "201.", sure: "unverified" },
    },
    errors: { invalidInput: { about: "There is no phone number.", sure: "unverified" } },
    run: (call) => sendToPhone(call, name),
  } as const satisfies Capability;
}

export const notificationsConnector = defineConnector({
  id: "notificationsConnector",
  name: "PingOne Notifications",
  capabilities: {
    sendEmail: {
      about: "Puts an e-mail into the outbox of the emulator.",
      limits:
        "Templates are not in an export: the subject is the template's name, the text lists the variables given to it. Locale and policies are not read.",
      inputs: {
        email: { about: "The address.", sure: "export" },
        userId: { about: "Whom it is for.", sure: "export" },
        templateVariant: { about: "The name of the template.", sure: "export" },
        customTemplateVariant: { about: "A name entered in place of a chosen one.", sure: "documented" },
        templateVariables: { about: "Name and value of each variable.", sure: "export" },
      },
      outputs: {
        rawResponse: {
          about: "`id`, `user.id`, `deliveryMethod`, `subject`, `body`, `address`, `createdAt`, `updatedAt`.",
          sure: "documented",
        },
        statusCode: { about: "201.", sure: "unverified" },
      },
      errors: { invalidInput: { about: "There is no address.", sure: "unverified" } },
      run: sendEmail,
    },
    sendSms: toPhone("sendSms", "Puts a text message into the outbox of the emulator."),
    sendVoice: toPhone("sendVoice", "Puts a spoken message into the outbox of the emulator."),
  },
});
