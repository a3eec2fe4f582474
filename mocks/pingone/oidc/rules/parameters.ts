/**
 * Request parameters as OAuth defines them: sent once (RFC 6749 section 3.1), absent when empty, form-encoded.
 */
import { mediaTypeOf } from "../../../kit/media-type.ts";
import { OAuthRefusal, UnreadableBody } from "../../refusals.ts";

/** Far above any legitimate request. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_VALUE_LENGTH = 8192;

/** RFC 8707 section 2 lets a client name several resources. */
const REPEATABLE: ReadonlySet<string> = new Set(["resource"]);

export class RequestParameters {
  readonly #values = new Map<string, string[]>();

  constructor(source: URLSearchParams) {
    for (const [name, value] of source) {
      if (value !== "") this.#values.set(name, [...this.getAll(name), value]);
    }
  }

  /** `undefined` when absent or empty. The first one when repeated: ask {@link isUsable} first. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  getAll(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The first value of every parameter, for DaVinci's `authorizationRequest`. */
  get record(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#values].map(([name, [value = ""]]) => [name, value]));
  }

  /** False when it is repeated or too long. */
  isUsable(name: string): boolean {
    return !this.#isRepeated(name) && !this.#isTooLong(name);
  }

  /** @throws {OAuthRefusal} `invalid_request` when a parameter is repeated or too long. */
  requireWellFormed(): void {
    for (const name of this.#values.keys()) {
      if (this.#isRepeated(name))
        throw new OAuthRefusal("invalid_request", "A parameter is included more than once");
      if (this.#isTooLong(name)) throw new OAuthRefusal("invalid_request", "A parameter is too long");
    }
  }

  #isRepeated(name: string): boolean {
    return this.getAll(name).length > 1 && !REPEATABLE.has(name);
  }

  #isTooLong(name: string): boolean {
    return (this.get(name) ?? "").length > MAX_VALUE_LENGTH;
  }
}

/** The parameters of a request body. @throws {UnreadableBody} when it is no form, or too large. */
export async function readForm(request: Request): Promise<RequestParameters> {
  return new RequestParameters(await readFields(request));
}

/** As {@link readForm}, just as they came. */
export async function readFields(request: Request): Promise<URLSearchParams> {
  const body = await request.arrayBuffer();
  if (body.byteLength > MAX_BODY_BYTES) throw new UnreadableBody("The request body is too large", 413);
  const type = mediaTypeOf(request);
  if (type !== "application/x-www-form-urlencoded") {
    throw new UnreadableBody("The request body must be application/x-www-form-urlencoded");
  }
  return new URLSearchParams(new TextDecoder().decode(body));
}

/** Words of a space-separated list, each once. */
export function splitWords(value: string | undefined): string[] {
  return [...new Set((value ?? "").split(" ").filter((word) => word !== ""))];
}
