/** In the place of mimetext, with which the Agents SDK writes e-mail. No agent of this Worker sends any. */
export function createMimeMessage(): never {
  throw new Error("mimetext is not part of this bundle: this Worker sends no e-mail.");
}
