/** A screen as the engine keeps it between two requests, and the form that a person sends. Plain JSON. */

export interface Screen {
  /** The heading of a page whose markup has none. */
  readonly title: string;
  /** The title of the browser's tab. Default: the heading of the page. */
  readonly tabTitle?: string;
  /**
   * Markup of the author after its template was rendered, not sanitised yet: controls are marked by
   * `data-skcomponent`, as in DaVinci's HTML templates. `render-screen.ts` makes a plain form of it.
   */
  readonly markup: string;
  /** Style sheets of the flow and of the node, in this order, joined. */
  readonly css: string;
  /** The fields that are accepted; others are left aside. `buttonValue` is always accepted. */
  readonly fields: readonly ScreenField[];
  /** What a developer should know of this screen, such as "its script is not run". */
  readonly remarks: readonly string[];
  /** A script belongs to the page, which is not run. It may be all that sends the form. */
  readonly hasScript?: boolean;
  /** The page waits for something outside; it has a button that asks again. */
  readonly polling?: ScreenPolling;
  /**
   * The flow gets any `buttonValue`, also one that no button has: PingOne does not read an author's template, so that
   * comparisons have an exit for "no match". Not verified.
   */
  readonly takesAnyButton?: boolean;
}

/** What that button asks for: a change of the challenge's status, or without one whether to go on. */
export interface ScreenPolling {
  readonly challenge?: string;
  /** Of the challenge, when the screen was made. */
  readonly status?: string;
  /** How often may be asked without a challenge. */
  readonly retries: number;
  /** Epoch milliseconds: when the waiting is over. */
  readonly until: number;
}

/** The field that says that this button was pressed. No author's field has such a name. */
export const POLL = "emulator:poll";

export interface ScreenField {
  readonly name: string;
  /** What the author calls it (`displayName`). Names it in messages, and where the markup has no label. */
  readonly label?: string;
  /** What is in the input at first, if the markup leaves it empty. */
  readonly value?: string;
  /** Never shown again, never journalled (`hashedVisibility`, or an input of type password). */
  readonly isSecret: boolean;
  /** True: several values of one name become a list. */
  readonly isList?: boolean;
  /** A message for an empty value, from the node's `validationRules`; "" for a rule without one. */
  readonly required?: string;
  /** Default: 4096. */
  readonly maxLength?: number;
}

/** What is shown with a screen that is shown again. */
export interface ScreenMessages {
  /** At `skerror`. */
  readonly error?: string;
  /** At `skerrormessage`, by field; "" is the region of no field. A field with an empty text is only marked as wrong. */
  readonly fieldErrors?: Readonly<Record<string, string>>;
  /** From the emulator, not from the flow. */
  readonly notice?: string;
}

/** The fields of a form as they were accepted, `buttonValue` among them if a button with a value was pressed. */
export type SubmittedFields = Readonly<Record<string, string | readonly string[]>>;
