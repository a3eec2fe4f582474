import { expect, it } from "vitest";
import { isGrantName, parseCredential, userIdOf } from "./credentials.ts";

const GRANT_ID = "g".repeat(16);

it.each<[what: string, subject: string]>([
  ["is a UUID", "5b2f6d3e-8a0c-4c55-9f0e-0d2a6a1c7e11"],
  ["holds a colon", "pingone:alice"],
  ["holds letters of other scripts", "Jörg/アリス"],
  ["is longer than a key can hold", "x".repeat(300)],
])(
  "a person whose subject at PingOne %s has an id that is known again in their credentials",
  async (_what, subject) => {
    const userId = userIdOf(subject);
    expect(parseCredential(`${userId}:${GRANT_ID}:${"s".repeat(32)}`)).toEqual({ userId, grantId: GRANT_ID });
    expect(isGrantName({ userId, grantId: GRANT_ID })).toBe(true);
  },
);
