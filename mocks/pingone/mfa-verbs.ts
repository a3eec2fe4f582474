/** Verbs of the control API about MFA: devices of users, and the parts that their phones and apps take. */
import { z } from "zod";
import { verbsOf } from "../kit/control/verb.ts";
import type { PingOneEmulator } from "./emulator.ts";
import { appCodesOutput, mfaDevicesOutput, seededDeviceOutput } from "./outputs.ts";
import { type SeededDevice, seedDeviceInput } from "./tenant/seed-devices.ts";
import type { PingOneStateView } from "./verbs.ts";

const verb = verbsOf<Pick<PingOneEmulator, "mfa" | "seed">, PingOneStateView>();
const ofAnybody = {
  input: z.strictObject({ user: z.string().min(1).optional() }),
  inputFrom: (user?: string) => ({ user }),
};
const userChoices = ({ users }: { readonly users: readonly { readonly username: string }[] }) => ({
  user: users.map(({ username }) => ({ value: username, text: username })),
});
const ofUser = {
  input: z.strictObject({ user: z.string().min(1).meta({ title: "User" }) }),
  inputFrom: (user: string) => ({ user }),
  answers: "count",
  output: z.int(),
};

export const MFA_VERBS = {
  "seed.device": verb({
    route: "POST /seed/devices",
    about: "Gives a user an MFA device until reset, and turns MFA on. One of the same id is replaced.",
    input: seedDeviceInput,
    output: seededDeviceOutput,
    form: {
      section: "MFA",
      about: "Devices of users, and what a person does with a phone.",
      submit: "Give this device",
      choices: userChoices,
      describe: ({ id, type }: SeededDevice) => `The ${type} device has the id ${id}.`,
    },
    run: ({ seed }, device) => seed.device(device),
  }),
  "mfa.devices": verb({
    ...ofAnybody,
    route: "GET /mfa/devices",
    about: "The MFA devices of a user or of all, without their secrets.",
    answers: "devices",
    output: mfaDevicesOutput,
    run: ({ mfa }, { user }) => mfa.devices(user),
  }),
  "mfa.removeDevice": verb({
    route: "DELETE /mfa/devices",
    about: "Takes an MFA device, named by its id, away from its user.",
    input: z.strictObject({ device: z.string().min(1).meta({ title: "Device" }) }),
    inputFrom: (device: string) => ({ device }),
    form: {
      section: "MFA",
      submit: "Take this device away",
      choices: ({ users }) => ({
        device: users.flatMap(({ username, devices }) =>
          devices.map(({ id, label }) => ({ value: id, text: `${username}: ${label}` })),
        ),
      }),
    },
    run: ({ mfa }, { device }) => mfa.removeDevice(device),
  }),
  "mfa.codes": verb({
    ...ofAnybody,
    route: "GET /mfa/codes",
    about: "What the authenticator apps of a user or of all show, by the emulators' clock. TEST ONLY.",
    answers: "codes",
    output: appCodesOutput,
    run: ({ mfa }, { user }) => mfa.codes(user),
  }),
  "mfa.approve": verb({
    ...ofUser,
    route: "POST /mfa/approve",
    about: "Approves at the user's phone: the push, else the authentication code, that waits for an answer.",
    form: { section: "MFA", submit: "Approve at the phone", choices: userChoices },
    run: ({ mfa }, { user }) => mfa.answer(user, true),
  }),
  "mfa.deny": verb({
    ...ofUser,
    route: "POST /mfa/deny",
    about: "Denies at the user's phone what waits for an answer, or makes the user's FIDO device refuse.",
    form: { section: "MFA", submit: "Deny at the phone", choices: userChoices },
    run: ({ mfa }, { user }) => mfa.answer(user, false),
  }),
  "mfa.scan": verb({
    route: "POST /mfa/scan",
    about: "The user's phone scans a pairing key, which pairs it, or an authentication code.",
    input: z.strictObject({
      user: z.string().min(1).meta({ title: "User" }),
      code: z.string().min(1).max(100).meta({ title: "Code" }),
    }),
    inputFrom: (user: string, code: string) => ({ user, code }),
    answers: "scanned",
    output: z.enum(["pairingKey", "authenticationCode"]),
    form: {
      section: "MFA",
      submit: "Scan with the phone",
      choices: userChoices,
    },
    run: ({ mfa }, { user, code }) => mfa.scan(user, code),
  }),
};
