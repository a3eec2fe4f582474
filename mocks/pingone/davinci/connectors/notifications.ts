/** The PingOne Notifications connector. Ping: /connectors/p1_notifications_connector.html. */
import { randomUUID } from "node:crypto";
import { type Call, type Capability, defineConnector, type Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { joinTexts, namedValuesOf } from "./inputs.ts";

/** What is different between the ways that a message takes. */
interface Way {
  /** The property that names where to. */
  readonly property: "email" | "phone";
  readonly nobody: string;
  /** Of the outbox; absent for an e-mail. */
  readonly channel?: "SMS" | "VOICE";
  /** What PingOne answers of the message. */
  present(message: { readonly to: string; readonly subject: string; readonly text: string }): object;
}

const EMAIL: Way = {
  property: "email",
  nobody: "There is no e-mail address to send to.",
  present: ({ to, subject, text }) => ({ deliveryMethod: "Email", subject, body: text, address: to }),
};

function phoneWay(channel: "SMS" | "VOICE", deliveryMethod: string): Way {
  return {
    property: "phone",
    nobody: "There is no phone number to send to.",
    channel,
    present: ({ to, text }) => ({ deliveryMethod, content: text, phone: to }),
  };
}

/** The templates are in the environment, not in an export: the text lists the variables that its template would get. */
function send(call: Call, { property, nobody, channel, present }: Way): Effect {
  const to = textOf(call.properties[property]).trim();
  if (to === "") return { kind: "failure", error: { code: "invalidInput", message: nobody } };
  const id = textOf(call.properties.userId);
  const message = { to, subject: templateOf(call), text: variablesText(call) };
  const { clock, outbox } = call.services;
  const now = clock();
  outbox.send({
    ...(id !== "" && { userId: id }),
    ...(channel && { channel }),
    ...message,
    purpose: "notification",
    sentAt: now,
  });
  const at = new Date(now).toISOString();
  const rawResponse = { id: randomUUID(), user: { id }, ...present(message), createdAt: at, updatedAt: at };
  return { kind: "success", output: { rawResponse, statusCode: 201 } };
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

function toPhone(way: Way, about: string) {
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
    run: (call) => send(call, way),
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
      run: (call) => send(call, EMAIL),
    },
    sendSms: toPhone(phoneWay("SMS", "SMS"), "Puts a text message into the outbox of the emulator."),
    sendVoice: toPhone(phoneWay("VOICE", "Voice"), "Puts a spoken message into the outbox of the emulator."),
  },
});
