/**
 * A verb of the control API: one entry of a table, from which come its HTTP route, its method in process and in the
 * client, its form on the page and its line in the documents.
 */
import type { z } from "zod";
import type { Choice } from "../page/fields.ts";

export interface Verb<
  Running = unknown,
  View = unknown,
  Input extends z.ZodType = z.ZodType,
  Answer = unknown,
  Given extends unknown[] = never[],
> {
  /** Method, and path below `/__mocks`. */
  readonly route: `${"GET" | "POST" | "DELETE"} /${string}`;
  /** What it does, in one sentence. */
  readonly about: string;
  /** The JSON body, or for GET the query. A field without a title is not on the page. */
  readonly input: Input;
  /** Parameters of its method, made into the input. By default the method takes the input itself. */
  inputFrom?(...given: Given): z.input<Input>;
  /** The key under which the HTTP answer holds what `run` returns; without one, the answer is that itself. */
  readonly answers?: string;
  /** What `run` returns; without one, it returns nothing. Only described by it, never checked. */
  readonly output?: z.ZodType;
  /** Whether `run` may throw an {@link ExpectationError}. */
  readonly canFailExpectation?: true;
  /** A file may be in its input, so that the body may be longer. */
  readonly takesFile?: true;
  /** Its form on the page, if it has one. */
  readonly form?: VerbForm<View, z.output<Input>, Answer>;
  /** Text of its button in each row of the emulator's users, if it takes a `user`. */
  readonly button?: string;
  /** The input has been parsed. @throws {ControlRequestError} when it names something that is not there. */
  run(running: Running, input: z.output<Input>): Answer | Promise<Answer>;
}

/** A form with a field for each field of the input. */
export interface VerbForm<View = unknown, Input = unknown, Answer = unknown> {
  /** Heading of the section that it stands in. */
  readonly section: string;
  /** One sentence below the heading. */
  readonly about?: string;
  /** Text of its button. */
  readonly submit: string;
  /** Choices that depend on the state, by field. */
  choices?(view: View): { readonly [Field in keyof Input]?: readonly Choice[] };
  /** Current values, by field. An optional field is sent only if it was changed. */
  values?(view: View): Readonly<Record<string, unknown>>;
  /** What is said of the answer, in place of its JSON text. */
  describe?(answer: Answer): string;
}

export type VerbTable = Readonly<Record<string, Verb>>;

/** Gives the function that defines verbs of one emulator, which keeps the exact types of each. */
export function verbsOf<Running, View>() {
  return <Input extends z.ZodType, Answer, Given extends unknown[] = InputAlone<z.input<Input>>>(
    verb: Verb<Running, View, Input, Answer, Given>,
    // Without NoInfer, `Given` would be inferred from the table that the verb becomes part of.
  ): Verb<Running, View, Input, Answer, NoInfer<Given>> => verb;
}

/** The input can be left out when all of its fields can. */
type InputAlone<Input> = Record<never, never> extends Input ? [input?: Input] : [input: Input];

/** A method for each verb. `group.method` in the table is a method of the object `group`. */
export type Methods<Verbs> = {
  readonly [Name in keyof Verbs as Name extends `${string}.${string}` ? never : Name]: MethodOf<Verbs[Name]>;
} & {
  readonly [Group in GroupOf<keyof Verbs>]: {
    readonly [Name in keyof Verbs as Name extends `${Group}.${infer Method}` ? Method : never]: MethodOf<
      Verbs[Name]
    >;
  };
};

type GroupOf<Name> = Name extends `${infer Group}.${string}` ? Group : never;

type MethodOf<V> =
  V extends Verb<infer _Running, infer _View, infer _Input, infer Answer, infer Given>
    ? (...given: Given) => Promise<Answer>
    : never;
