/** Generated parts of documents about the emulators. The only file here that imports their tables. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { OFFLINE } from "../../mocks/control.ts";
import type { Verb } from "../../mocks/kit/control/verb.ts";
import { AT_PINGONE } from "../../mocks/pingone/davinci/scenarios/at-pingone.ts";
import { NODE_SHAPES } from "../../mocks/pingone/davinci/scenarios/scenario-schema.ts";
import { DESCRIBED_VARIABLES } from "../../mocks/pingone/davinci/scenarios/variables.ts";
import { MANAGEMENT_API, NOT_EMULATED } from "../../mocks/pingone/not-emulated.ts";
import { ROUTES } from "../../mocks/pingone/routes.ts";
import { DEFAULT_SWITCHES, switchesSchema } from "../../mocks/pingone/tenant/switches.ts";
import { ROOT, readText } from "./documents.ts";
import { codes, type Parts, rowsOf, table } from "./generate.ts";

/** Options that every fault has are described above its table. */
const COMMON_OPTIONS = ["login", "times", "delayMilliseconds"];

export function emulatorParts(): Parts {
  return {
    verbs: table(
      ["verb", "request below `/__mocks`", "takes", "answers", "what it does"],
      rowsOf<Verb>(OFFLINE.verbs, (verb, name) => [
        `\`${verb.route}\``,
        takesOf(name, verb.input),
        answersOf(verb),
        verb.about,
      ]),
    ),
    "journal-endpoints": table(
      ["emulator", "endpoints"],
      OFFLINE.emulators.map(({ title, endpoints }) => [title, codes(Object.keys(endpoints))]),
    ),
    "request-pattern": table(
      ["field", "fits"],
      rowsOf<z.ZodType>(OFFLINE.patternSchema.shape, ({ description }) => [description]),
    ),
    faults: table(
      ["fault", "on", "options", "what the client meets"],
      OFFLINE.faults.entries.map(({ name, endpoints, options, about }) => [
        `\`${name}\``,
        placesOf(endpoints),
        codes(Object.keys(options).filter((option) => !COMMON_OPTIONS.includes(option))),
        about,
      ]),
    ),
    switches: table(
      ["switch", "values, the default first", "what it does"],
      rowsOf<z.ZodType>(switchesSchema.shape, (schema, name) => [
        valuesOf(schema, DEFAULT_SWITCHES[name as keyof typeof DEFAULT_SWITCHES]),
        schema.description,
      ]),
    ),
    coverage: table(["endpoint", "methods", "what it is", "emulated"], coverageRows()),
    flows: table(["flow", "what it is for"], flowRows()),
    "scenario-nodes": table(
      ["type", "properties", "leads to", "at PingOne"],
      NODE_SHAPES.map(({ type, properties, leadsTo }) => [
        `\`${type}\``,
        codes(properties),
        codes(leadsTo),
        AT_PINGONE[type],
      ]),
    ),
    "flow-variables": table(
      ["variable", "what it is"],
      DESCRIBED_VARIABLES.map(({ name, about }) => [`\`${name}\``, about]),
    ),
  };
}

/** Inputs that a check of its own takes apart. */
const OPEN_INPUTS: Readonly<Record<string, string>> = {
  "faults.queue": "a fault",
  "state.import": "an exported state",
};
const MAX_FIELDS = 6;

function takesOf(name: string, input: z.ZodType): string | undefined {
  if (input === OFFLINE.patternSchema) return "a pattern";
  if (name in OPEN_INPUTS || !(input instanceof z.ZodObject)) return OPEN_INPUTS[name];
  const fields = Object.entries<z.ZodType>(input.shape);
  if (fields.length <= MAX_FIELDS) return codes(fields.map(([field]) => field));
  const required = fields.filter(([, schema]) => !schema.safeParse(undefined).success);
  return [...required.map(([field]) => `\`${field}\``), "…"].join(", ");
}

function answersOf({ answers, output }: Verb): string | undefined {
  if (answers !== undefined) return `\`${answers}\``;
  if (output instanceof z.ZodObject && output.def.catchall instanceof z.ZodNever) {
    return codes(Object.keys(output.shape));
  }
  return output === undefined ? undefined : "an object";
}

function placesOf(endpoints: readonly string[]) {
  if (endpoints.length === OFFLINE.endpoints.length) return "any";
  const whole = OFFLINE.emulators.find((emulator) => {
    const own = Object.keys(emulator.endpoints);
    return own.length === endpoints.length && own.every((name) => endpoints.includes(name));
  });
  return whole?.title ?? codes(endpoints);
}

function valuesOf(schema: z.ZodType, standard: unknown): string {
  const others = valuesIn(schema).filter((value) => value !== `\`${standard}\``);
  return [`\`${standard}\``, ...others].join(", ");
}

function valuesIn(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodNullable) return ["`null`", ...valuesIn(schema.unwrap() as z.ZodType)];
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${option}\``);
  return schema instanceof z.ZodBoolean ? ["`true`", "`false`"] : ["a number"];
}

/** PingOne's endpoints by path, those of the environment below its id. */
function coverageRows() {
  const emulated = ROUTES.flatMap((route) => ("about" in route ? { ...route, isEmulated: "yes" } : []));
  const missing = [...NOT_EMULATED, MANAGEMENT_API].map((endpoint) => ({ ...endpoint, isEmulated: "501" }));
  return [...emulated, ...missing].map(({ path, methods, about, isEmulated }) => [
    `\`${path}\``,
    codes(methods),
    about,
    isEmulated,
  ]);
}

const flowSchema = z.object({ name: z.string(), description: z.string() });

function flowRows() {
  const folder = "fixtures/davinci";
  return readdirSync(path.join(ROOT, folder))
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => flowSchema.parse(JSON.parse(readText(`${folder}/${file}`))))
    .map(({ name, description }) => [`\`${name}\``, description]);
}
