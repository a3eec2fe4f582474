/**
 * Forms of PingOne's form builder, in the shape of its API (developer.pingidentity.com/pingone-api/platform/forms.html),
 * as far as a plain form needs it. A form is not part of a flow's export: `forms.json` beside the flow has it.
 */
import { z } from "zod";

const label = z.string().max(20_000);

const field = z.looseObject({
  type: z
    .string()
    .min(1)
    .describe("TEXT, PASSWORD, DROPDOWN, SUBMIT_BUTTON, FLOW_BUTTON, FLOW_LINK and so on."),
  key: z.string().min(1).max(200).optional(),
  label: label.optional().describe("Text, or PingOne's rich text as it stands in the API's answer."),
  content: label.optional().describe("Of a text."),
  required: z.boolean().optional(),
  visibility: z.looseObject({ type: z.string().optional(), key: z.string().optional() }).optional(),
  options: z
    .array(z.looseObject({ value: z.string(), label: label.optional() }))
    .max(1000)
    .optional(),
});

const form = z.looseObject({
  id: z.string().min(1),
  name: z.string().min(1),
  description: z.string().optional(),
  components: z.looseObject({ fields: z.array(field).max(500) }),
});

const forms = z.array(form).max(1000);

export const formsSchema = z
  .union(
    [
      z.strictObject({ $schema: z.string().optional(), forms }),
      z
        .looseObject({ _embedded: z.looseObject({ forms }) })
        .transform(({ _embedded }) => ({ forms: _embedded.forms })),
    ],
    { error: 'is no list of forms: write { "forms": [...] }, or take the answer of GET .../forms as it is' },
  )
  .describe("Forms of PingOne, which the Form connector shows.");

export type Forms = z.output<typeof formsSchema>;
export type FormDefinition = Forms["forms"][number];
export type FormField = FormDefinition["components"]["fields"][number];

/** Text of a label: PingOne keeps rich text as JSON, in which texts to be translated have a default. */
export function labelText(given: string | undefined): string {
  if (given === undefined) return "";
  if (!given.trimStart().startsWith("[")) return plain(given);
  try {
    return plain(joined(JSON.parse(given), 0)).trim();
  } catch {
    return plain(given);
  }
}

function joined(node: unknown, depth: number): string {
  if (depth > 50 || typeof node !== "object" || node === null) return "";
  if (Array.isArray(node)) return node.map((child) => joined(child, depth + 1)).join("");
  const { text, defaultTranslation, children } = node as Record<string, unknown>;
  if (typeof defaultTranslation === "string") return defaultTranslation;
  return typeof text === "string" ? text : joined(children, depth + 1);
}

/** Markup in texts is left out: only what is to be read counts. */
function plain(text: string): string {
  return text
    .replaceAll(/<[^<>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}
