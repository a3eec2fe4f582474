/** For tests: a person who answers the screens of the shipped flows. */
import type { TestPage } from "../../kit/browser.ts";

/** TEST ONLY: the password of every test user. */
export const PASSWORD = "2FederateM0re!";

export interface SignOnChoices {
  /** `alice` unless given. */
  readonly username?: string;
  readonly password?: string;
  /** The button on the consent screen. */
  readonly consent?: "Approve" | "Decline";
}

/** Signs on and consents; a screen that does not appear is not waited for. Returns the page that comes after. */
export async function signOn(page: TestPage, choices: SignOnChoices = {}): Promise<TestPage> {
  const { username = "alice", password = PASSWORD, consent = "Approve" } = choices;
  const signedOn =
    page.heading === "Sign On"
      ? await page.submit("Sign On", { Username: username, Password: password })
      : page;
  return signedOn.heading === "Application Consent" ? signedOn.submit(consent) : signedOn;
}
