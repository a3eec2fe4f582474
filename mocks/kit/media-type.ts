/** The type of a request's body, in lower case and without parameters (RFC 9110 section 8.3.1). */
export function mediaTypeOf({ headers }: Pick<Request, "headers">): string {
  return (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}
