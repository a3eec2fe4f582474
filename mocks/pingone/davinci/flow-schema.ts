/**
 * The shape of a flow file in `fixtures/davinci/` (docs: docs/davinci-flows.md). Field and button types carry the names
 * of DaVinci's own form components; a node is one capability of a connector, an entry of `on` one of its outcomes.
 */
import { z } from "zod";

const nodeName = z
  .string({
    error: ({ input }) => (input === undefined ? "is a dead end; name the node that it leads to" : undefined),
  })
  .min(1);
/** Why a node is as it is; nothing reads it. */
const $comment = z.string().optional();
/** Field and button keys go out as HTML attribute values and come back as form keys. */
const key = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, "a key is letters, digits and _, starting with a letter");
/** `{{name}}` stands for a variable of the flow, see template.ts. */
const template = z.string();
/** What a one-time code is for; a code sent for one purpose is worthless for another. */
const purpose = z.enum(["verification", "recovery", "mfa"]);

const field = z.strictObject({
  type: z.enum(["TEXT", "PASSWORD"]),
  key,
  label: z.string().min(1),
  required: z.boolean().default(true),
  maxLength: z.int().min(1).max(4096).default(256),
  /** First value of the input. */
  value: template.optional(),
  /** The HTML attributes of these names. */
  autocomplete: z.string().optional(),
  inputmode: z.enum(["email", "numeric", "text"]).optional(),
});

const button = z.strictObject({
  /** SUBMIT_BUTTON sends the fields, and they must be filled in; FLOW_BUTTON only goes somewhere else. */
  type: z.enum(["SUBMIT_BUTTON", "FLOW_BUTTON"]),
  key,
  label: z.string().min(1),
  next: nodeName,
});

const screen = z.strictObject({
  type: z.literal("screen"),
  $comment,
  heading: template,
  text: z.array(template).default([]),
  fields: z.array(field).default([]),
  buttons: z.array(button).default([]),
  /** Says that a screen without any button is meant to strand the person. */
  deadEnd: z.literal(true).optional(),
});

/** A node that decides by itself, with one way on for each of its outcomes. */
const automatic = <T extends string, O extends string, I extends z.core.$ZodLooseShape>(
  type: T,
  outcomes: readonly [O, ...O[]],
  inputs: I,
) =>
  z.strictObject({
    type: z.literal(type),
    $comment,
    ...inputs,
    on: z.strictObject(
      Object.fromEntries(outcomes.map((name) => [name, nodeName])) as Record<O, typeof nodeName>,
    ),
  });

const checkSession = automatic("checkSession", ["session", "noSession"], {
  /** The session counts only if the person signed on by one of these. */
  methods: z.array(z.string()).min(1),
  lastUsedWithinMinutes: z.int().positive(),
});

const userLookup = automatic("userLookup", ["found", "notFound"], {
  by: z.array(z.enum(["username", "email"])).min(1),
  input: key,
});

const checkPassword = automatic(
  "checkPassword",
  ["ok", "invalid", "mustChange", "expired", "locked", "disabled"],
  { input: key },
);

const registerUser = automatic("registerUser", ["created", "taken", "invalidEmail", "passwordRefused"], {
  email: key,
  givenName: key,
  familyName: key,
  password: key,
});

const sendCode = automatic("sendCode", ["sent"], { purpose });
const checkCode = automatic("checkCode", ["ok", "invalid"], { purpose, input: key });
const verifyUser = automatic("verifyUser", ["done"], {});

/** Forgotten password: a recovery code stands for the current password. */
const recoverPassword = automatic("recoverPassword", ["ok", "invalid", "mismatch"], {
  code: key,
  newPassword: key,
  verifyNewPassword: key,
});

const changePassword = automatic("changePassword", ["ok", "invalid", "mismatch", "locked"], {
  currentPassword: key,
  newPassword: key,
  verifyNewPassword: key,
});

const branch = z.strictObject({
  type: z.literal("branch"),
  $comment,
  /** A variable of the flow, as in `{{...}}`. */
  value: z.string(),
  equals: z.record(z.string(), nodeName),
  otherwise: nodeName,
});

/** `pingOneScopeConsentConnector`, capability `appConsent`. It goes on whatever the answer was: branch on `consent.status`. */
const consent = z.strictObject({
  type: z.literal("consent"),
  $comment,
  /** "Always Prompt for Consent": ask even a person who has already accepted the same scopes. */
  promptConsent: z.boolean(),
  /** The person may leave some of the scopes out; has an effect only if the success node says `reducedScopes` too. */
  reducedScopes: z.boolean().default(false),
  next: nodeName,
});

/** `errorConnector.customErrorMessage`: the last screen again, with this message; fatal before any screen. */
const errorMessage = z.strictObject({ type: z.literal("errorMessage"), $comment, message: template });

/** `returnSuccessResponseRedirect`. */
const success = z.strictObject({
  type: z.literal("success"),
  $comment,
  authenticationMethods: z.array(z.string().min(1)).min(1),
  /** Grants only the scopes that the person left at consent. */
  reducedScopes: z.boolean().default(false),
  /** PingOne's default is 30 days. */
  idleTimeoutMinutes: z.int().positive().default(43_200),
});

/** `returnErrorResponseRedirect`: any code an author likes; `access_denied` is not in DaVinci's own list. */
const error = z.strictObject({
  type: z.literal("error"),
  $comment,
  error: z.string().min(1),
  errorDescription: template,
});

/** The terminal of a sub-flow. In a main flow it ends without any OAuth response. */
const createSuccessResponse = z.strictObject({ type: z.literal("createSuccessResponse"), $comment });

const nodes = [
  screen,
  checkSession,
  userLookup,
  checkPassword,
  registerUser,
  sendCode,
  checkCode,
  verifyUser,
  recoverPassword,
  changePassword,
  branch,
  consent,
  errorMessage,
  success,
  error,
  createSuccessResponse,
] as const;

/** Every node type, as the documentation lists them. */
export const NODE_TYPES: readonly string[] = nodes.map(({ shape }) => shape.type.value);

const node = z.discriminatedUnion("type", nodes, {
  error: ({ code }) =>
    code === "invalid_union" ? `is no known node type; known are: ${NODE_TYPES.join(", ")}` : undefined,
});

const flowHead = {
  $schema: z.string().optional(),
  $comment,
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a flow name is lower-case words with dashes"),
  description: z.string().min(1),
  /** The flow policy that runs this flow: `acr_values` picks it, and it comes back as `acr`. */
  policyId: z.string().regex(/^[0-9a-f]{32}$/, "a DaVinci policy id is 32 lower-case hexadecimal digits"),
};

/** A flow as it runs. */
export const flowSchema = z.strictObject({
  ...flowHead,
  start: nodeName,
  nodes: z.record(nodeName, node),
});

/** A file that says only how its flow differs from another: whole nodes replaced, added, or removed by `null`. */
export const variantSchema = z.strictObject({
  ...flowHead,
  extends: z.string(),
  start: nodeName.optional(),
  nodes: z.record(nodeName, z.unknown()).default({}),
});

export type Flow = z.output<typeof flowSchema>;
export type FlowNode = z.output<typeof node>;
export type NodeOfType<T extends FlowNode["type"]> = Extract<FlowNode, { type: T }>;
export type ScreenNode = z.output<typeof screen>;
export type ConsentNode = z.output<typeof consent>;
export type Field = z.output<typeof field>;
export type CodePurpose = z.output<typeof purpose>;
