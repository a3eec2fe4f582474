/**
 * Every way of failing that can be summoned, by name: the one place from which the API, the page, the types of the
 * client and the documentation take their names.
 */
import { z } from "zod";
import { TOKEN_FAULTS, type TokenFault } from "../../pingone/contracts.ts";
import { ENDPOINTS, type EndpointName, TODO_ENDPOINTS } from "../endpoints.ts";

const MAX_DELAY_MS = 120_000;
const milliseconds = z.int().min(0).max(MAX_DELAY_MS);

/** Whose request a fault waits for. Every field that is given must fit; without any, the next request meets it. */
export const loginScopeSchema = z
  .strictObject({
    /** User name, user id or `login_hint`. */
    user: z.string().min(1).optional(),
    /** `state` of the authorization request that the login began with. */
    state: z.string().min(1).optional(),
    clientId: z.string().min(1).optional(),
  })
  .refine((scope) => Object.keys(scope).length > 0, "login names at least one of user, state, clientId");
export type LoginScope = z.infer<typeof loginScopeSchema>;

const common = {
  endpoint: z.enum(ENDPOINTS),
  login: loginScopeSchema.optional(),
  /** How many requests meet it. */
  times: z.int().min(1).max(1000).default(1),
};
/** The wait comes before anything else happens. */
const waits = { ...common, delayMilliseconds: milliseconds.optional() };
/** `true`: the emulator acts on the request and only its answer is lost, as when a proxy fails on the way back. */
const afterProcessing = z.boolean().default(false);
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, "header values are printable ASCII");
/** A string is sent as it is, anything else as JSON. */
const body = z.json();
const headers = z.record(
  z.string().regex(/^[\w-]+$/, "header names are letters, digits and hyphens"),
  headerValue,
);

const onTodo = { ...waits, endpoint: z.enum(TODO_ENDPOINTS) };

const httpFaults = [
  z.strictObject({ fault: z.literal("delay"), ...common, milliseconds }),
  z.strictObject({
    fault: z.literal("status"),
    ...waits,
    status: z.int().min(200).max(599),
    body: body.optional(),
    headers: headers.optional(),
    afterProcessing,
  }),
  z.strictObject({ fault: z.literal("body"), ...waits, body, headers: headers.optional() }),
  z.strictObject({ fault: z.literal("reset"), ...waits, afterProcessing }),
  z.strictObject({ fault: z.literal("malformed_json"), ...waits }),
  z.strictObject({ fault: z.literal("truncated"), ...waits }),
  z.strictObject({
    fault: z.literal("wrong_content_type"),
    ...waits,
    contentType: headerValue.default("text/html; charset=utf-8"),
  }),
  z.strictObject({
    fault: z.literal("trickle"),
    ...waits,
    chunkBytes: z.int().min(1).max(65_536).default(16),
    intervalMilliseconds: milliseconds.default(100),
  }),
  z.strictObject({
    fault: z.literal("rate_limited"),
    ...waits,
    retryAfterSeconds: z.int().min(0).max(86_400).default(5),
    afterProcessing,
  }),
  z.strictObject({
    fault: z.literal("server_error"),
    ...waits,
    status: z.int().min(500).max(599).default(503),
    afterProcessing,
  }),
  z.strictObject({ fault: z.literal("unauthorized"), ...onTodo }),
  z.strictObject({ fault: z.literal("forbidden"), ...onTodo }),
  z.strictObject({ fault: z.literal("not_found"), ...onTodo }),
  z.strictObject({ fault: z.literal("conflict"), ...onTodo }),
  z.strictObject({ fault: z.literal("unprocessable"), ...onTodo }),
  z.strictObject({
    fault: z.literal("very_large_list"),
    ...waits,
    endpoint: z.literal("todos.list"),
    count: z.int().min(1).max(200_000).default(10_000),
  }),
] as const;

const tokenFaults = z.strictObject({ fault: z.enum(TOKEN_FAULTS), ...common, endpoint: z.literal("token") });

export const httpFaultSchema = z.discriminatedUnion("fault", httpFaults);
export type HttpFault = z.output<typeof httpFaultSchema>;

export const faultSchema = z.discriminatedUnion("fault", [...httpFaults, tokenFaults]);
export type Fault = z.output<typeof faultSchema>;
/** What `queueFault` takes. */
export type FaultRequest = z.input<typeof faultSchema>;
export type FaultName = Fault["fault"];

export function isTokenFault(fault: Fault): fault is Extract<Fault, { fault: TokenFault }> {
  return TOKEN_FAULTS.some((name) => name === fault.fault);
}

/** What each fault does, for the page and for anyone who asks. */
export const FAULTS: Readonly<Record<FaultName, string>> = {
  delay: "Answers as usual, but late.",
  status: "Answers with this status and body.",
  body: "Answers as usual, with another body.",
  reset: "Resets the connection instead of answering.",
  malformed_json: "Cuts the body in half; the HTTP response itself is whole.",
  truncated: "Breaks the connection half-way through the body.",
  wrong_content_type: "Answers as usual, but calls the body something else.",
  trickle: "Sends the body a few bytes at a time.",
  rate_limited: "429 with Retry-After.",
  server_error: "A failure of the server, 503 unless told otherwise.",
  unauthorized: "401 invalid_token.",
  forbidden: "403 insufficient_scope.",
  not_found: "404.",
  conflict: "409.",
  unprocessable: "422.",
  very_large_list: "A list of thousands of todos.",
  wrong_signature: "Tokens under the right key id, signed by another key.",
  unknown_kid: "Tokens under a key id that the JWKS does not have.",
  wrong_audience: "Tokens for another audience.",
  wrong_nonce: "An ID token with another nonce.",
  wrong_issuer: "Tokens from another issuer.",
  expired: "Tokens that expired before they were issued.",
  other_subject: "Tokens of another user.",
  missing_id_token: "No ID token in the answer.",
};

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

/** Endpoints that a fault can be queued on. */
export function endpointsOf(name: FaultName): readonly EndpointName[] {
  const schema = [...httpFaults, tokenFaults].find((option) => option.shape.fault.safeParse(name).success);
  return ENDPOINTS.filter((endpoint) => schema?.shape.endpoint.safeParse(endpoint).success);
}

/** Options of a fault beside `endpoint` and `fault`. */
export function optionsOf(name: FaultName): readonly string[] {
  const schema = [...httpFaults, tokenFaults].find((option) => option.shape.fault.safeParse(name).success);
  return Object.keys(schema?.shape ?? {}).filter((key) => key !== "fault" && key !== "endpoint");
}
