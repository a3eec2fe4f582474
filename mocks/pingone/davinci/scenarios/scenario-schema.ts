/**
 * The schema of a scenario: a flow that a person writes by hand (docs: docs/davinci-scenarios.md). `compile-scenario.ts`
 * makes DaVinci's own graph of it. Field and button types have the names of DaVinci's form components. A node is one
 * capability of a connector; an entry of `on` is one of its outcomes.
 */
import { z } from "zod";

const nodeName = z
  .string({
    error: ({ input }) => (input === undefined ? "is a dead end; name the node that it leads to" : undefined),
  })
  .min(1);
/** A note for readers of the file; nothing reads it. */
const $comment = z.string().optional();
/** Field and button keys are used as HTML attribute values, as form keys and in the paths of bindings. */
const key = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, "a key is letters, digits and _, starting with a letter");
/** `{{name}}` is replaced by a variable of the flow, see variables.ts. */
const template = z.string();
/** The purpose of a one-time code. A code sent for one purpose is not accepted for another. */
const purpose = z.enum(["verification", "recovery", "mfa"]);
/** A variable that may be set by the authorization request or the person: any variable of variables.ts. */
const variable = z.string().min(1);

const fieldHead = {
  key,
  label: z.string().min(1),
  required: z.boolean().default(true),
};

const input = z.strictObject({
  type: z.enum(["TEXT", "PASSWORD"]),
  ...fieldHead,
  /** Initial value of the input. */
  value: template.optional(),
  /** The HTML attributes of these names. */
  autocomplete: z.string().optional(),
  inputmode: z.enum(["email", "numeric", "text"]).optional(),
});

/** Sends `true` when it is ticked, else nothing. */
const checkbox = z.strictObject({
  type: z.literal("CHECKBOX"),
  ...fieldHead,
  required: z.boolean().default(false),
});

const dropdown = z.strictObject({
  type: z.literal("DROPDOWN"),
  ...fieldHead,
  options: z.array(z.strictObject({ value: z.string(), label: z.string().min(1) })).min(1),
  /** The option that is chosen at first. */
  value: template.optional(),
});

const field = z.discriminatedUnion("type", [input, checkbox, dropdown], {
  error: ({ code }) =>
    code === "invalid_union"
      ? "is no known field type; known are: TEXT, PASSWORD, CHECKBOX, DROPDOWN"
      : undefined,
});

const button = z.strictObject({
  /** SUBMIT_BUTTON sends the fields and requires those that are required; FLOW_BUTTON only leads to another node. */
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
  /** Marks a screen without any button as intended: the user cannot continue from it. */
  deadEnd: z.literal(true).optional(),
});

/** A node that runs without a screen and names a next node for each of its outcomes. */
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
  /** DaVinci's node asks for one method; of several, one suffices. `anyAuthenticationMethod` takes every session. */
  methods: z.array(z.string()).min(1),
  /** Counts from when a method was last used, which is the last authentication: passing through does not renew it. */
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

/** Writes fields to the user: attribute, nested with dots, to the key of a field or a `{{variable}}`. */
const updateUser = automatic("updateUser", ["done", "failed"], {
  saves: z
    .record(z.string().regex(/^[A-Za-z][\w]*(\.[A-Za-z][\w]*)*$/, "is no name of an attribute"), template)
    .refine((saves) => Object.keys(saves).length > 0, "says nothing to write; name an attribute and a field"),
});

const sendCode = automatic("sendCode", ["sent"], { purpose });
const checkCode = automatic("checkCode", ["ok", "invalid"], { purpose, input: key });

/** Forgotten password: a recovery code replaces the current password. */
const recoverPassword = automatic("recoverPassword", ["ok", "invalid", "mismatch"], {
  code: key,
  newPassword: key,
  verifyNewPassword: key,
});

const changePassword = z.strictObject({
  type: z.literal("changePassword"),
  $comment,
  currentPassword: key,
  newPassword: key,
  verifyNewPassword: key,
  on: z.strictObject({
    ok: nodeName,
    /** The current password is wrong, and the new one is refused unless `refused` is given. */
    invalid: nodeName,
    refused: nodeName.optional(),
    mismatch: nodeName,
    locked: nodeName,
  }),
});

const memberOf = automatic("memberOf", ["member", "notMember"], {
  /** The name of a group of the tenant. */
  group: z.string().min(1),
});

