/** PingOne connector: agreements, such as terms of service. */
import type { PresentedAgreement } from "../../tenant/agreements.ts";
import type { User } from "../../tenant/users.ts";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import {
  FIND_USER_INPUTS,
  fail,
  findUser,
  known,
  NOT_FOUND,
  notFound,
  RAW_OUTPUTS,
  succeed,
  textProperty,
} from "./pingone-shared.ts";

const AGREEMENT_INPUTS = {
  agreement: known("`useAgreementId`, or the id of an agreement.", "export"),
  agreementId: known("The id of the agreement.", "export"),
  acceptLanguage: known("The language to show it in.", "documented"),
} as const;

const PRESENTATION_OUTPUTS = {
  "agreementPresentation.agreementPresentationId": known("What Accept User Agreement wants.", "export"),
  "agreementPresentation.agreementText": known("The text.", "export"),
  "agreementPresentation.agreementTitle": known("The title.", "export"),
  "agreementPresentation.agreementAcceptCheckboxText": known("Text of a checkbox.", "documented"),
  "agreementPresentation.agreementContinueButtonText": known("Text of a button.", "export"),
  "agreementPresentation.agreementDeclineButtonText": known("Text of a button.", "export"),
} as const;

const USER_AGREEMENT_OUTPUTS = {
  userAgreement: known("The agreement, its revision and its language.", "documented"),
  "userAgreement.status": known("ACCEPTED; other values are not known.", "documented"),
  ...RAW_OUTPUTS,
} as const;

const AGREEMENT_NOT_FOUND = known("There is no such user, or no enabled agreement.", "unverified");

export const readAgreementContent: Capability = {
  about: "Reads an agreement, to show it.",
  inputs: { ...AGREEMENT_INPUTS, userLocale: known("The language to show it in.", "documented") },
  outputs: { ...PRESENTATION_OUTPUTS, ...USER_AGREEMENT_OUTPUTS },
  errors: { notFound: AGREEMENT_NOT_FOUND },
  run(call) {
    const presented = findAgreement(call);
    if (!presented) return agreementNotFound(call);
    const userAgreement = presentUserAgreement(call, presented, undefined);
    return succeed({ agreementPresentation: presentationOf(presented), userAgreement }, userAgreement);
  },
};

export const checkUserAgreement: Capability = {
  about: "Tells whether a user has accepted an agreement; while not, agreementPresentation has what to show.",
  limits: "It is true in both cases. Which case PingOne makes false, if any, is not verified.",
  inputs: { ...FIND_USER_INPUTS, ...AGREEMENT_INPUTS },
  outputs: { ...PRESENTATION_OUTPUTS, ...USER_AGREEMENT_OUTPUTS },
  errors: { notFound: AGREEMENT_NOT_FOUND },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    const presented = findAgreement(call);
    if (!presented) return agreementNotFound(call);
    const isAccepted = call.services.agreements.isAccepted(user.id, presented);
    if (!isAccepted) {
      call.remark(
        "The user has not accepted the agreement, and this node is true; that is not verified of PingOne.",
      );
    }
    const userAgreement = presentUserAgreement(call, presented, user);
    return succeed(
      { ...(!isAccepted && { agreementPresentation: presentationOf(presented) }), userAgreement },
      userAgreement,
    );
  },
};

export const acceptAgreement: Capability = {
  about: "Records that a user accepts what was shown.",
  inputs: {
    ...FIND_USER_INPUTS,
    agreementPresentationId: known("Of Read Agreement Content or Check User Agreement.", "export"),
  },
  outputs: USER_AGREEMENT_OUTPUTS,
  errors: { notFound: AGREEMENT_NOT_FOUND },
  run(call) {
    const { agreements } = call.services;
    const user = findUser(call);
    if (!user) return notFound();
    const presented = agreements.findPresented(textProperty(call, "agreementPresentationId"));
    if (!presented) return agreementNotFound(call);
    agreements.accept(user.id, presented);
    const userAgreement = presentUserAgreement(call, presented, user);
    return succeed({ userAgreement }, userAgreement);
  },
};

