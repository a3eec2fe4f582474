/** What the verbs of PingOne answer, for the OpenAPI document. */
import { z } from "zod";

const testOnly = "TEST ONLY.";

export const seededUserOutput = z.strictObject({
  id: z.string(),
  username: z.string(),
  password: z.string().nullable().describe(testOnly),
});

export const seededApplicationOutput = z.strictObject({
  id: z.string().describe("The client_id."),
  secret: z.string().describe(`${testOnly} Empty for an application that authenticates by no secret.`),
});

export const seededGroupOutput = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string().optional(),
});

export const issuedTokensOutput = z.strictObject({
  accessToken: z.string(),
  idToken: z.string().optional().describe("Without the scope openid there is none."),
  refreshToken: z.string().optional().describe("Only for an application that gets refresh tokens."),
  expiresIn: z.int().describe("Life of the access token, seconds."),
  scopes: z.array(z.string()),
});

export const outboxOutput = z.array(
  z.strictObject({
    to: z.string().describe("E-mail address."),
    username: z.string(),
    purpose: z.string(),
    code: z.string().describe("The one-time code in it; empty when it has none."),
    subject: z.string().optional().describe("Of an e-mail that a flow sends of its own."),
    text: z.string().optional().describe("Of an e-mail that a flow sends of its own."),
    link: z.string().optional().describe("What the person is to open."),
    at: z.iso.datetime().describe("By the emulators' clock."),
  }),
);

export const refreshTokensOutput = z.array(
  z.strictObject({
    username: z.string(),
    clientId: z.string(),
    scopes: z.array(z.string()),
    expiresAt: z.iso.datetime().describe("By the emulators' clock."),
  }),
);
