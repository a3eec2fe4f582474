/**
 * A self-signed certificate for an RSA key, so that the emulator's JWKS carries `x5t` and `x5c` as PingOne's does.
 * Just enough DER (X.690) for that; nothing ever verifies these certificates.
 */
import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";

const SHA256_WITH_RSA = Buffer.from("300d06092a864886f70d01010b0500", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const VALIDITY = [utcTime("260101000000Z"), utcTime("491231235959Z")];

export interface CertificateFields {
  /** RFC 7517 section 4.7: base64, not base64url. */
  readonly x5c: readonly [string];
  /** RFC 7517 section 4.8. */
  readonly x5t: string;
}

export function createCertificateFields(privateKey: KeyObject, commonName: string): CertificateFields {
  const name = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
  const serial = createHash("sha256").update(commonName).digest().subarray(0, 8);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    SHA256_WITH_RSA,
    name,
    der(0x30, ...VALIDITY),
    name,
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = der(0x30, content, SHA256_WITH_RSA, der(0x03, Buffer.from([0]), signature));
  return {
    x5c: [certificate.toString("base64")],
    x5t: createHash("sha1").update(certificate).digest("base64url"),
  };
}

function utcTime(value: string): Buffer {
  return der(0x17, Buffer.from(value));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  if (body.length < 0x80) length.push(body.length);
  else {
    for (let rest = body.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
    length.unshift(0x80 | length.length);
  }
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
