/** What the drivers for HTTP and for Playwright have in common: who signs on, and what a page says that ends it. */
import {
  type Decision,
  decide,
  type Knowledge,
  readScreen,
  type Screen,
  type ScreenAnswer,
} from "./screen.ts";

/** A user name of the tenant, or any user name with its password. */
export type SignOnUser = string | { readonly username: string; readonly password: string };

/** The emulator: what `startPingOne` or `startOffline` gives. */
export interface SignOnEmulator {
  readonly issuer: string;
  readonly users: readonly {
    readonly username: string;
    readonly password: string;
    readonly about?: string | undefined;
  }[];
  readonly outbox: {
    messages(filter: { readonly to: string }): Promise<readonly { readonly code: string }[]>;
  };
  /** What authenticator apps show. */
  readonly mfa?: { codes(user: string): Promise<readonly { readonly code: string }[]> };
}

export interface SignOnChoices {
  /** What to press on a screen that asks for consent. Default: `approve`. */
  readonly consent?: "approve" | "decline" | undefined;
  /** For a screen that demands another password. Default: the present one and `-changed`. */
  readonly newPassword?: string | undefined;
  /** Values for fields that only your own flow has, by label or name: `{ "Employee number": "4711" }`. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /**
   * What to do on a screen, by its heading; a list has one answer for each time that the screen is shown. Afterwards, and
   * on all other screens, the driver does what leads on: `{ "Sign On": { press: "Forgot password?" } }`.
   */
  readonly answers?: Readonly<Record<string, ScreenAnswer | readonly ScreenAnswer[]>> | undefined;
}

/** A screen that was passed, or at which a sign-on ended. */
export interface SeenScreen {
  readonly heading: string;
  /** All that a person reads on it. */
  readonly text: string;
  /** Its error message. */
  readonly alert: string | undefined;
  /** Labels of its fields, or names of those that have none. */
  readonly fields: readonly string[];
  readonly buttons: readonly string[];
}

/** Why a sign-on ended before PingOne sent the person back; its message says what to do. */
export class SignOnError extends Error {
  override readonly name = "SignOnError";
  /** Heading of the screen at which it ended. */
  readonly heading: string;
  /** The screens up to there. */
  readonly screens: readonly SeenScreen[];
  /**
   * `screen`: the last screen shows an error, has no button that leads on, or asks for what is not known. `call`: the
   * call names a user, a button, a field or a screen that there is not.
   */
  readonly fault: "screen" | "call";

  constructor(
    message: string,
    {
      heading = "",
      screens = [],
      fault = "call",
    }: Partial<Pick<SignOnError, "heading" | "screens" | "fault">> = {},
  ) {
    super(message);
    this.heading = heading;
    this.screens = screens;
    this.fault = fault;
  }
}

/** More screens than any flow has. A flow that comes back to the same one ends here. */
const MAXIMUM_SCREENS = 20;

/** What to do on a page: send its form, or let it bring the answer to the application. */
export type Step = HandOver | Answer;
type HandOver = Extract<Decision, { kind: "handOver" }>;
type Answer = Pick<Extract<Decision, { kind: "submit" }>, "kind" | "form" | "button" | "values">;

/** A test user in front of PingOne's screens, who answers one after the other. */
export class Person {
  readonly #pingone: SignOnEmulator;
  readonly #knows: Knowledge;
  readonly #about: string | undefined;
  readonly #answers: ReadonlyMap<string, ScreenAnswer[]>;
  /** In the order in which they were shown. */
  readonly screens: SeenScreen[] = [];
  #answered = 0;

  /** @throws {SignOnError} when the tenant has no such user, or no password for it. */
  constructor(user: SignOnUser, pingone: SignOnEmulator, choices: SignOnChoices = {}) {
    const { username, password, about } =
      typeof user === "string" ? findUser(user, pingone) : { ...user, about: undefined };
    const { consent = "approve", newPassword = `${password}-changed`, fields = {}, answers = {} } = choices;
    this.#answers = new Map(Object.entries(answers).map(([heading, given]) => [heading, [given].flat()]));
    this.#pingone = pingone;
    this.#about = about;
    this.#knows = { username, password, newPassword, consent, fields };
  }

