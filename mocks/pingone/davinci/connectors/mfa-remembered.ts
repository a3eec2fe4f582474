/** PingOne MFA connector: browsers in which a person need not be asked again, and the policy of PingID. */
import { randomUUID } from "node:crypto";
import { MFA_POLICY_ID } from "../../tenant/mfa-policy.ts";
import type { Capability } from "../engine/capability.ts";
import { isoOf, POLICY_ID, USER_ID, userOf } from "./mfa-shared.ts";
import { fail, known, NOT_FOUND, notFound, RAW_OUTPUTS, succeed, textProperty } from "./pingone-shared.ts";

const BROWSER_INPUTS = {
  userId: USER_ID,
  mfaPolicyId: POLICY_ID,
  rememberMeDeviceType: known("`BROWSER`, the only type.", "documented"),
  rememberMePayload: known(
    "Signals of the browser, which the emulator does not have: not read.",
    "documented",
  ),
} as const;

export const registerRememberMe: Capability = {
  about: "Remembers the browser for 30 days, and gives the cookie by which it is known again.",
  limits: "The flow has to set the cookie itself. Signals of the browser are not read.",
  inputs: { ...BROWSER_INPUTS, rememberMeCookie: known("Not read.", "documented") },
  outputs: {
    ...RAW_OUTPUTS,
    "headers.set-cookie": known("The cookie.", "documented"),
    "rawResponse.id": known("Of the remembered browser.", "documented"),
  },
  errors: { notFound: NOT_FOUND },
  run(call) {
    const user = userOf(call);
    if (!user) return notFound();
    const { mfa, clock, environment } = call.services;
    const { id, cookie, expiresAt } = mfa.rememberedBrowsers.remember(user.id);
    const at = isoOf(clock());
    const browser = {
      id,
      environment: { id: environment.id },
      user: { id: user.id },
      type: "BROWSER",
      status: "ACTIVE",
      createdAt: at,
      updatedAt: at,
      expiresAt: isoOf(expiresAt),
    };
    return {
      kind: "success",
      output: {
        rawResponse: browser,
        headers: { "set-cookie": `${COOKIE}=${cookie}; Path=/; HttpOnly; SameSite=Lax` },
        statusCode: 201,
      },
    };
  },
};

/** PingOne's name for it is not verified. */
const COOKIE = "rememberMe";

export const checkRememberMe: Capability = {
  about: "True for a browser that was remembered for this user.",
  limits: "A browser that is not remembered makes the node false; what PingOne does is not verified.",
  inputs: {
    ...BROWSER_INPUTS,
    rememberMeCookie: known("The cookie, with or without its name.", "documented"),
  },
  outputs: { ...RAW_OUTPUTS, "rawResponse.status": known("`COMPLETED`.", "unverified") },
  errors: { notFound: known("There is no such user, or the browser is not remembered.", "unverified") },
  run(call) {
    const user = userOf(call);
    if (!user) return notFound();
    const given = textProperty(call, "rememberMeCookie");
    const cookie = new RegExp(`(?:^|[;\\s])${COOKIE}=([^;\\s]+)`).exec(given)?.[1] ?? given;
    const { mfa, environment, clock } = call.services;
    if (!mfa.rememberedBrowsers.isRemembered(user.id, cookie)) {
      return fail("notFound", "The browser is not remembered.", { status: 404 });
    }
    const at = isoOf(clock());
    return succeed(
      {},
      {
        id: randomUUID(),
        environment: { id: environment.id },
        user: { id: user.id },
        policy: { id: textProperty(call, "mfaPolicyId") || MFA_POLICY_ID },
        status: "COMPLETED",
        createdAt: at,
        updatedAt: at,
      },
    );
  },
};

export const evalPolicyPingID: Capability = {
  about: "Says that the person has to authenticate.",
  limits: "The emulator has no policy of PingID: the answer is always `AUTHENTICATE`.",
  inputs: {
    userId: USER_ID,
    ...Object.fromEntries(
      [
        "ip",
        "riskLevel",
        "applicationName",
        "applicationId",
        "userAgent",
        "groups",
        "lastMFATransaction",
        "policyRecentPingOneCookie",
        "policyRecentAuthMethod",
        "policyRecentIp",
        "policyRecentAuthTimestamp",
      ].map((name) => [name, known("Not read.", "documented")]),
    ),
  },
  outputs: {
    ...RAW_OUTPUTS,
    "rawResponse.action": known("`AUTHENTICATE`.", "documented"),
    "rawResponse.id": known("Of the evaluation.", "documented"),
  },
  errors: { notFound: NOT_FOUND },
  run(call) {
    if (!userOf(call)) return notFound();
    return succeed({}, { action: "AUTHENTICATE", id: randomUUID() });
  },
};
