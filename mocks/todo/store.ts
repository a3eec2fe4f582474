/** The todos of each user, stored by the `sub` of the user's token. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FileFaults, readInputFile } from "../kit/input-file.ts";

const todoSchema = z.strictObject({ id: z.string().min(1), text: z.string().min(1), completed: z.boolean() });
type Todo = z.infer<typeof todoSchema>;

const todosSchema = z.array(todoSchema);

/** `todos.json`. */
export const todoSeedsSchema = z
  .strictObject({
    $schema: z.string().optional(),
    $comment: z.string().optional(),
    default: todosSchema.optional().describe("What users start with who are not named below."),
    users: z.record(z.string(), todosSchema).default({}).describe("The first todos of users, by user name."),
  })
  .describe("The todos that the Todo API starts with.");

export interface TodoSeeds {
  readonly default: readonly Todo[];
  readonly users: Readonly<Record<string, readonly Todo[]>>;
}

const snapshotSchema = z.record(z.string(), todosSchema);

export interface TodoStoreOptions {
  readonly seeds: TodoSeeds;
  /** The user name of a token's `sub`, used to look up the seeds. */
  readonly usernameOf: (subject: string) => string | undefined;
  readonly onChange?: () => void;
}

export class TodoStore {
  readonly #seeds: TodoSeeds;
  readonly #usernameOf: TodoStoreOptions["usernameOf"];
  readonly #changed: () => void;
  readonly #bySubject = new Map<string, Todo[]>();

  constructor({ seeds, usernameOf, onChange = () => {} }: TodoStoreOptions) {
    this.#seeds = seeds;
    this.#usernameOf = usernameOf;
    this.#changed = onChange;
  }

  list(subject: string): readonly Todo[] {
    return structuredClone(this.#todosOf(subject));
  }

  add(subject: string, text: string): Todo {
    const todo = { id: crypto.randomUUID(), text, completed: false };
    this.#todosOf(subject).push(todo);
    this.#changed();
    return { ...todo };
  }

  /** Returns `undefined` when this user has no such todo. */
  setCompleted(subject: string, id: string, completed: boolean): Todo | undefined {
    const todo = this.#todosOf(subject).find((candidate) => candidate.id === id);
    if (todo === undefined) return undefined;
    todo.completed = completed;
    this.#changed();
    return { ...todo };
  }

  /** Returns false when this user has no such todo. */
  delete(subject: string, id: string): boolean {
    const todos = this.#todosOf(subject);
    const at = todos.findIndex((todo) => todo.id === id);
    if (at < 0) return false;
    todos.splice(at, 1);
    this.#changed();
    return true;
  }

  /** Resets every user to the seeds. */
  reset(): void {
    this.#bySubject.clear();
    this.#changed();
  }

  snapshot(): unknown {
    return structuredClone(Object.fromEntries(this.#bySubject));
  }

  /** @throws {Error} when `snapshot` is none; then nothing has changed. */
  restore(snapshot: unknown): void {
    const parsed = snapshotSchema.safeParse(snapshot);
    if (!parsed.success) throw new Error("its todos are malformed.");
    this.#bySubject.clear();
    for (const [subject, todos] of Object.entries(parsed.data)) this.#bySubject.set(subject, todos);
    this.#changed();
  }

  /** Number of todos by subject, for users who have made a request. */
  counts(): ReadonlyMap<string, number> {
    return new Map(this.#bySubject.entries().map(([subject, todos]) => [subject, todos.length]));
  }

  #todosOf(subject: string): Todo[] {
    const known = this.#bySubject.get(subject);
    if (known !== undefined) return known;
    const username = this.#usernameOf(subject);
    // A user may have the name of a property that every object has, such as "constructor".
    const own =
      username !== undefined && Object.hasOwn(this.#seeds.users, username)
        ? this.#seeds.users[username]
        : undefined;
    const seeded = structuredClone([...(own ?? this.#seeds.default)]);
    this.#bySubject.set(subject, seeded);
    return seeded;
  }
}

export interface ReadTodoSeedsOptions {
  /** A folder whose `todos.json` replaces that of `fixturesDir` user by user. */
  readonly tenantDir?: string | undefined;
  /** Collects the faults; without it they are thrown. */
  readonly faults?: FileFaults;
}

/**
 * Without `todos.json` every list starts empty, because a folder may contain fixtures of PingOne only.
 * @throws {InputFileError} with every fault, unless `faults` collects them.
 */
export async function readTodoSeeds(
  fixturesDir: string,
  { tenantDir, faults }: ReadTodoSeedsOptions = {},
): Promise<TodoSeeds> {
  const found = faults ?? new FileFaults();
  const [below, own] = [fixturesDir, tenantDir].map((folder) =>
    folder === undefined ? undefined : readSeeds(join(folder, "todos.json"), found),
  );
  if (!faults) found.throwIfAny();
  return { default: own?.default ?? below?.default ?? [], users: { ...below?.users, ...own?.users } };
}

function readSeeds(path: string, faults: FileFaults): z.output<typeof todoSeedsSchema> | undefined {
  return existsSync(path) ? readInputFile(path, faults)?.parse(todoSeedsSchema) : undefined;
}