  isAtPingOne(url: URL): boolean {
    return url.origin === new URL(this.#pingone.issuer).origin;
  }

  /** @throws {SignOnError} on a page that refuses, that has no way on, or that asks for what nobody knows. */
  async answer(html: string, url: URL): Promise<Step> {
    const screen = readScreen(html);
    const given = this.#answers.get(screen.heading)?.shift();
    const decision = decide(screen, this.#knows, url, this.#answered > 0, given);
    if (decision.kind === "handOver") return decision;
    this.screens.push(seen(screen));
    if (decision.kind !== "submit") throw this.#explain(screen, decision);
    if (this.#answered === MAXIMUM_SCREENS) {
      throw this.#error(
        screen,
        `still asks after ${MAXIMUM_SCREENS} screens. Does the flow come back to it?`,
      );
    }
    this.#answered += 1;
    const values = new Map(decision.values);
    for (const name of decision.codeFields) values.set(name, await this.#readCode(screen));
    return { kind: "submit", form: decision.form, button: decision.button, values };
  }

  /** @throws {SignOnError} for answers that no screen has asked for: the flow went another way than the test says. */
  requireAllAsked(): void {
    const unasked = this.#unasked;
    if (unasked.length === 0) return;
    const shown = this.screens.map(({ heading }) => `"${heading}"`).join(", ") || "none";
    throw new SignOnError(
      `Sign-on of ${this.#knows.username}: no screen asked for the answers for ${unasked.join(", ")}. Screens shown: ${shown}.`,
      { screens: this.screens },
    );
  }

  /** Headings of answers that no screen has asked for, as yet. */
  get #unasked(): string[] {
    return [...this.#answers].filter(([, rest]) => rest.length > 0).map(([heading]) => `"${heading}"`);
  }

  async #readCode(screen: Screen): Promise<string> {
    const sent = await this.#pingone.outbox.messages({ to: this.#knows.username });
    // Flows also send e-mails that have no code.
    const messages = sent.filter(({ code }) => code !== "");
    // The emulator shows the code of this sign-on beside the screen: the same user may sign on twice at a time.
    const shown = messages.findLast(({ code }) => screen.html.includes(code));
    if (shown) return shown.code;
    const [app] = (await this.#pingone.mfa?.codes(this.#knows.username)) ?? [];
    // The emulator shows what an authenticator app shows where a flow waits for that.
    const code =
      app && screen.html.includes("one-time-code") ? app.code : (messages.at(-1)?.code ?? app?.code);
    if (code !== undefined) return code;
    throw this.#error(screen, "asks for a code, but the outbox has none for this user.");
  }

  #explain(screen: Screen, decision: Exclude<Decision, { kind: "submit" | "handOver" }>): SignOnError {
    switch (decision.kind) {
      case "refused":
        return this.#error(screen, `refuses: ${decision.message.replace(/\.$/, "")}.`, this.#describeUser());
      case "deadEnd":
        return this.#error(screen, `has no button that leads on. It says: ${saidOn(screen)}`, [
          ...(decision.buttons.length > 0 ? [`Buttons: ${decision.buttons.join(", ")}.`] : []),
          ...this.#describeUser(),
        ]);
      case "absent":
        return this.#error(
          screen,
          `has no ${decision.what} "${decision.name}".`,
          [`It has: ${decision.there.join(", ") || "none"}.`],
          "call",
        );
      case "unknown": {
        const names = decision.fields.map(({ label, name }) => label || name);
        const example = JSON.stringify({ fields: { [names[0] ?? ""]: "..." } });
        return this.#error(screen, `asks for what the driver does not know: ${names.join(", ")}.`, [
          `Buttons: ${decision.buttons.join(", ")}.`,
          `Give the values as an option, ${example}, or fill in this screen by hand and sign on from the next one.`,
        ]);
      }
    }
  }

  #describeUser(): string[] {
    return this.#about === undefined ? [] : [`The tenant says of this user: ${this.#about}.`];
  }

  #error(
    { heading, html }: Screen,
    what: string,
    more: readonly string[] = [],
    fault: SignOnError["fault"] = "screen",
  ): SignOnError {
    const page = heading === "" ? "a page without a heading" : `"${heading}"`;
    const run = /href="(\/__mocks\/page\/runs\/[\w-]+)"/.exec(html)?.[1];
    // `runFlow` ends an emulator of its own before anybody reads this.
    const why =
      run === undefined
        ? []
        : [`While the emulator runs, the run of the flow is at ${new URL(run, this.#pingone.issuer).href}`];
    const unasked = fault === "screen" ? this.#unasked : [];
    const left = unasked.length > 0 ? [`No screen has asked for the answers for ${unasked.join(", ")}.`] : [];
    const message = [`Sign-on of ${this.#knows.username}: ${page} ${what}`, ...more, ...left, ...why].join(
      " ",
    );
    return new SignOnError(message, { heading, screens: this.screens, fault });
  }
}

function findUser(username: string, { users }: SignOnEmulator) {
  const found = users.find((user) => user.username === username);
  if (found === undefined) {
    const names = users.map((user) => user.username).join(", ");
    throw new SignOnError(
      `The tenant has no user ${username}. It has: ${names}. For another, give { username, password }.`,
    );
  }
  if (found.password === "") {
    throw new SignOnError(`The tenant has no password for ${username}. Give { username, password }.`);
  }
  return found;
}

function seen({ heading, text, alert, form }: Screen): SeenScreen {
  const fields = (form?.fields ?? []).filter(({ type }) => type !== "hidden");
  return {
    heading,
    text,
    alert,
    fields: fields.map(({ label, name }) => label || name),
    buttons: (form?.buttons ?? []).map((button) => button.text),
  };
}

const SHOWN_CHARACTERS = 300;

function saidOn({ text, heading }: Screen): string {
  const said = text.startsWith(heading) ? text.slice(heading.length).trim() : text;
  return said === "" ? "nothing." : said.slice(0, SHOWN_CHARACTERS);
}