const branch = z.strictObject({
  type: z.literal("branch"),
  $comment,
  /** Name of a variable of the flow, as in `{{...}}`. */
  value: variable,
  equals: z.record(z.string(), nodeName),
  otherwise: nodeName,
});

/**
 * `pingOneScopeConsentConnector`, capability `appConsent`. It leads to `next` whether the user accepts or declines:
 * branch on `consent.status`.
 */
const consent = z.strictObject({
  type: z.literal("consent"),
  $comment,
  /** "Always Prompt for Consent": also ask a user who has already accepted the same scopes. */
  promptConsent: z.boolean(),
  /** The user may deselect scopes. Has an effect only if the success node also sets `reducedScopes`. */
  reducedScopes: z.boolean().default(false),
  next: nodeName,
});

/** `errorConnector.customErrorMessage`: shows the last screen again with this message; without one, ends the flow. */
const errorMessage = z.strictObject({ type: z.literal("errorMessage"), $comment, message: template });

/** `returnSuccessResponseRedirect`. */
const success = z.strictObject({
  type: z.literal("success"),
  $comment,
  authenticationMethods: z.array(z.string().min(1)).min(1),
  /** Grants only the scopes that the user kept at consent. */
  reducedScopes: z.boolean().default(false),
  /** PingOne's default is 30 days. */
  idleTimeoutMinutes: z.int().positive().default(43_200),
});

/** `returnErrorResponseRedirect`: accepts any error code; `access_denied` is not in DaVinci's own list. */
const error = z.strictObject({
  type: z.literal("error"),
  $comment,
  error: z.string().min(1),
  errorDescription: template,
});

/** The terminal node of a sub-flow. A main flow that reaches it ends without an OAuth response. */
const createSuccessResponse = z.strictObject({ type: z.literal("createSuccessResponse"), $comment });

const nodes = [
  screen,
  checkSession,
  userLookup,
  checkPassword,
  registerUser,
  updateUser,
  sendCode,
  checkCode,
  recoverPassword,
  changePassword,
  branch,
  memberOf,
  consent,
  errorMessage,
  success,
  error,
  createSuccessResponse,
] as const;

/** Every node type, in the order of the documentation. */
export const NODE_TYPES: readonly string[] = nodes.map(({ shape }) => shape.type.value);

const WAYS_OUT: readonly string[] = ["on", "next", "equals", "otherwise", "buttons"];

/** For the documentation: the properties of each node type, and the outcomes that it names. */
export const NODE_SHAPES = nodes.map(({ shape }) => ({
  type: shape.type.value,
  properties: Object.keys(shape).filter(
    (name) => name !== "type" && name !== "$comment" && !WAYS_OUT.includes(name),
  ),
  leadsTo:
    "on" in shape
      ? Object.keys(shape.on.shape)
      : Object.keys(shape).filter((name) => WAYS_OUT.includes(name)),
}));

const node = z.discriminatedUnion("type", nodes, {
  error: ({ code }) =>
    code === "invalid_union" ? `is no known node type; known are: ${NODE_TYPES.join(", ")}` : undefined,
});

const head = {
  $schema: z.string().optional(),
  $comment,
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a flow name is lower-case words with dashes"),
  description: z.string().min(1),
  /** The flow policy that runs this flow: `acr_values` selects it, and the ID token has it as `acr`. */
  policyId: z.string().regex(/^[0-9a-f]{32}$/, "a DaVinci policy id is 32 lower-case hexadecimal digits"),
};

/** By the name of its first node: what the sub-flow is called. It takes in what follows, up to consent and the ends. */
const subFlows = z.record(nodeName, z.string().min(1));

/** A complete scenario. */
export const scenarioSchema = z.strictObject({
  ...head,
  start: nodeName,
  subFlows: subFlows.default({}),
  nodes: z.record(nodeName, node),
});

/** A scenario given as changes to another: nodes are added or replaced as a whole, and `null` removes one. */
export const variantSchema = z.strictObject({
  ...head,
  extends: z.string(),
  start: nodeName.optional(),
  subFlows: subFlows.optional(),
  nodes: z.record(nodeName, node.nullable()).default({}),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioNode = z.output<typeof node>;
export type NodeOfType<T extends ScenarioNode["type"]> = Extract<ScenarioNode, { type: T }>;
export type ScreenNode = z.output<typeof screen>;
export type Field = z.output<typeof field>;
