/** The control API as an OpenAPI 3.1 document, from the table of verbs, for clients in any language. */
import { z } from "zod";
import type { FaultEntry } from "../faults/fault.ts";
import type { Kit } from "../kit.ts";
import { CONTROL_PATH } from "../middleware.ts";
import type { Verb } from "./verb.ts";

/** Of the API, not of the package: raised when a client could break. */
const API_VERSION = "1.0.0";

type JsonSchema = Record<string, unknown>;

/** @param needsToken Whether a caller must send the token that was printed at start. */
export function describeControlApi(kit: Kit, needsToken: boolean): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, verb] of Object.entries(kit.verbs)) {
    const [method = "", path = ""] = verb.route.split(" ");
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeVerb(kit, name, verb) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: `Control API of the emulators: ${kit.emulators.map(({ title }) => title).join(", ")}`,
      description: "Reads the journal, queues faults, seeds users and applications, moves the clock, resets.",
      version: API_VERSION,
    },
    servers: [{ url: CONTROL_PATH }],
    ...(needsToken && { security: [{ token: [] }] }),
    paths,
    components: {
      schemas: { Refusal: jsonSchema(refusal, "output") },
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "Printed at start." } },
    },
  };
}

const refusal = z.object({
  error: z.string().describe("For programs."),
  message: z.string().describe("What is wrong, and what would be valid."),
});

function describeVerb(kit: Kit, name: string, verb: Verb): JsonSchema {
  const [group, method] = name.split(".");
  const refused = (description: string) => ({
    description,
    content: { "application/json": { schema: { $ref: "#/components/schemas/Refusal" } } },
  });
  return {
    operationId: name.replace(".", "_"),
    ...(method !== undefined && { tags: [group] }),
    summary: verb.about,
    ...describeInput(kit, name, verb),
    responses: {
      ...describeAnswer(verb),
      400: refused("The input is not valid."),
      401: refused("The token is missing or wrong. Only where other machines reach the control API."),
      403: refused("A web page of another origin, or a host name that is not loopback."),
      413: refused("The body is too long."),
      ...(verb.canFailExpectation === true && { 417: refused("The expectation is not met.") }),
    },
  };
}

function describeInput(kit: Kit, name: string, { route, input }: Verb): JsonSchema {
  const schema =
    name === "faults.queue"
      ? { oneOf: kit.faults.entries.map(faultSchema) }
      : jsonSchema(input as z.ZodType, "input");
  if (!route.startsWith("GET ")) {
    const isOptional = (input as z.ZodType).safeParse({}).success;
    return { requestBody: { required: !isOptional, content: { "application/json": { schema } } } };
  }
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const parameters = Object.entries(properties).map(([field, property]) => ({
    name: field,
    in: "query",
    required: required.includes(field),
    schema: property,
  }));
  return parameters.length > 0 ? { parameters } : {};
}

function faultSchema({ name, about, endpoints, options }: FaultEntry): JsonSchema {
  const fault = z.strictObject({
    fault: z.literal(name),
    endpoint: z.enum(endpoints as [string, ...string[]]),
    ...options,
  });
  return { ...jsonSchema(fault, "input"), title: name, description: about };
}

function describeAnswer({ output, answers }: Verb): JsonSchema {
  if (output === undefined) return { 204: { description: "Done." } };
  const answer = answers === undefined ? output : z.object({ [answers]: output });
  return {
    200: {
      description: "Done.",
      content: { "application/json": { schema: jsonSchema(answer as z.ZodType, "output") } },
    },
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
