import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTodoSeeds, type TodoSeeds, TodoStore } from "./store.ts";

const SEEDS: TodoSeeds = {
  default: [{ id: "d", text: "Say hello", completed: false }],
  users: { alice: [{ id: "a", text: "Buy oat milk", completed: false }] },
};
const usernameOf = (subject: string) => (subject === "alice-id" ? "alice" : undefined);

describe("TodoStore", () => {
  it("keeps users apart, and their seeds untouched", () => {
    const store = new TodoStore({ seeds: SEEDS, usernameOf });
    store.setCompleted("alice-id", "a", true);
    store.delete("x", "d");
    expect(store.list("alice-id")).toEqual([{ id: "a", text: "Buy oat milk", completed: true }]);
    expect(store.list("x")).toEqual([]);
    expect(store.list("y")).toEqual(SEEDS.default);
    expect(SEEDS.users.alice?.[0]?.completed).toBe(false);
  });

  it("gives a user with the name of an object's own property the default", () => {
    const store = new TodoStore({ seeds: SEEDS, usernameOf: () => "constructor" });
    expect(store.list("x")).toEqual(SEEDS.default);
  });

  it("hands out copies", () => {
    const store = new TodoStore({ seeds: SEEDS, usernameOf });
    const [todo] = store.list("alice-id");
    if (todo !== undefined) (todo as { text: string }).text = "changed";
    expect(store.list("alice-id")).toEqual(SEEDS.users.alice);
  });

  it("goes on from a snapshot that went through JSON", () => {
    const before = new TodoStore({ seeds: SEEDS, usernameOf });
    const added = before.add("alice-id", "Learn DaVinci");
    const snapshot = JSON.parse(JSON.stringify(before.snapshot()));
    const after = new TodoStore({ seeds: SEEDS, usernameOf });
    after.restore(snapshot);
    expect(after.list("alice-id").at(-1)).toEqual(added);
  });

  it("refuses a snapshot that is none", () => {
    const store = new TodoStore({ seeds: SEEDS, usernameOf });
    expect(() => store.restore({ "alice-id": [{ id: 1 }] })).toThrow("its todos are malformed.");
    expect(store.list("alice-id")).toEqual(SEEDS.users.alice);
  });

  it("tells of every change and of nothing else", () => {
    let told = 0;
    const onChange = () => {
      told += 1;
    };
    const store = new TodoStore({ seeds: SEEDS, usernameOf, onChange });
    store.list("alice-id");
    store.delete("alice-id", "unknown");
    expect(told).toBe(0);
    const { id } = store.add("alice-id", "x");
    store.setCompleted("alice-id", id, true);
    store.delete("alice-id", id);
    store.reset();
    expect(told).toBe(4);
    expect(store.list("alice-id")).toEqual(SEEDS.users.alice);
  });

  it("counts the todos of the users it has seen", () => {
    const store = new TodoStore({ seeds: SEEDS, usernameOf });
    store.list("alice-id");
    expect([...store.counts()]).toEqual([["alice-id", 1]]);
  });
});

describe("readTodoSeeds", () => {
  async function read(content: string | undefined): Promise<TodoSeeds> {
    const dir = await mkdtemp(join(tmpdir(), "todos-"));
    try {
      if (content !== undefined) await writeFile(join(dir, "todos.json"), content);
      return await readTodoSeeds(dir);
    } finally {
      await rm(dir, { recursive: true });
    }
  }

  it("reads this project's own", async () => {
    const seeds = await readTodoSeeds(join(import.meta.dirname, "../../fixtures"));
    expect(seeds.users.alice?.length).toBeGreaterThan(0);
  });

  it("starts without todos where there is no file", async () => {
    expect(await read(undefined)).toEqual({ default: [], users: {} });
  });

  it.each([
    ["no JSON", "{", /todos\.json:1:2: is not JSON/],
    [
      "a todo without text",
      '{"default":[{"id":"1","completed":true}],"users":{}}',
      /todos\.json:1:13: default\[0\]\.text: is missing/,
    ],
    [
      "a name that it does not know",
      '{"default":[],"users":{},"extra":1}',
      /todos\.json:1:34: extra: is not known here/,
    ],
  ])("refuses %s with the path and the reason", async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});
