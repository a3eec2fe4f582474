/** The todos of each user, kept apart by the `sub` of their token. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const todoSchema = z.strictObject({
  id: z.string().min(1),
  text: z.string().min(1),
  completed: z.boolean(),
});
type Todo = z.infer<typeof todoSchema>;

const todosSchema = z.array(todoSchema);

/** `fixtures/todos.json`: what each user starts with, by user name; everyone else starts with `default`. */
const todoSeedsSchema = z.strictObject({
  default: todosSchema,
  users: z.record(z.string(), todosSchema),
});
export type TodoSeeds = z.infer<typeof todoSeedsSchema>;

const snapshotSchema = z.record(z.string(), todosSchema);

export interface TodoStore {
  list(subject: string): readonly Todo[];
  add(subject: string, text: string): Todo;
  /** `undefined`: this user has no such todo. */
  setCompleted(subject: string, id: string, completed: boolean): Todo | undefined;
  /** False: this user has no such todo. */
  delete(subject: string, id: string): boolean;
  /** Back to the seeds. */
  reset(): void;
  snapshot(): unknown;
  /** Number of todos by subject, of the users seen so far. */
  counts(): ReadonlyMap<string, number>;
}

export interface TodoStoreOptions {
  readonly seeds: TodoSeeds;
  /** The user name behind a token's `sub`, by which the seeds are found. */
  readonly usernameOf: (subject: string) => string | undefined;
  /** What `snapshot()` returned earlier, through JSON. */
  readonly snapshot?: unknown;
  readonly onChange?: () => void;
}

/** @throws {z.ZodError} when the snapshot is not one. */
export function createTodoStore(options: TodoStoreOptions): TodoStore {
  const { seeds, usernameOf, onChange = () => {} } = options;
  const bySubject = new Map<string, Todo[]>(
    options.snapshot === undefined ? [] : Object.entries(snapshotSchema.parse(options.snapshot)),
  );
  const todosOf = (subject: string): Todo[] => {
    const known = bySubject.get(subject);
    if (known !== undefined) return known;
    const username = usernameOf(subject);
    const seeded = structuredClone(
      (username === undefined ? undefined : seeds.users[username]) ?? seeds.default,
    );
    bySubject.set(subject, seeded);
    return seeded;
  };
  return {
    list: (subject) => todosOf(subject).map((todo) => ({ ...todo })),
    add: (subject, text) => {
      const todo = { id: crypto.randomUUID(), text, completed: false };
      todosOf(subject).push(todo);
      onChange();
      return { ...todo };
    },
    setCompleted: (subject, id, completed) => {
      const todo = todosOf(subject).find((candidate) => candidate.id === id);
      if (todo === undefined) return undefined;
      todo.completed = completed;
      onChange();
      return { ...todo };
    },
    delete: (subject, id) => {
      const todos = todosOf(subject);
      const at = todos.findIndex((todo) => todo.id === id);
      if (at < 0) return false;
      todos.splice(at, 1);
      onChange();
      return true;
    },
    reset: () => {
      bySubject.clear();
      onChange();
    },
    snapshot: () => Object.fromEntries(bySubject),
    counts: () => new Map([...bySubject].map(([subject, todos]) => [subject, todos.length])),
  };
}

/**
 * A folder without `todos.json` is fine: whoever only wants PingOne has no todos to tell of.
 * @throws {Error} with the file's path and each thing that is wrong in it.
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
