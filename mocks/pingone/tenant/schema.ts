/**
 * The shapes of the files in `fixtures/pingone/`: what PingOne's Management API returns for an environment, so that an
 * export of a real one can be put in their place. Attributes that the emulator does not know are left aside.
 */
import { z } from "zod";

/** The emulator's own, non-PingOne addition to the shapes: `{worker}` in redirect URIs is the Worker's origin. */
const WORKER_PLACEHOLDER = "{worker}";

/** A bare array, or a collection as the Management API pages one: `{ "_embedded": { [key]: [...] } }`. */
function collection<T extends z.ZodType>(
  key: string,
  item: T,
  keep: (entry: unknown) => boolean = () => true,
) {
  const envelope = z.object({ _embedded: z.record(z.string(), z.unknown()) });
  return z.preprocess((content) => {
    const enveloped = envelope.safeParse(content);
    const list = enveloped.success ? enveloped.data._embedded[key] : content;
    return Array.isArray(list) ? list.filter(keep) : list;
  }, z.array(item));
}

const reference = z.object({ id: z.string().min(1) });
const seconds = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

export const REGION_TLDS = { NA: "com", CA: "ca", EU: "eu", AP: "asia", AU: "com.au", SG: "sg" } as const;

/** `GET /v1/environments/{id}` */
export const environmentSchema = z.object({
  id: z.uuid(),
  name: z.string().min(1),
  region: z.enum(Object.keys(REGION_TLDS) as [keyof typeof REGION_TLDS]),
  organization: z.object({ id: z.uuid() }),
});

function redirectUri(workerOrigin: string) {
  return z
    .string()
    .transform((uri) => uri.replace(WORKER_PLACEHOLDER, workerOrigin))
    .refine((uri) => URL.canParse(uri) && !uri.includes("#"), "must be an absolute URI without a fragment")
    .refine((uri) => !uri.includes("*"), "wildcards are not modelled; write the URI out");
}

/** `GET /v1/environments/{id}/applications`, each with the `secret` of `GET .../applications/{id}/secret`. */
export const applicationsSchema = (workerOrigin: string) =>
  collection(
    "applications",
    z
      .object({
        // A UUID at PingOne. Any other id is allowed, so that fixtures can be read.
        id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "an id is 1 to 64 letters, digits and . _ -"),
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
        tokenEndpointAuthMethod: z.enum([
          "NONE",
          "CLIENT_SECRET_BASIC",
          "CLIENT_SECRET_POST",
          "CLIENT_SECRET_JWT",
          "PRIVATE_KEY_JWT",
        ]),
        secret: z.string().min(1).optional(),
        redirectUris: z.array(redirectUri(workerOrigin)).default([]),
        postLogoutRedirectUris: z.array(redirectUri(workerOrigin)).default([]),
        refreshTokenType: z.enum(["OPAQUE_TOKEN", "JSON_WEB_TOKEN"]).default("OPAQUE_TOKEN"),
        refreshTokenDuration: seconds(60, 2_147_483_647).default(2_592_000),
        refreshTokenRollingDuration: seconds(60, 2_147_483_647).optional(),
        refreshTokenRollingGracePeriodDuration: seconds(0, 86_400).default(0),
        additionalRefreshTokenReplayProtectionEnabled: z.boolean().default(true),
        requestScopesForMultipleResourcesEnabled: z.boolean().default(false),
        skipTokenSessionValidation: z.boolean().default(false),
        includeX5t: z.boolean().default(false),
        /** Header `typ` of access tokens: `at+jwt`. PingOne has such a property since 2026-05-19; its name is unverified. */
        includeTyp: z.boolean().default(false),
        parRequirement: z.enum(["OPTIONAL", "REQUIRED"]).default("OPTIONAL"),
        parTimeout: seconds(1, 600).default(60),
      })
      .superRefine((application, context) => {
        const needsSecret = application.tokenEndpointAuthMethod.startsWith("CLIENT_SECRET");
        if (needsSecret && application.secret === undefined) {
          context.addIssue({
            code: "custom",
            path: ["secret"],
            message: `is missing; ${application.tokenEndpointAuthMethod} needs one (GET .../applications/{id}/secret)`,
          });
        }
        if (application.grantTypes.includes("AUTHORIZATION_CODE") && application.redirectUris.length === 0) {
          context.addIssue({
            code: "custom",
            path: ["redirectUris"],
            message: "AUTHORIZATION_CODE needs at least one",
          });
        }
      }),
    isOidcApplication,
  );

/** A real environment also holds SAML applications, links and PingOne's own applications, which have no part here. */
function isOidcApplication(entry: unknown): boolean {
  const otherProtocol = z.object({ protocol: z.enum(["SAML", "WS_FED", "EXTERNAL_LINK"]) });
  const builtIn = z.object({ type: z.string().startsWith("PING_ONE_") });
  return !z.union([otherProtocol, builtIn]).safeParse(entry).success;
}

const scope = z.object({
  id: z.string().min(1),
  // RFC 6749 section 3.3
  name: z
    .string()
    .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, "a scope is printable ASCII without space, quote and backslash"),
  description: z.string().optional(),
});

/** `GET .../resources`, each with the `scopes` of `.../resources/{id}/scopes` and the `secret` of `.../secret`. */
export const resourcesSchema = collection(
  "resources",
  z
    .object({
      id: z.string().min(1),
      name: z.string().min(1),
      type: z.enum(["OPENID_CONNECT", "PINGONE_API", "CUSTOM"]),
      audience: z.string().min(1).optional(),
      accessTokenValiditySeconds: seconds(300, 2_592_000).default(3600),
      introspectEndpointAuthMethod: z
        .enum(["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"])
        .default("CLIENT_SECRET_BASIC"),
      secret: z.string().min(1).optional(),
      scopes: z.array(scope).default([]),
    })
    .superRefine((resource, context) => {
      if (resource.type === "CUSTOM" && /pingone|pingidentity/i.test(resource.audience ?? resource.name)) {
        context.addIssue({
          code: "custom",
          path: ["audience"],
          message: 'of a custom resource must not contain "pingone" or "pingidentity"',
        });
      }
    })
    .transform((resource) => ({ ...resource, audience: resource.audience ?? resource.name })),
);

/** `GET .../applications/{id}/grants` of all applications in one list. */
export const grantsSchema = collection(
  "grants",
  z.object({ application: reference, resource: reference, scopes: z.array(reference) }),
);

/** `GET .../flowPolicies` */
export const flowPoliciesSchema = collection(
  "flowPolicies",
  z.object({ id: z.string().min(1), name: z.string().min(1), enabled: z.boolean().default(true) }),
);

/** `GET .../applications/{id}/flowPolicyAssignments` of all applications in one list. */
export const flowPolicyAssignmentsSchema = collection(
  "flowPolicyAssignments",
  z.object({ application: reference, flowPolicy: reference, priority: z.int().min(1) }),
);

export type Application = z.output<ReturnType<typeof applicationsSchema>>[number];
export type Resource = z.output<typeof resourcesSchema>[number];
export type GrantFixture = z.output<typeof grantsSchema>[number];
export type FlowPolicy = z.output<typeof flowPoliciesSchema>[number];
export type FlowPolicyAssignment = z.output<typeof flowPolicyAssignmentsSchema>[number];
