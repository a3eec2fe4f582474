/**
 * A verb of the control API: one entry of a table, from which come its HTTP route, its method in process and in the
 * client, its form on the page and its line in the documents.
 */
import type { z } from "zod";
import type { Choice } from "../page/choice.ts";

export interface Verb<
  Running = unknown,
  View = unknown,
  Input extends z.ZodType = z.ZodType,
  Takes extends readonly string[] = readonly string[],
  Answer = unknown,
> {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/__mocks`. */
  readonly path: string;
  /** What it does, in one sentence. */
  readonly about: string;
  /** The JSON body, or for GET the query. */
  readonly input: Input;
  /** Fields of the input that its method takes by position. Those that remain are an options object behind them. */
  readonly takes?: Takes;
  /** The key under which the HTTP answer holds what `run` returns; without one, the answer is that itself. */
  readonly answers?: string;
  /** Its form on the page, if it has one. */
  readonly form?: VerbForm<View, z.output<Input>>;
  /** Its button in each row of a table of the page, if it has one. */
  readonly button?: RowButton;
  /** The input has been parsed. @throws {ControlRequestError} when it names something that is not there. */
  run(running: Running, input: z.output<Input>): Answer | Promise<Answer>;
}

/** A form with a field for each field of the input. */
export interface VerbForm<View = unknown, Input = unknown> {
  /** Heading of the part of the page that it stands in. */
  readonly section: string;
  /** Text of its button. */
  readonly submit: string;
  /** Fields that only the API has. */
  readonly hidden?: readonly string[];
  /** Choices that depend on the state, by field. */
  choices?(view: View): { readonly [Field in keyof Input]?: readonly Choice[] };
  /** What holds already, by field. An optional field that still says so is not sent. */
  values?(view: View): Readonly<Record<string, unknown>>;
}

export interface RowButton {
  /** Title of the table. */
  readonly table: string;
  /** The field of the input that takes the name of the row. */
  readonly field: string;
  /** Its text. */
  readonly text: string;
}

export type VerbTable = Readonly<Record<string, Verb>>;

/** Gives the function that defines verbs of one emulator, which keeps the exact types of each. */
export function verbsOf<Running, View>() {
  return <Input extends z.ZodType, Answer, const Takes extends readonly string[] = readonly []>(
    verb: Verb<Running, View, Input, Takes, Answer>,
  ) => verb;
}

/** What the method of a verb takes: some fields by position, the rest as options. */
type Arguments<Input, Takes extends readonly string[]> = string extends Takes[number]
  ? Options<Input>
  : [...Positional<Input, Takes>, ...Options<Takes extends readonly [] ? Input : Omit<Input, Takes[number]>>];
type Positional<Input, Takes extends readonly string[]> = Takes extends readonly [
  infer Field extends keyof Input,
  ...infer Rest extends readonly string[],
]
  ? undefined extends Input[Field]
    ? [given?: Input[Field], ...rest: Positional<Input, Rest>]
    : [given: Input[Field], ...rest: Positional<Input, Rest>]
  : [];
type Options<Rest> = [keyof Rest] extends [never]
  ? []
  : [Rest] extends [Record<string, never>]
    ? []
    : Record<never, never> extends Rest
      ? [options?: Rest]
      : [options: Rest];

/** The method that a verb has in process and in the client. */
type Method<V extends Verb> = (
  ...given: Arguments<z.input<V["input"]>, NonNullable<V["takes"]>>
) => Promise<Awaited<ReturnType<V["run"]>>>;
export type Methods<Verbs> = {
  readonly [Name in keyof Verbs]: Verbs[Name] extends Verb ? Method<Verbs[Name]> : never;
};

/** The input that a method was called with. */
export function inputFrom({ takes = [] }: Verb, given: readonly unknown[]): unknown {
  const options = given[takes.length] ?? {};
  if (takes.length === 0) return options;
  const positional = takes.map((field, at) => [field, given[at]]).filter(([, value]) => value !== undefined);
  return { ...options, ...Object.fromEntries(positional) };
}