export const readUserAgreements: Capability = {
  about: "Reads what a user has accepted, of all agreements.",
  inputs: { ...FIND_USER_INPUTS, acceptLanguage: AGREEMENT_INPUTS.acceptLanguage },
  outputs: { userAgreements: known("As userAgreement elsewhere.", "documented"), ...RAW_OUTPUTS },
  errors: { notFound: NOT_FOUND },
  run(call) {
    const { agreements } = call.services;
    const user = findUser(call);
    if (!user) return notFound();
    const userAgreements = agreements.agreements
      .flatMap(({ id }) => agreements.present(id, languagesOf(call)) ?? [])
      .map((presented) => presentUserAgreement(call, presented, user));
    const count = userAgreements.length;
    return succeed({ userAgreements }, { _embedded: { userAgreements }, count, size: count });
  },
};

export const revokeUserAgreement: Capability = {
  about: "Takes a user's acceptance back.",
  inputs: { ...FIND_USER_INPUTS, ...AGREEMENT_INPUTS },
  outputs: USER_AGREEMENT_OUTPUTS,
  errors: { notFound: AGREEMENT_NOT_FOUND },
  run(call) {
    const user = findUser(call);
    if (!user) return notFound();
    const presented = findAgreement(call);
    if (!presented) return agreementNotFound(call);
    call.services.agreements.revoke(user.id, presented.agreement.id);
    const userAgreement = presentUserAgreement(call, presented, user);
    return succeed({ userAgreement }, userAgreement);
  },
};

function findAgreement(call: Call): PresentedAgreement | undefined {
  const chosen = textProperty(call, "agreement");
  const id = textProperty(call, "agreementId") || (chosen.startsWith("use") ? "" : chosen);
  return call.services.agreements.present(id, languagesOf(call));
}

function languagesOf(call: Call): string[] {
  const given = [textProperty(call, "userLocale"), textProperty(call, "acceptLanguage")];
  const asked = call.context.parameters.ui_locales ?? "";
  return [...given.flatMap((text) => text.split(/[\s,;]+/)), ...asked.split(/\s+/)].filter(
    (tag) => tag !== "",
  );
}

function agreementNotFound(call: Call): Effect {
  const known = call.services.agreements.agreements.map(({ id, name }) => `${id} (${name})`).join(", ");
  call.remark(`There is no enabled agreement of this id. pingone/agreements.json has: ${known || "none"}.`);
  return fail("notFound", "The agreement was not found.", { status: 404 });
}

function presentationOf({
  presentationId,
  agreement,
  language,
}: PresentedAgreement): Record<string, unknown> {
  const { acceptCheckboxText, continueButtonText, declineButtonText } = language.userExperience;
  return {
    agreementPresentationId: presentationId,
    agreementText: language.currentRevision.text,
    agreementTitle: language.displayName || agreement.name,
    agreementAcceptCheckboxText: acceptCheckboxText,
    agreementContinueButtonText: continueButtonText,
    agreementDeclineButtonText: declineButtonText,
  };
}

function presentUserAgreement(
  { services }: Call,
  { agreement, language }: PresentedAgreement,
  user: User | undefined,
): Record<string, unknown> {
  const { agreements, environment } = services;
  const ofEnvironment = { environment: { id: environment.id } };
  const { languages: _, ...ofAgreement } = agreement;
  const { currentRevision, ...ofLanguage } = language;
  const { text: __, ...revision } = currentRevision;
  const last = user && agreements.lastAcceptance(user.id, agreement.id);
  const expiresAt = last && agreements.expiryOf(last);
  const isAccepted =
    user !== undefined && agreements.isAccepted(user.id, { agreement, language, presentationId: "" });
  return {
    id: agreement.id,
    ...ofEnvironment,
    agreement: { id: agreement.id },
    ...(user && { user: { id: user.id } }),
    ...(user && {
      status: isAccepted ? "ACCEPTED" : last?.status === "REVOKED" ? "REVOKED" : last ? "EXPIRED" : "NONE",
    }),
    ...(last && {
      lastConsent: {
        id: last.id,
        at: new Date(last.at).toISOString(),
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
        revision: { id: last.revisionId },
        language: { id: last.languageId },
      },
    }),
    _embedded: {
      agreement: { ...ofAgreement, ...ofEnvironment },
      revision: { ...revision, ...ofEnvironment },
      language: { ...ofLanguage, ...ofEnvironment },
    },
  };
}
