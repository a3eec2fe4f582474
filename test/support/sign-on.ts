/** A person who answers PingOne's screens, in the browser of a test that also visits the Worker. */
import { answerScreens, type TestPage } from "pingone-emulator/browser";

/** TEST ONLY: the password of every test user. */
export const PASSWORD = "2FederateM0re!";

export interface SignOnChoices {
  /** `alice` unless given. */
  readonly username?: string;
  readonly password?: string;
  /** The button on the consent screen. */
  readonly consent?: "Approve" | "Decline";
}

/** For users who need no code: those have the outbox of their emulator. */
const OUTBOX = { messages: async () => [] };

/** Returns the page that comes after PingOne's; a page that is not PingOne's is returned as it is. */
export async function signOn(page: TestPage, choices: SignOnChoices = {}): Promise<TestPage> {
  const { username = "alice", password = PASSWORD, consent = "Approve" } = choices;
  // PingOne's addresses have the environment first, which nothing of the Worker or of a client has.
  const issuer = /\/(as|davinci)\//.test(page.url.pathname) ? page.url.origin : "http://pingone.invalid";
  return answerScreens(
    page,
    { username, password },
    {
      pingone: { issuer, users: [], outbox: OUTBOX },
      consent: consent === "Approve" ? "approve" : "decline",
    },
  );
}
