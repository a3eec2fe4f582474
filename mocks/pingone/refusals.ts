/**
 * What an endpoint, or a rule that several endpoints share, throws to refuse a request. `routes.ts` alone turns these
 * into answers.
 *
 * SECURITY: a message never quotes a secret, a code, a token or a parameter's value.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A refusal that the caller gets as an OAuth error, by redirect or as JSON. */
export class OAuthRefusal extends Error {
  override readonly name = "OAuthRefusal";
  readonly error: string;
  readonly status: ContentfulStatusCode;

  /** @param detail The part of PingOne's description that says what is wrong. */
  constructor(error: string, detail: string, status: ContentfulStatusCode = 400) {
    super(detail);
    this.error = error;
    this.status = status;
  }
}

/** A request body that cannot be read. */
export class UnreadableBody extends OAuthRefusal {
  constructor(detail: string, status: 400 | 413 = 400) {
    super("invalid_request", detail, status);
  }
}

/** A refusal that must not be redirected, because client or redirect URI cannot be trusted (RFC 6749 4.1.2.1). */
export class UntrustedRequest extends Error {
  override readonly name = "UntrustedRequest";
  readonly target: string;

  /** @param target The parameter at fault. */
  constructor(target: string, detail: string) {
    super(detail);
    this.target = target;
  }
}

/** A refusal in PingOne's own error format (`P1Error`). */
export class P1Refusal extends Error {
  override readonly name = "P1Refusal";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** PingOne has this and the emulator has not: the caller must not take the answer for PingOne's. */
export class NotEmulated extends Error {
  override readonly name = "NotEmulated";
  readonly status = 501;
  readonly headers = { "X-PingOne-Emulator": "not-emulated" } as const;

  /**
   * @param about What PingOne has, as in "the Management API".
   * @param instead What to do in its place, as a sentence.
   */
  constructor(about: string, instead = "Test it against a PingOne tenant.") {
    super(
      `PingOne has ${about}. The emulator does not have it. ${instead} docs/pingone-fidelity.md lists what is emulated.`,
    );
  }
}
