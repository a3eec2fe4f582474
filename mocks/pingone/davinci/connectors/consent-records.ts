/** Consent records: what the PingOne Scope Consent connector reads and writes beside asking the person. */
import type { ConsentStore } from "../../tenant/consents.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import {
  fail,
  findUserBy,
  known,
  NOT_FOUND,
  notFound,
  RAW_OUTPUTS,
  succeed,
  textProperty,
} from "./pingone-shared.ts";

type ConsentRecord = ReturnType<ConsentStore["list"]>[number];

const USER_INPUTS = {
  matchUserAttribute: known("`id` (default), `username` or `email`.", "documented"),
  userIdentifier: known("The user. Default: whom the flow has identified.", "documented"),
} as const;
const INPUTS = {
  ...USER_INPUTS,
  matchApplicationAttribute: known("Whether an id or a name follows.", "documented"),
  applicationIdentifier: known("The application. Default: that of the request.", "documented"),
} as const;
const OUTPUTS = {
  consentId: known("Of the record.", "documented"),
  consentStatus: known("ACCEPTED, DECLINED or REVOKED.", "documented"),
  consentScopes: known("Names of the scopes that were accepted.", "export"),
  application: known("`{ id, name, type }`.", "documented"),
  ...RAW_OUTPUTS,
} as const;
const ERRORS = {
  notFound: NOT_FOUND,
  consentNotFound: known("There is no such record.", "unverified"),
} as const;

export const consentRecords = {
  getAllConsents: {
    about: "Reads the user's answers for all applications.",
    inputs: USER_INPUTS,
    outputs: { consents: known("A list of records.", "documented"), ...RAW_OUTPUTS },
    errors: { notFound: NOT_FOUND },
    run(call): Effect {
      const user = userOf(call);
      if (!user) return notFound();
      const consents = call.services.consents.list(user.id).map((record) => shown(call, record));
      const count = consents.length;
      return succeed({ consents }, { _embedded: { consents }, count, size: count });
    },
  },
  checkConsent: {
    about: "Reads the user's answer for one application. False without one.",
    inputs: INPUTS,
    outputs: OUTPUTS,
    errors: ERRORS,
    run: (call) => withRecord(call, (record) => answer(call, record)),
  },
  recordConsent: {
    about: "Writes the user's answer for one application.",
    inputs: {
      ...INPUTS,
      scopesUnconditionalRequired: known("The scopes, with blanks between them.", "documented"),
      consentResult: known("`true`, `yes` or `accepted`; anything else declines.", "documented"),
    },
    outputs: OUTPUTS,
    errors: { notFound: NOT_FOUND },
    run(call): Effect {
      const user = userOf(call);
      if (!user) return notFound();
      const scopes = textOf(call.properties.scopesUnconditionalRequired ?? call.properties.scopes)
        .split(/[\s,]+/)
        .filter((scope) => scope !== "");
      const isAccepted = /^(?:true|yes|accept(?:ed)?)$/i.test(textProperty(call, "consentResult"));
      const query = { userId: user.id, applicationId: applicationId(call), scopes };
      const record = call.services.consents.record(
        query,
        isAccepted ? { status: "ACCEPTED", scopes } : { status: "DECLINED" },
      );
      return answer(call, record);
    },
  },
  revokeConsent: {
    about: "Revokes the user's consent for one application.",
    inputs: INPUTS,
    outputs: OUTPUTS,
    errors: ERRORS,
    run: (call) =>
      withRecord(call, (record) => {
        call.services.consents.revoke(record.userId, record.applicationId);
        return answer(call, { ...record, status: "REVOKED" });
      }),
  },
} as const satisfies Readonly<Record<string, Capability>>;

function userOf(call: Call) {
  const identifier = textProperty(call, "userIdentifier");
  return identifier === ""
    ? call.services.users.findById(call.userId ?? "")
    : findUserBy(call, textProperty(call, "matchUserAttribute"), identifier);
}

function applicationId(call: Call): string {
  const wanted = textProperty(call, "applicationIdentifier");
  const { applications } = call.services.environment;
  const found = applications.find(({ id, name }) => id === wanted || name === wanted);
  return found?.id ?? (wanted || call.context.application.id);
}

function withRecord(call: Call, use: (record: ConsentRecord) => Effect): Effect {
  const user = userOf(call);
  if (!user) return notFound();
  const wanted = applicationId(call);
  const record = call.services.consents.list(user.id).find((own) => own.applicationId === wanted);
  return record ? use(record) : fail("consentNotFound", "There is no consent record.", { status: 404 });
}

function shown(
  { services, context }: Call,
  { id, status, scopes, applicationId: application }: ConsentRecord,
) {
  const found = [...services.environment.applications, context.application].find(
    (own) => own.id === application,
  );
  return {
    application: { id: application, name: found?.name ?? "" },
    consentId: id,
    consentStatus: status,
    consentScopes: [...scopes],
  };
}

function answer(call: Call, record: ConsentRecord): Effect {
  const output = shown(call, record);
  return succeed(output, output);
}
