/**
 * Signs tokens and publishes keys with the key store and the `buildToken` of `oauth2-mock-server`. Its HTTP handlers
 * validate nothing and are never used.
 *
 * The package would sign with its keys in turn, so every call names the `kid`.
 */
import { createLocalJWKSet, type JWK, type JWTPayload, jwtVerify } from "jose";
import { OAuth2Issuer } from "oauth2-mock-server";
import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import type { FixtureKeys, SigningKey } from "../tenant/keys.ts";
import {
  bringUpToDate,
  createKeyRing,
  type KeyRing,
  keyRingSchema,
  type RingConditions,
  rotate,
} from "./key-ring.ts";

/** Key id of refresh tokens in the legacy format, as PingOne writes it. */
export const REFRESH_TOKEN_KEY_ID = "default";

type Claims = Readonly<Record<string, unknown>>;

export interface SignOptions {
  readonly typ?: string | undefined;
  readonly x5t?: boolean;
  /** `wrong_signature`: the current `kid`, another key. `unknown_kid`: a key that is not in the JWKS. */
  readonly defect?: "wrong_signature" | "unknown_kid" | undefined;
}

export interface SignerOptions {
  readonly keys: FixtureKeys;
  readonly clock: Clock;
  /** True while a Key Rotation Policy rolls the keys. */
  readonly hasRotationPolicy: () => boolean;
  /** Called after every change that a snapshot would show. */
  readonly onChange: () => void;
}

export class Signer {
  readonly #options: SignerOptions;
  /** Signs with keys that the JWKS does not have. */
  readonly #unpublished: OAuth2Issuer;
  #published: OAuth2Issuer;
  #ring: KeyRing;
  #issuer = "";
  /** The last change of keys: the next one waits for it, so that two requests do not both roll the key. */
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(
    options: SignerOptions,
    ring: KeyRing,
    issuers: { readonly published: OAuth2Issuer; readonly unpublished: OAuth2Issuer },
  ) {
    this.#options = options;
    this.#ring = ring;
    this.#published = issuers.published;
    this.#unpublished = issuers.unpublished;
  }

  static async create(options: SignerOptions): Promise<Signer> {
    const { foreign } = options.keys;
    const ring = createKeyRing(options.keys, options.clock());
    return new Signer(options, ring, {
      published: await createIssuer(ring.keys),
      unpublished: await createIssuer([foreign, { ...foreign, kid: REFRESH_TOKEN_KEY_ID }]),
    });
  }

  get issuer(): string {
    return this.#issuer;
  }

  /** To be set once the address is known, before any other use. */
  set issuer(url: string) {
    this.#issuer = url;
    this.#published.url = url;
    this.#unpublished.url = url;
  }

  /** Whether browsers reach the issuer over TLS. */
  get isSecure(): boolean {
    return this.#issuer.startsWith("https:");
  }

  get signingKeyId(): string {
    return this.#ring.signingKeyId;
  }

  get keyIds(): readonly string[] {
    return this.#ring.keys.map(({ kid }) => kid);
  }

  async sign(claims: Claims, { typ, x5t = false, defect }: SignOptions = {}): Promise<string> {
    await this.#rollIfDue();
    const kid = this.#ring.signingKeyId;
    const key = this.#ring.keys.find((candidate) => candidate.kid === kid);
    const header = { ...(typ !== undefined && { typ }), ...(x5t && { x5t: key?.x5t }) };
    if (defect === undefined) return buildToken(this.#published, kid, header, claims);
    const shown = defect === "wrong_signature" ? { ...header, kid } : header;
    return buildToken(this.#unpublished, this.#options.keys.foreign.kid, shown, claims);
  }

  /** A refresh token in the legacy format. */
  signRefreshToken(claims: Claims): Promise<string> {
    return buildToken(this.#unpublished, REFRESH_TOKEN_KEY_ID, {}, claims);
  }

  /** The claims of a token that this issuer signed, however old; `undefined` for any other. */
  async verify(token: string): Promise<JWTPayload | undefined> {
    try {
      const keys = createLocalJWKSet({ keys: this.#published.keys.toJSON() });
      // An expired ID token is a valid hint (OpenID Connect RP-Initiated Logout 1.0, section 2).
      const options = { issuer: this.#issuer, currentDate: new Date(0) };
      return (await jwtVerify(token, keys, options)).payload;
    } catch {
      return undefined;
    }
  }

  /** The published keys. PingOne's documented key has no `alg`, so a client that needs one must fail here too. */
  async publicKeys(): Promise<Omit<JWK, "alg">[]> {
    await this.#rollIfDue();
    return this.#published.keys.toJSON().map(({ alg: _, ...key }) => key);
  }

  /** A new signing key; the old one stays published unless it is dropped. Returns the new `kid`. */
  async rotate(options?: { readonly drop?: boolean }): Promise<string> {
    await this.#change((ring) => rotate(ring, this.#conditions(), options));
    return this.signingKeyId;
  }

  snapshot(): unknown {
    return structuredClone(this.#ring);
  }

  /** @throws {Error} when `snapshot` is not one. */
  async restore(snapshot: unknown): Promise<void> {
    const parsed = keyRingSchema.safeParse(snapshot);
    if (!parsed.success) throw new Error(`snapshot of keys: ${z.prettifyError(parsed.error)}`);
    await this.#use(parsed.data);
  }

  #rollIfDue(): Promise<void> {
    return this.#change((ring) => bringUpToDate(ring, this.#conditions()));
  }

  #conditions(): RingConditions {
    return { hasPolicy: this.#options.hasRotationPolicy(), now: this.#options.clock() };
  }

  #change(next: (ring: KeyRing) => Promise<KeyRing>): Promise<void> {
    const change = this.#changing.then(async () => {
      const ring = await next(this.#ring);
      if (ring === this.#ring) return;
      await this.#use(ring);
      this.#options.onChange();
    });
    this.#changing = change.catch(() => {});
    return change;
  }

  async #use(ring: KeyRing): Promise<void> {
    this.#published = await createIssuer(ring.keys);
    this.#published.url = this.#issuer;
    this.#ring = ring;
  }
}

async function createIssuer(keys: readonly SigningKey[]): Promise<OAuth2Issuer> {
  const issuer = new OAuth2Issuer();
  for (const key of keys) await issuer.keys.add(key);
  return issuer;
}

function buildToken(
  issuer: OAuth2Issuer,
  kid: string,
  header: Readonly<Record<string, unknown>>,
  claims: Claims,
): Promise<string> {
  return issuer.buildToken({
    kid,
    scopesOrTransform: (builtHeader, payload) => {
      // The package adds iat, exp and nbf by real time; PingOne sends no nbf, and time here is the emulator's.
      for (const name of Object.keys(payload)) delete payload[name];
      Object.assign(payload, claims);
      Object.assign(builtHeader, { typ: undefined, ...header });
    },
  });
}
