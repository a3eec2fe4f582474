/** The switches as the control page asks for them; what each does is its description in the schema. */
import type { FieldText } from "../../kit/field-text.ts";
import type { Switches } from "./switches.ts";

const AS_APPLICATION_SAYS = "as the application says";

export const SWITCH_TEXTS: Readonly<Record<keyof Switches, FieldText>> = {
  resourceParam: {
    label: "Parameter resource (RFC 8707)",
    choices: {
      ignore: "ignored",
      "reject-with-openid": "refused together with openid",
      honour: "sets the audience",
    },
  },
  platformDate: {
    label: "Platform date",
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
  },
  keyRotation: {
    label: "Key rotation",
    choices: { manual: "by hand", policy: "by policy" },
  },
  scopeOrder: {
    label: "Order of granted scopes",
    choices: { "resource-first": "resource scopes first", shuffled: "shuffled", requested: "as requested" },
  },
  accessTokenTtlSeconds: {
    label: "Access token lifetime, seconds",
    unset: "as the resource says",
  },
  codeTtlSeconds: { label: "Code lifetime, seconds", about: "PingOne's own value is not documented." },
  refreshTokenGrant: {
    label: "Refresh token grant",
    unset: AS_APPLICATION_SAYS,
  },
  offlineAccessGrant: {
    label: "Scope offline_access granted",
    unset: AS_APPLICATION_SAYS,
  },
  replayProtection: {
    label: "Additional replay protection",
    unset: AS_APPLICATION_SAYS,
  },
  gracePeriodSeconds: {
    label: "Refresh grace period, seconds",
    unset: AS_APPLICATION_SAYS,
  },
  multipleResources: {
    label: "Scopes of several resources",
    unset: AS_APPLICATION_SAYS,
  },
};
