/** Codes of authenticator apps: RFC 6238 with the parameters that such apps take for granted (SHA-1, six digits, 30 seconds). */
import { Secret, TOTP } from "otpauth";

const PERIOD_SECONDS = 30;
/** A step before and after: RFC 6238 section 5.2 recommends one for the delay of the network and of the person. */
const WINDOW = 1;

export function createTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** Base32 of at least 80 bits, without padding. Apps refuse shorter secrets. */
export function isTotpSecret(text: string): boolean {
  return /^[A-Z2-7]{16,128}$/.test(text);
}

/** What an app scans. */
export function keyUriOf(secret: string, { issuer, label }: { issuer: string; label: string }): string {
  return new TOTP({ secret, issuer, label, period: PERIOD_SECONDS }).toString();
}

export interface TotpCode {
  readonly code: string;
  readonly secondsLeft: number;
}

/** @param now Epoch milliseconds. */
export function totpCodeOf(secret: string, now: number): TotpCode {
  return {
    code: new TOTP({ secret, period: PERIOD_SECONDS }).generate({ timestamp: now }),
    secondsLeft: PERIOD_SECONDS - (Math.floor(now / 1000) % PERIOD_SECONDS),
  };
}

/** The time step that the code is of; `undefined` when it is of none that may be used. */
export function totpStepOf(secret: string, offered: string, now: number): number | undefined {
  const token = offered.replaceAll(/\s/g, "");
  const delta = new TOTP({ secret, period: PERIOD_SECONDS }).validate({
    token,
    timestamp: now,
    window: WINDOW,
  });
  return delta === null ? undefined : Math.floor(now / 1000 / PERIOD_SECONDS) + delta;
}
