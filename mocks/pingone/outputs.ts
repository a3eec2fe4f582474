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
    to: z.string().describe("E-mail address, or phone number."),
    username: z.string(),
    purpose: z.string(),
    code: z
      .string()
      .describe("The one-time code in it; empty when it has none, or was sent before a restart."),
    channel: z.enum(["SMS", "VOICE", "WHATSAPP", "PUSH"]).optional().describe("Absent for an e-mail."),
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

export const seededDeviceOutput = z.strictObject({
  id: z.string(),
  type: z.string(),
  status: z.string(),
  secret: z.string().optional().describe(`${testOnly} Of an authenticator app.`),
  keyUri: z.string().optional().describe(`${testOnly} Of an authenticator app: what it scans.`),
});

export const seededPopulationOutput = z.looseObject({ id: z.string(), name: z.string() });

export const seededAgreementOutput = z.strictObject({ id: z.string(), name: z.string() });

export const mfaDevicesOutput = z.array(
  z.strictObject({
    username: z.string(),
    id: z.string(),
    type: z.string(),
    status: z.string(),
    nickname: z.string().optional(),
    email: z.string().optional(),
    phone: z.string().optional(),
    locked: z.boolean().describe("After too many wrong codes."),
  }),
);

export const appCodesOutput = z.array(
  z.strictObject({
    username: z.string(),
    device: z.string().describe("Its id."),
    nickname: z.string().optional(),
    code: z.string().describe(testOnly),
    secondsLeft: z.int(),
  }),
);
