/**
 * JSON Schemas of a tenant's files, for editors. They are made from the schemas that load the files, so they know the same
 * names and values; what concerns several files at once, only the loader checks.
 */
import { z } from "zod";
import { stubsSchema } from "./pingone/davinci/connectors/stubs.ts";
import { variablesSchema } from "./pingone/davinci/files/companions.ts";
import { scenarioSchema, variantSchema } from "./pingone/davinci/scenarios/scenario-schema.ts";
import { formsSchema } from "./pingone/davinci/screens/form-schema.ts";
import { LISTS } from "./pingone/tenant/load-tenant.ts";
import { riskSchema } from "./pingone/tenant/risk.ts";
import { environmentSchema } from "./pingone/tenant/schema.ts";
import { todoSeedsSchema } from "./todo/store.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** By name: that of the file in `pingone/` without its ending, `flow`, `variables`, `stubs`, `risk`, `forms` or `todos`. */
export function tenantSchemas(): Readonly<Record<string, JsonSchema>> {
  const lists = Object.values(LISTS).map((list) => [
    list.file.replace(/\.json$/, ""),
    toJsonSchema(collection(list)),
  ]);
  return {
    environment: toJsonSchema(environmentSchema),
    ...(Object.fromEntries(lists) as Record<string, JsonSchema>),
    flow: toJsonSchema(z.union([scenarioSchema, variantSchema])),
    variables: toJsonSchema(variablesSchema),
    stubs: toJsonSchema(stubsSchema),
    risk: toJsonSchema(riskSchema),
    forms: toJsonSchema(formsSchema),
    todos: toJsonSchema(todoSeedsSchema),
  };
}

/** A bare array, or a collection as the Management API pages one: `{ "_embedded": { [key]: [...] } }`. */
function collection({ key, item, ...list }: (typeof LISTS)[keyof typeof LISTS]): z.ZodType {
  const items = z.array("skipped" in list ? z.union([item, list.skipped]) : item);
  return z.union([
    z.looseObject({ $schema: z.string().optional(), _embedded: z.looseObject({ [key]: items }) }),
    items,
  ]);
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  // What a person writes, before defaults; draft 7 is what editors know best.
  return z.toJSONSchema(schema, { io: "input", target: "draft-7", unrepresentable: "any" });
}
