/** Replaces mimetext, which the Agents SDK uses to write e-mail. This Worker sends none. */
export function createMimeMessage(): never {
  throw new Error("mimetext is not part of this bundle: this Worker sends no e-mail.");
}
