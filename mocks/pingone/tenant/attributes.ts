/**
 * Attribute mappings, which add claims to tokens: `value` is text or an expression of PingOne's expression language. Of
 * that language there are references (`user.name.given`, `user['name']`), string literals, and ` + ` between them; any
 * other expression is a fault at load.
 */
import { z } from "zod";
import type { User } from "./users.ts";

export const attributeMapping = z
  .object({
    name: z.string().min(1).describe("Name of the claim."),
    value: z.string().default("").describe('Text, or an expression such as "${user.memberOfGroupNames}".'),
    idToken: z.boolean().default(true).describe("Whether the ID token has it (applications only)."),
    userInfo: z.boolean().default(true).describe("Whether UserInfo has it (applications only)."),
  })
  .describe("One of GET .../attributes");
export type AttributeMapping = z.output<typeof attributeMapping>;

/**
 * Claims of PingOne's own that no mapping may give (documentation of Resource Attributes, "reserved names"). `sub` is a
 * core attribute: it may be mapped.
 */
const RESERVED: ReadonlySet<string> = new Set(
  "acr amr at_hash aud auth_time azp client_id env exp iat iss jti nbf nonce org p1.region p1.rid scope sid".split(
    " ",
  ),
);

/** PingOne's standard user attributes, and the two that it derives from groups. */
const STANDARD_ATTRIBUTES: readonly string[] = (
  "account.status accountId address.countryCode address.locality address.postalCode address.region " +
  "address.streetAddress createdAt email enabled externalId id lifecycle.status locale memberOfGroupIDs " +
  "memberOfGroupNames mfaEnabled mobilePhone name.family name.formatted name.given name.honorificPrefix " +
  "name.honorificSuffix name.middle nickname photo.href population.id preferredLanguage primaryPhone timezone title " +
  "type updatedAt username verifyStatus"
).split(" ");

/** Claims that PingOne itself sets, or that stand for who issued a token, when and to whom: nothing else may give them. */
export function isReservedClaim(name: string): boolean {
  return RESERVED.has(name) || name === "sub" || name === "c_hash" || name === "__proto__";
}

type Term = { readonly literal: string } | { readonly path: readonly string[] };

/** PingOne limits a claim of several values in an ID token. */
const MAX_VALUES_IN_ID_TOKEN = 25;

/**
 * What is wrong with a mapping, `undefined` when nothing is.
 * @param customAttributes Names of attributes that users of this tenant have beside PingOne's own.
 */
export function findMappingFault(
  { name, value }: Pick<AttributeMapping, "name" | "value">,
  customAttributes: ReadonlySet<string>,
): { readonly at: "name" | "value"; readonly reason: string } | undefined {
  if (RESERVED.has(name)) {
    return { at: "name", reason: `"${name}" is a claim of PingOne's own; give the mapping another name.` };
  }
  const terms = parse(value);
  if (!terms) {
    return {
      at: "value",
      reason:
        "is an expression that the emulator cannot evaluate; write text or ${user.<attribute>}, and join several " +
        "with ` + ` (literals in quotes).",
    };
  }
  for (const term of terms) {
    if ("literal" in term) continue;
    const attribute = term.path.join(".");
    if (isStandard(attribute) || customAttributes.has(term.path[0] ?? "")) continue;
    const known = [...STANDARD_ATTRIBUTES, ...customAttributes].join(", ");
    return {
      at: "value",
      reason: `no user has the attribute "${attribute}"; give it to a user, or use one of: ${known}.`,
    };
  }
  return undefined;
}

/** Whole objects, such as `user.name`, can be mapped too. */
function isStandard(attribute: string): boolean {
  return STANDARD_ATTRIBUTES.some((known) => known === attribute || known.startsWith(`${attribute}.`));
}

/** The claims that the mappings add. One whose value is blank, or is not there for this user, is left out. */
export function claimsOfMappings(
  mappings: readonly Pick<AttributeMapping, "name" | "value">[],
  user: User,
  groups: readonly { readonly id: string; readonly name: string }[],
): Record<string, unknown> {
  const memberOf = groups.filter(({ id }) => user.memberOfGroups.some((own) => own.id === id));
  const attributes = {
    ...user.customAttributes,
    ...user,
    memberOfGroupNames: memberOf.map(({ name }) => name),
    memberOfGroupIDs: memberOf.map(({ id }) => id),
  };
  return Object.fromEntries(
    mappings.flatMap(({ name, value }) => {
      const claim = evaluate(parse(value) ?? [], attributes);
      return claim === undefined ? [] : [[name, claim]];
    }),
  );
}

/** In an ID token PingOne replaces what is too long (documentation of "Editing an OIDC resource"). */
export function limitedForIdToken(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) && value.length > MAX_VALUES_IN_ID_TOKEN ? "[SIZE_LIMIT_EXCEEDED]" : value,
    ]),
  );
}

function evaluate(terms: readonly Term[], attributes: object): unknown {
  const values = terms.map((term) => ("literal" in term ? term.literal : read(attributes, term.path)));
  // A reference alone keeps its type; joined, it becomes text.
  if (values.length === 1) return values[0] === "" ? undefined : values[0];
  return values.some((value) => value === undefined) ? undefined : values.map(String).join("");
}

function read(attributes: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    attributes,
  );
}

const REFERENCE = /^user((?:\.[A-Za-z][A-Za-z0-9_]*|\['[^']+'\])+)$/;
const LITERAL = /^(?:'((?:[^']|'')*)'|"([^"]*)")$/;
/** A term, and the ` + ` before the next one. */
const TERMS = /^((?:'(?:[^']|'')*'|"[^"]*"|[^'"+\s]|\['[^']+'\])+)(?: \+ (.+))?$/s;

/** Text is one literal; `${...}` is an expression. `undefined`: it cannot be evaluated. */
function parse(value: string): readonly Term[] | undefined {
  if (!value.includes("${")) return [{ literal: value }];
  const expression = /^\$\{([^{}]*)\}$/s.exec(value)?.[1];
  return expression === undefined ? undefined : parseTerms(expression.trim());
}

function parseTerms(expression: string): readonly Term[] | undefined {
  const [, first, rest] = TERMS.exec(expression) ?? [];
  const term = first === undefined ? undefined : parseTerm(first);
  if (!term || rest === undefined) return term && [term];
  const others = parseTerms(rest);
  return others && [term, ...others];
}

function parseTerm(term: string): Term | undefined {
  const [isLiteral, single, double] = LITERAL.exec(term) ?? [];
  if (isLiteral !== undefined) return { literal: single?.replaceAll("''", "'") ?? double ?? "" };
  const path = REFERENCE.exec(term)?.[1];
  if (path === undefined) return undefined;
  return {
    path: [...path.matchAll(/\.([A-Za-z0-9_]+)|\['([^']+)'\]/g)].map(
      ([, dotted, quoted]) => dotted ?? quoted ?? "",
    ),
  };
}
