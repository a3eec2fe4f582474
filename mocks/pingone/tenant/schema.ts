/**
 * The shapes of the files in a tenant's `pingone/` folder: what PingOne's Management API returns for an environment, so
 * that an export of a real one can be put in their place. Attributes that the emulator does not know are left aside. The
 * same schemas load the files and become the JSON Schemas for editors.
 */
import { z } from "zod";
import { attributeMapping } from "./attributes.ts";
import { findRedirectUriFault } from "./redirect-uris.ts";

/** The emulator's own, non-PingOne addition to the shapes: `{worker}` in redirect URIs is the Worker's origin. */
const WORKER_PLACEHOLDER = "{worker}";

export function withWorkerOrigin(uri: string, workerOrigin: string): string {
  return uri.replace(WORKER_PLACEHOLDER, workerOrigin);
}

const reference = z.object({ id: z.string().min(1) });
const seconds = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

export const REGION_TLDS = { NA: "com", CA: "ca", EU: "eu", AP: "asia", AU: "com.au", SG: "sg" } as const;

export const environmentSchema = z
  .object({
    id: z.uuid().describe("The environment id, part of the issuer."),
    name: z.string().min(1),
    region: z
      .enum(Object.keys(REGION_TLDS) as [keyof typeof REGION_TLDS])
      .describe("Decides the claim p1.region, and the audience of tokens for PingOne's own API."),
    organization: z.object({ id: z.uuid() }),
  })
  .describe("GET /v1/environments/{id}");

/** The methods that an enabled application may use here. */
const EMULATED_METHODS = ["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"] as const;
const OTHER_METHODS = ["CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT"] as const;

export const applicationSchema = z
  .object({
    id: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, "an id is 1 to 64 letters, digits and . _ -")
      .describe("The client_id. A UUID at PingOne; any other id is allowed, so that files can be read."),
    name: z.string().min(1),
    enabled: z.boolean().default(true),
    type: z.enum(["WEB_APP", "NATIVE_APP", "SINGLE_PAGE_APP", "CUSTOM_APP", "SERVICE", "WORKER"]),
    protocol: z.literal("OPENID_CONNECT"),
    grantTypes: z.array(
      z.enum([
        "AUTHORIZATION_CODE",
        "IMPLICIT",
        "REFRESH_TOKEN",
        "CLIENT_CREDENTIALS",
        "DEVICE_CODE",
        "TOKEN_EXCHANGE",
        "CIBA",
      ]),
    ),
    responseTypes: z.array(z.enum(["CODE", "TOKEN", "ID_TOKEN"])).default([]),
    pkceEnforcement: z.enum(["OPTIONAL", "REQUIRED", "S256_REQUIRED"]).default("OPTIONAL"),
    tokenEndpointAuthMethod: z
      .enum([...EMULATED_METHODS, ...OTHER_METHODS])
      .describe(`How the client authenticates. ${OTHER_METHODS.join(" and ")} are not emulated.`),
    secret: z
      .string()
      .min(1)
      .optional()
      .describe("Of GET .../applications/{id}/secret. TEST ONLY. Without one it is TEST-ONLY-<id>-secret."),
    redirectUris: z
      .array(z.string())
      .default([])
      .describe("{worker} is replaced by the origin of the program under test."),
    allowWildcardInRedirectUris: z
      .boolean()
      .default(false)
      .describe("Allows one * in the path or query of a redirect URI."),
    postLogoutRedirectUris: z.array(z.string()).default([]),
    refreshTokenType: z.enum(["OPAQUE_TOKEN", "JSON_WEB_TOKEN"]).default("OPAQUE_TOKEN"),
    refreshTokenDuration: seconds(60, 2_147_483_647).default(2_592_000),
    refreshTokenRollingDuration: seconds(60, 2_147_483_647).optional(),
    refreshTokenRollingGracePeriodDuration: seconds(0, 86_400).default(0),
    additionalRefreshTokenReplayProtectionEnabled: z.boolean().default(true),
    requestScopesForMultipleResourcesEnabled: z.boolean().default(false),
    skipTokenSessionValidation: z.boolean().default(false),
    includeX5t: z.boolean().default(false),
    includeTyp: z
      .boolean()
      .default(false)
      .describe(
        "Header typ of access tokens: at+jwt. PingOne has such a property since 2026-05-19; its name is unverified.",
      ),
    parRequirement: z.enum(["OPTIONAL", "REQUIRED"]).default("OPTIONAL"),
    parTimeout: seconds(1, 600).default(60),
    attributes: z
      .array(attributeMapping)
      .default([])
      .describe("GET .../applications/{id}/attributes: claims of the ID token and of UserInfo."),
  })
  .superRefine((application, context) => {
    const fault = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const { tokenEndpointAuthMethod: method, enabled } = application;
    if (enabled && !(EMULATED_METHODS as readonly string[]).includes(method)) {
      fault(
        ["tokenEndpointAuthMethod"],
        `${method} is not emulated; use ${EMULATED_METHODS.join(", ")}, or set "enabled" to false.`,
      );
    }
    for (const grant of ["AUTHORIZATION_CODE", "IMPLICIT"] as const) {
      if (application.grantTypes.includes(grant) && application.redirectUris.length === 0) {
        fault(["redirectUris"], `${grant} needs at least one`);
      }
    }
    const check = (name: "redirectUris" | "postLogoutRedirectUris", allowWildcard: boolean) => {
      for (const [index, uri] of application[name].entries()) {
        // Which origin takes the placeholder's place makes no difference here.
        const whole = withWorkerOrigin(uri, "https://worker.example");
        const reason = findRedirectUriFault(whole, { allowWildcard });
        if (reason !== undefined) fault([name, index], reason);
      }
    };
    check("redirectUris", application.allowWildcardInRedirectUris);
    check("postLogoutRedirectUris", false);
  })
  .describe("One of GET /v1/environments/{id}/applications");

