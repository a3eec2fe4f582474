/**
 * Signs tokens and publishes keys and discovery with `oauth2-mock-server`: its key store, its `buildToken`, its JWKS and
 * discovery handlers. Its other handlers validate nothing and are never called.
 *
 * Exactly one key signs at a time. The package would take keys in turn, so every call names its `kid`.
 */
import { createLocalJWKSet, type JWTPayload, jwtVerify } from "jose";
import { Events, OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";
import { z } from "zod";
import type { Clock } from "../contracts.ts";
import { discoveryDocument } from "../oidc/discovery.ts";
import { createSigningKey, type FixtureKeys, type SigningKey, signingKeySchema } from "../tenant/keys.ts";
import { callNodeHandler } from "./node-handler.ts";

/** Default lifetime of a key under a Key Rotation Policy. */
const ROTATION_PERIOD_MS = 90 * 24 * 60 * 60_000;

const snapshotSchema = z.object({
  /** Oldest first; the signing key is the one named. */
  keys: z.array(signingKeySchema).min(1),
  signingKeyId: z.string(),
  nextKeyId: z.string().nullable(),
  activatedAt: z.number(),
  isFromPolicy: z.boolean(),
});
const jwksSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });
type KeyState = z.infer<typeof snapshotSchema>;

export interface SignOptions {
  readonly typ?: string | undefined;
  readonly x5t?: boolean;
  /** `wrong_signature`: the current `kid`, another key. `unknown_kid`: a key that nobody publishes. */
  readonly defect?: "wrong_signature" | "unknown_kid" | undefined;
}

