/** The switches as the control page asks for them. */
import type { FieldText } from "../kit/field-text.ts";
import type { Switches } from "./tenant/switches.ts";

const AS_APPLICATION_SAYS = "as the application says";

export const SWITCH_TEXTS: Readonly<Record<keyof Switches, FieldText>> = {
  resourceParam: {
    label: "Parameter resource (RFC 8707)",
    about: "PingOne documents it nowhere; all three have been reported.",
    choices: {
      ignore: "ignored",
      "reject-with-openid": "refused together with openid",
      honour: "sets the audience",
    },
  },
  platformDate: {
    label: "Platform date",
    about: "Turns on everything that PingOne has announced for that date.",
    choices: { today: "today", "2027-03-02": "2 March 2027" },
  },
  atTyp: {
    label: "Header typ of access tokens",
    choices: { none: "no typ", "at+jwt": "at+jwt" },
  },
  refreshTokenType: {
    label: "Refresh tokens",
    choices: { application: AS_APPLICATION_SAYS, OPAQUE_TOKEN: "opaque", JSON_WEB_TOKEN: "JWT" },
  },
  opaqueRefreshTokensOnly: {
    label: "Opaque refresh tokens only",
    about: "An application that still asks for JWT refresh tokens gets an error.",
  },
  keyRotation: {
    label: "Key rotation",
    about: "By policy: every 90 days by the emulators' clock, the next key published ahead.",
    choices: { manual: "by hand", policy: "by policy" },
  },
  scopeOrder: {
    label: "Order of granted scopes",
    about: "PingOne does not keep the order of the request.",
    choices: { "resource-first": "resource scopes first", shuffled: "shuffled", requested: "as requested" },
  },
  accessTokenTtlSeconds: {
    label: "Access token lifetime, seconds",
    about: "May be shorter than PingOne's minimum of 300.",
    unset: "as the resource says",
  },
  codeTtlSeconds: { label: "Authorization code lifetime, seconds" },
  refreshTokenGrant: { label: "Refresh token grant", unset: AS_APPLICATION_SAYS },
  offlineAccessGrant: {
    label: "Scope offline_access granted",
    unset: AS_APPLICATION_SAYS,
  },
  replayProtection: {
    label: "Additional replay protection",
    about: "A refresh token that comes back revokes the whole grant.",
    unset: AS_APPLICATION_SAYS,
  },
  gracePeriodSeconds: {
    label: "Refresh grace period, seconds",
    about: "How long a rotated refresh token is still taken.",
    unset: AS_APPLICATION_SAYS,
  },
  multipleResources: {
    label: "Scopes of several resources in one request",
    unset: AS_APPLICATION_SAYS,
  },
};
