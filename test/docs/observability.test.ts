/** What Workers Logs keep of a request, by `wrangler.jsonc`. */
import path from "node:path";
import { expect, it } from "vitest";
import { experimental_readRawConfig } from "wrangler";
import { z } from "zod";

const configSchema = z.object({
  observability: z.object({
    enabled: z.boolean(),
    redact_query_string: z.boolean(),
    logs: z.unknown().optional(),
    traces: z.unknown().optional(),
  }),
});

it("Workers Logs are on, without the queries of addresses, which carry codes and states", () => {
  const config = path.join(import.meta.dirname, "../../wrangler.jsonc");
  const { observability } = configSchema.parse(experimental_readRawConfig({ config }).rawConfig);
  expect(observability).toEqual({ enabled: true, redact_query_string: true });
});
