/**
 * Signs tokens and publishes keys and discovery with `oauth2-mock-server`: its key store, its `buildToken`, its JWKS and
 * discovery handlers. Its other handlers validate nothing and are never called.
 *
 * The package would sign with its keys in turn, so every call names the `kid`.
 */
import { createLocalJWKSet, type JWTPayload, jwtVerify } from "jose";
import { Events, OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";
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
import { callNodeHandler } from "./node-handler.ts";

/** Key id of refresh tokens in the legacy format, as PingOne writes it. */
const REFRESH_TOKEN_KEY_ID = "default";
const jwksSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

type Claims = Readonly<Record<string, unknown>>;

export interface SignOptions {
  readonly typ?: string | undefined;
  readonly x5t?: boolean;
  /** `wrong_signature`: the current `kid`, another key. `unknown_kid`: a key that nobody publishes. */
  readonly defect?: "wrong_signature" | "unknown_kid" | undefined;
}

export interface SignerOptions {
  readonly keys: FixtureKeys;
  readonly clock: Clock;
  /** True while a Key Rotation Policy rolls the keys. */
  readonly hasRotationPolicy: () => boolean;
  /** The members of the discovery document. */
  readonly discovery: (issuer: string) => Record<string, unknown>;
  /** Called after every change that a snapshot would show. */
  readonly onChange: () => void;
}

export class Signer {
  readonly #options: SignerOptions;
  readonly #foreignKey: SigningKey;
  /** Signs with keys that the JWKS does not have. */
  readonly #unpublished: OAuth2Service;
  #published: OAuth2Service;
  #ring: KeyRing;
  #issuer = "";
  /** The last change of keys: the next one waits for it, so that two requests do not both roll the key. */
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(
    options: SignerOptions,
    ring: KeyRing,
    services: { readonly published: OAuth2Service; readonly unpublished: OAuth2Service },
  ) {
    this.#options = options;
    this.#foreignKey = options.keys.foreign;
    this.#ring = ring;
    this.#published = services.published;
    this.#unpublished = services.unpublished;
  }

  static async create(options: SignerOptions): Promise<Signer> {
    const { foreign } = options.keys;
    const ring = createKeyRing(options.keys, options.clock());
    return new Signer(options, ring, {
      published: await createService(ring.keys, options.discovery),
      unpublished: await createService(
        [foreign, { ...foreign, kid: REFRESH_TOKEN_KEY_ID }],
        options.discovery,
      ),
    });
  }

  get issuer(): string {
    return this.#issuer;
  }

  /** To be set once the address is known, before any other use. */
  set issuer(url: string) {
    this.#issuer = url;
    this.#published.issuer.url = url;
    this.#unpublished.issuer.url = url;
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
    return buildToken(this.#unpublished, this.#foreignKey.kid, shown, claims);
  }

  /** A refresh token in the legacy format. */
  signRefreshToken(claims: Claims): Promise<string> {
    return buildToken(this.#unpublished, REFRESH_TOKEN_KEY_ID, {}, claims);
  }

  /** The claims of a token that this issuer signed, however old; `undefined` for any other. */
  async verify(token: string): Promise<JWTPayload | undefined> {
    try {
      const keys = createLocalJWKSet({ keys: this.#published.issuer.keys.toJSON() });
      // An expired ID token is a valid hint (OpenID Connect RP-Initiated Logout 1.0, section 2).
      const options = { issuer: this.#issuer, currentDate: new Date(0) };
      return (await jwtVerify(token, keys, options)).payload;
    } catch {
      return undefined;
    }
  }

  async respondJwks(): Promise<Response> {
    await this.#rollIfDue();
    const response = await callNodeHandler(this.#published.requestHandler, "/jwks");
    const { keys } = jwksSchema.parse(await response.json());
    // PingOne's documented key has no `alg`, so a client that needs one must fail here too.
    return Response.json({ keys: keys.map(({ alg: _, ...key }) => key) }, { headers: response.headers });
  }

  respondDiscovery(): Promise<Response> {
    return callNodeHandler(this.#published.requestHandler, "/.well-known/openid-configuration");
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
    this.#published = await createService(ring.keys, this.#options.discovery);
    this.#published.issuer.url = this.#issuer;
    this.#ring = ring;
  }
}

async function createService(
  keys: readonly SigningKey[],
  discovery: SignerOptions["discovery"],
): Promise<OAuth2Service> {
  const issuer = new OAuth2Issuer();
  for (const key of keys) await issuer.keys.add(key);
  const service = new OAuth2Service(issuer, { endSession: "/signoff" });
  service.on(
    Events.BeforeWellKnownOpenIdConfiguration,
    (response: { body: Record<string, unknown> | "" }) => {
      response.body = discovery(issuer.url ?? "");
    },
  );
  return service;
}

function buildToken(
  { issuer }: OAuth2Service,
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
