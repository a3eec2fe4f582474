/** The todos of each user, stored by the `sub` of the user's token. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const todoSchema = z.strictObject({ id: z.string().min(1), text: z.string().min(1), completed: z.boolean() });
type Todo = z.infer<typeof todoSchema>;

const todosSchema = z.array(todoSchema);

/** `fixtures/todos.json`: the initial todos by user name; other users start with `default`. */
const todoSeedsSchema = z.strictObject({ default: todosSchema, users: z.record(z.string(), todosSchema) });
export type TodoSeeds = z.infer<typeof todoSeedsSchema>;

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
    const seeded = structuredClone(
      (username === undefined ? undefined : this.#seeds.users[username]) ?? this.#seeds.default,
    );
    this.#bySubject.set(subject, seeded);
    return seeded;
  }
}

/**
 * Without `todos.json` every list starts empty, because a folder may contain fixtures of PingOne only.
 * @throws {Error} with the file's path and every problem in it.
 */
export async function readTodoSeeds(fixturesDir: string): Promise<TodoSeeds> {
  const path = join(fixturesDir, "todos.json");
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { default: [], users: {} };
    throw new Error(
      `${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const parsed = todoSeedsSchema.safeParse(content);
  if (!parsed.success) throw new Error(`${path} is not valid:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
