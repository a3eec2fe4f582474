/**
 * Sign On with External Identity Provider of the PingOne Authentication connector. No other provider is called: a page of the
 * emulator stands in for it, where a person says who the provider would tell PingOne they are.
 */
import { randomUUID } from "node:crypto";
import type { Call, Capability, Effect } from "../engine/capability.ts";
import { textOf } from "../graph/values.ts";
import { formMarkup } from "../screens/markup.ts";
import type { SubmittedFields } from "../screens/screen.ts";
import { fail, isOn, known, presentUser, succeed, textProperty } from "./pingone-shared.ts";

export const loginFirstFactor: Capability = {
  about: "Shows a page in the place of the external identity provider, where a person says who they are.",
  limits:
    "No provider is called. With Link with PingOne User, the user of that e-mail address counts as linked, else a new one is made; how PingOne links is not modelled.",
  inputs: {
    identityProvider: known("Named on the page.", "documented"),
    identityProviderId: known("Named on the page.", "documented"),
    linkWithP1User: known("Whether a user of PingOne belongs to it.", "documented"),
    populationId: known("Of a user who is made.", "documented"),
    loginHint: known("In the field of the e-mail address at first.", "documented"),
    acrValues: known("Not read.", "documented"),
    policyPurpose: known("Not read.", "documented"),
  },
  outputs: {
    isLinkedUser: known("Whether there is a user of PingOne.", "documented"),
    user: known("That user; else what the provider tells.", "documented"),
    rawIdpAttributes: known(
      "What the provider tells: `sub`, `email`, `given_name`, `family_name`.",
      "documented",
    ),
    statusCode: known("200.", "documented"),
  },
  errors: {
    accessFailed: known("The person has cancelled, or the linked user is disabled.", "unverified"),
    invalidInput: known("No user can be made of it.", "unverified"),
  },
  isDeferred: true,
  run(call) {
    const provider = nameOf(call);
    const markup = formMarkup({
      heading: "External identity provider",
      text: [`In the place of ${provider}. Who are you there?`],
      fields: [
        {
          type: "email",
          name: "email",
          label: "E-mail address",
          isRequired: true,
          autocomplete: "email",
          value: textProperty(call, "loginHint"),
        },
        { type: "text", name: "given_name", label: "Given name", autocomplete: "given-name" },
        { type: "text", name: "family_name", label: "Family name", autocomplete: "family-name" },
      ],
      buttons: [
        { value: "signOn", label: "Sign on", isSubmit: true },
        { value: "cancel", label: "Cancel", isSubmit: false },
      ],
    });
    const fields = ["email", "given_name", "family_name"].map((name) => ({
      name,
      isSecret: false,
      ...(name === "email" && { required: "The e-mail address is missing." }),
    }));
    const remarks = ["External identity providers are not emulated: this page stands in for one."];
    return {
      kind: "screen",
      screen: { title: "External identity provider", markup, css: "", fields, remarks },
    };
  },
  answer,
};

function nameOf(call: Call): string {
  const chosen = textProperty(call, "identityProvider");
  const named = /^use/i.test(chosen) ? "" : chosen;
  return named || textProperty(call, "identityProviderId") || "the provider";
}

function answer(call: Call, { buttonValue, ...fields }: SubmittedFields): Effect {
  if (buttonValue !== "signOn") return fail("accessFailed", "The sign-on was cancelled.", { status: 403 });
  const [email, given, family] = ["email", "given_name", "family_name"].map((name) =>
    textOf(fields[name]).trim(),
  );
  const { users, environment } = call.services;
  const rawIdpAttributes = {
    sub: email ?? "",
    email: email ?? "",
    given_name: given ?? "",
    family_name: family ?? "",
  };
  if (!isOn(call, "linkWithP1User")) {
    const user = { id: randomUUID(), username: email, email, name: { given, family } };
    return succeed({ isLinkedUser: false, user, rawIdpAttributes });
  }
  const existing = users.findByLogin(email ?? "", ["email"]);
  const made = existing
    ? undefined
    : users.create({
        username: email ?? "",
        attributes: { email, "name.given": given, "name.family": family },
        lifecycle: "ACCOUNT_OK",
      });
  const user = existing ?? (made?.kind === "done" ? made.user : undefined);
  if (!user) return fail("invalidInput", "No user can be made of what the identity provider tells.");
  if (!user.enabled) return fail("accessFailed", "The user is disabled.", { status: 403 });
  call.identify(user.id);
  call.authenticated();
  return succeed({ isLinkedUser: true, user: presentUser(user, environment), rawIdpAttributes });
}