/** A real environment also holds SAML applications, links and PingOne's own applications, which have no part here. */
export const otherApplicationSchema = z
  .union([
    z.object({ protocol: z.enum(["SAML", "WS_FED", "EXTERNAL_LINK"]) }),
    z.object({ type: z.string().regex(/^PING_ONE_/) }),
  ])
  .describe("An application that is not emulated, and left aside.");

const scope = z.object({
  id: z.string().min(1),
  // RFC 6749 section 3.3
  name: z
    .string()
    .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, "a scope is printable ASCII without space, quote and backslash"),
  description: z.string().optional(),
});

export const resourceSchema = z
  .object({
    id: z.string().min(1),
    name: z.string().min(1),
    type: z
      .enum(["OPENID_CONNECT", "PINGONE_API", "CUSTOM"])
      .describe("An environment has one OPENID_CONNECT, one PINGONE_API and any number of CUSTOM ones."),
    audience: z.string().min(1).optional().describe("The aud of access tokens; without one, the name."),
    accessTokenValiditySeconds: seconds(300, 2_592_000).default(3600),
    introspectEndpointAuthMethod: z
      .enum(["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"])
      .default("CLIENT_SECRET_BASIC"),
    secret: z
      .string()
      .min(1)
      .optional()
      .describe("Of GET .../resources/{id}/secret, for a resource that introspects. TEST ONLY."),
    scopes: z.array(scope).default([]).describe("GET .../resources/{id}/scopes"),
    attributes: z
      .array(attributeMapping)
      .default([])
      .describe("GET .../resources/{id}/attributes of a CUSTOM resource: claims of its access tokens."),
  })
  .superRefine((resource, context) => {
    if (resource.type === "CUSTOM" && /pingone|pingidentity/i.test(resource.audience ?? resource.name)) {
      context.addIssue({
        code: "custom",
        path: [resource.audience === undefined ? "name" : "audience"],
        message: 'of a custom resource must not contain "pingone" or "pingidentity"',
      });
    }
  })
  .describe("One of GET /v1/environments/{id}/resources");

export const grantSchema = z
  .object({ application: reference, resource: reference, scopes: z.array(reference) })
  .describe("One of GET .../applications/{id}/grants, with the application that it is of.");

export const flowPolicySchema = z
  .object({ id: z.string().min(1), name: z.string().min(1), enabled: z.boolean().default(true) })
  .describe("One of GET .../flowPolicies");

export const flowPolicyAssignmentSchema = z
  .object({ application: reference, flowPolicy: reference, priority: z.int().min(1) })
  .describe("One of GET .../applications/{id}/flowPolicyAssignments, with the application that it is of.");

export const groupSchema = z
  .object({ id: z.string().min(1), name: z.string().min(1), description: z.string().optional() })
  .describe("One of GET .../groups. A user names it in memberOfGroups.");

export const populationSchema = z
  .object({
    id: z.string().min(1),
    name: z.string().min(1),
    description: z.string().optional(),
    default: z.boolean().default(false).describe("New users come into it."),
    alternativeIdentifiers: z.array(z.string()).default([]),
  })
  .describe("One of GET .../populations. A user names it in population.");

export type Application = z.output<typeof applicationSchema>;
export type Resource = z.output<typeof resourceSchema> & { readonly audience: string };
export type GrantFixture = z.output<typeof grantSchema>;
export type FlowPolicy = z.output<typeof flowPolicySchema>;
export type FlowPolicyAssignment = z.output<typeof flowPolicyAssignmentSchema>;
export type Group = z.output<typeof groupSchema>;
export type Population = z.output<typeof populationSchema>;
