/** Seeding agreements, such as terms of service, and who has accepted them. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ControlRequestError, parseInput } from "../../kit/refusal.ts";
import { agreementSchema } from "./agreements.ts";
import { requireAgreement, requireUser } from "./named.ts";
import type { Tenant } from "./tenant.ts";

export const seedAgreementInput = z
  .strictObject({
    name: z.string().min(1),
    id: z
      .string()
      .min(1)
      .optional()
      .describe("Default: that of the agreement with this name, else a new one."),
    text: z.string().min(1).max(32_000).describe("What the person reads."),
    locale: z.string().min(1).optional().describe("Default: en."),
    contentType: z.enum(["text/plain", "text/html"]).optional().describe("Default: text/plain."),
    description: z.string().optional(),
    enabled: z.boolean().optional().describe("Default: true."),
    reconsentPeriodDays: z.int().positive().optional().describe("Default: an acceptance does not expire."),
  })
  .describe(
    "An agreement in one language. One of the same id or name is replaced, and has to be accepted again.",
  );

export const seedAcceptanceInput = z
  .strictObject({
    user: z.string().min(1).describe("User name, e-mail or id."),
    agreement: z.string().min(1).describe("Name or id."),
  })
  .describe("A user's acceptance of an agreement.");

export interface SeededAgreement {
  readonly id: string;
  readonly name: string;
}

/** @throws {ControlRequestError} */
export function seedAgreement(tenant: Tenant, input: z.input<typeof seedAgreementInput>): SeededAgreement {
  const given = parseInput(seedAgreementInput, input, "The agreement");
  const { name, locale = "en", text, contentType, description, enabled, reconsentPeriodDays } = given;
  const { agreements } = tenant;
  const named = agreements.agreements.find((other) => other.name === name);
  const id = given.id ?? named?.id ?? randomUUID();
  if (named && named.id !== id) {
    throw new ControlRequestError(
      `The name "${name}" is that of the agreement ${named.id}. Give that id, or another name.`,
    );
  }
  agreements.seed(
    agreementSchema.parse({
      id,
      name,
      description,
      enabled,
      reconsentPeriodDays,
      languages: [
        {
          id: randomUUID(),
          locale,
          displayName: locale,
          currentRevision: { id: randomUUID(), contentType, text },
        },
      ],
    }),
  );
  return { id, name };
}

/** @throws {ControlRequestError} */
export function seedAcceptance(tenant: Tenant, input: z.input<typeof seedAcceptanceInput>): void {
  const { user, agreement } = parseInput(seedAcceptanceInput, input, "The acceptance");
  const { id } = requireUser(tenant, user);
  const { id: agreementId, name } = requireAgreement(tenant, agreement);
  const presented = tenant.agreements.present(agreementId);
  if (!presented) throw new ControlRequestError(`The agreement "${name}" is disabled: nobody can accept it.`);
  tenant.agreements.accept(id, presented);
}