export interface Signer {
  /** To be set once the address is known, before any other use. */
  issuer: string;
  readonly signingKeyId: string;
  readonly keyIds: readonly string[];
  sign(claims: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>;
  /** A refresh token in the legacy format, under the key id that PingOne uses for those. */
  signRefreshToken(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** The claims of a token that this issuer signed, however old; `undefined` for any other. */
  verify(token: string): Promise<JWTPayload | undefined>;
  respondJwks(): Promise<Response>;
  respondDiscovery(): Promise<Response>;
  rotate(options?: { readonly drop?: boolean }): Promise<string>;
  snapshot(): unknown;
  /** @throws {Error} when `snapshot` is not one. */
  restore(snapshot: unknown): Promise<void>;
}

export interface SignerOptions {
  readonly keys: FixtureKeys;
  readonly clock: Clock;
  /** True while a Key Rotation Policy rolls the keys. */
  readonly hasRotationPolicy: () => boolean;
  readonly onChange: () => void;
}

export async function createSigner(options: SignerOptions): Promise<Signer> {
  const { clock, onChange } = options;
  const { foreign } = options.keys;
  let url = "";
  let state: KeyState = {
    keys: [options.keys.previous, options.keys.current],
    signingKeyId: options.keys.current.kid,
    nextKeyId: null,
    activatedAt: clock(),
    isFromPolicy: false,
  };
  const unpublished = await createService([foreign, { ...foreign, kid: "default" }]);
  let published = await createService(state.keys);

  const apply = async (next: KeyState) => {
    published = await createService(next.keys);
    published.issuer.url = url;
    state = next;
    onChange();
  };
  const without = (keys: readonly SigningKey[], kid: string | null) => keys.filter((key) => key.kid !== kid);

  const rotate: Signer["rotate"] = async ({ drop = false } = {}) => {
    const isFromPolicy = options.hasRotationPolicy();
    const waiting = isFromPolicy ? state.keys.find(({ kid }) => kid === state.nextKeyId) : undefined;
    const successor = waiting ?? (await createSigningKey());
    const next = isFromPolicy ? await createSigningKey() : undefined;
    // Keys from before the last but one have had all their tokens expire: previous, current and next is all there is.
    const kept = drop ? [] : state.keys.filter(({ kid }) => kid === state.signingKeyId);
    await apply({
      keys: [...kept, ...(next ? [next] : []), successor],
      signingKeyId: successor.kid,
      nextKeyId: next?.kid ?? null,
      activatedAt: clock(),
      isFromPolicy,
    });
    return successor.kid;
  };

  /** One at a time, so that two requests do not both roll the key. */
  let rolling: Promise<void> | undefined;
  const rollIfDue = async () => {
    const roll = async () => {
      if (!options.hasRotationPolicy()) {
        if (state.nextKeyId !== null) {
          await apply({
            ...state,
            keys: without(state.keys, state.nextKeyId),
            nextKeyId: null,
            isFromPolicy: false,
          });
        }
      } else if (!state.isFromPolicy || clock() >= state.activatedAt + ROTATION_PERIOD_MS) await rotate();
    };
    rolling ??= roll().finally(() => {
      rolling = undefined;
    });
    await rolling;
  };

  const build = (
    issuer: OAuth2Issuer,
    kid: string,
    header: Readonly<Record<string, unknown>>,
    claims: Readonly<Record<string, unknown>>,
  ) =>
    issuer.buildToken({
      kid,
      scopesOrTransform: (builtHeader, payload) => {
        // The package adds iat, exp and nbf by real time; PingOne sends no nbf, and time here is the emulator's.
        for (const name of Object.keys(payload)) delete payload[name];
        Object.assign(payload, claims);
        Object.assign(builtHeader, { typ: undefined, ...header });
      },
    });

  return {
    get issuer() {
      return url;
    },
    set issuer(value) {
      url = value;
      published.issuer.url = value;
      unpublished.issuer.url = value;
    },
    get signingKeyId() {
      return state.signingKeyId;
    },
    get keyIds() {
      return state.keys.map(({ kid }) => kid);
    },
    async sign(claims, { typ, x5t = false, defect } = {}) {
      await rollIfDue();
      const kid = state.signingKeyId;
      const certificate = state.keys.find((key) => key.kid === kid);
      const header = { ...(typ !== undefined && { typ }), ...(x5t && { x5t: certificate?.x5t }) };
      if (defect === "unknown_kid") return build(unpublished.issuer, foreign.kid, header, claims);
      if (defect === "wrong_signature")
        return build(unpublished.issuer, foreign.kid, { ...header, kid }, claims);
      return build(published.issuer, kid, header, claims);
    },
    signRefreshToken: (claims) => build(unpublished.issuer, "default", {}, claims),
    async verify(token) {
      try {
        const keys = createLocalJWKSet({ keys: published.issuer.keys.toJSON() });
        // An expired ID token is a valid hint (OpenID Connect RP-Initiated Logout 1.0, section 2).
        const { payload } = await jwtVerify(token, keys, {
          issuer: url,
          currentDate: new Date(0),
          algorithms: ["RS256"],
        });
        return payload;
      } catch {
        return undefined;
      }
    },
    async respondJwks() {
      await rollIfDue();
      const response = await callNodeHandler(published.requestHandler, "/jwks");
      const { keys } = jwksSchema.parse(await response.json());
      // PingOne's documented key has no `alg`, so a client that needs one must fail here too.
      return Response.json({ keys: keys.map(({ alg: _, ...key }) => key) }, { headers: response.headers });
    },
    respondDiscovery: () => callNodeHandler(published.requestHandler, "/.well-known/openid-configuration"),
    rotate,
    snapshot: () => structuredClone(state),
    async restore(snapshot) {
      const parsed = snapshotSchema.safeParse(snapshot);
      if (!parsed.success) throw new Error(`snapshot of keys: ${z.prettifyError(parsed.error)}`);
      published = await createService(parsed.data.keys);
      published.issuer.url = url;
      state = parsed.data;
    },
  };
}

async function createService(keys: readonly SigningKey[]): Promise<OAuth2Service> {
  const issuer = new OAuth2Issuer();
  for (const key of keys) await issuer.keys.add(key);
  const service = new OAuth2Service(issuer, { endSession: "/signoff" });
  service.on(
    Events.BeforeWellKnownOpenIdConfiguration,
    (response: { body: Record<string, unknown> | "" }) => {
      response.body = discoveryDocument(issuer.url ?? "");
    },
  );
  return service;
}
