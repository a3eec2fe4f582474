/** What the verbs of the kit answer, for the OpenAPI document. */
import { z } from "zod";

const parameters = z.record(z.string(), z.array(z.string()));

const loginView = z
  .strictObject({
    state: z.string().optional().describe("As a hash."),
    loginHint: z.string().optional(),
    username: z.string().optional(),
    userId: z.string().optional(),
    clientId: z.string().optional(),
  })
  .describe("The login that the request belongs to.");

export const journalEntries = z.array(
  z.strictObject({
    number: z.int().describe("Counts the requests to all emulators."),
    emulator: z.string(),
    endpoint: z.string().optional().describe("Absent for a path that is no endpoint."),
    method: z.string(),
    path: z.string(),
    query: parameters,
    form: parameters,
    headers: z.record(z.string(), z.string()),
    at: z.iso.datetime().describe("Real time."),
    atEmulator: z.iso.datetime().optional().describe("By the emulators' clock, if it was moved."),
    login: loginView.optional(),
    faults: z.array(z.string()).describe("Names of the faults that it met."),
    status: z.int().optional().describe("0: the connection was reset."),
    durationMilliseconds: z.number().optional(),
    location: z.string().optional().describe("Target of a redirect, without secrets."),
    note: z
      .string()
      .optional()
      .describe(
        "What a developer should know of the answer: an error inside the emulator, or why it answered so.",
      ),
  }),
);

export const pendingFaults = z.array(
  z.strictObject({
    id: z.int(),
    fault: z.string(),
    endpoint: z.string(),
    login: z
      .strictObject({
        user: z.string().optional(),
        state: z.string().optional().describe("As a hash."),
        clientId: z.string().optional(),
      })
      .optional(),
    remaining: z.int().describe("How many requests will still meet it."),
  }),
);

/** Each emulator adds its own part, under its name. */
export const summary = z.looseObject({
  clock: z.strictObject({ now: z.iso.datetime(), offsetSeconds: z.number() }),
  journal: z.strictObject({
    entries: z.int(),
    dropped: z.int(),
    lastRequestNumber: z.int(),
  }),
  faults: pendingFaults,
});

/** Opaque to clients: to be passed to `state.import` as it is. */
export const exportedState = z.looseObject({ version: z.int() });
