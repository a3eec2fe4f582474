/** What `wrangler.jsonc` must say so that the Worker is safe. */
import path from "node:path";
import { expect, it } from "vitest";
import { experimental_readRawConfig } from "wrangler";
import { z } from "zod";

const configSchema = z.object({
  compatibility_flags: z.array(z.string()),
  observability: z.object({
    enabled: z.boolean(),
    redact_query_string: z.boolean(),
    logs: z.object({ enabled: z.boolean(), invocation_logs: z.boolean() }),
    traces: z.unknown().optional(),
  }),
});

const config = path.join(import.meta.dirname, "../../wrangler.jsonc");
const settings = configSchema.parse(experimental_readRawConfig({ config }).rawConfig);

it("[SEC-30] Workers Logs are on, without the queries of addresses, which carry codes and states", () => {
  const { enabled, redact_query_string } = settings.observability;
  expect({ enabled, redact_query_string }).toEqual({ enabled: true, redact_query_string: true });
});

it("Workers Logs keep the Worker's own lines, and do not bill each invocation as one more", () => {
  expect(settings.observability.logs).toEqual({ enabled: true, invocation_logs: false });
});

it("[SEC-33] no fetch reaches into the own zone, whatever address a stranger has chosen", () => {
  expect(settings.compatibility_flags).toContain("global_fetch_strictly_public");
});
