import { describe, expect, it, vi } from "vitest";
import { JOURNAL_CAPACITY, Journal, type NewEntry } from "./journal.ts";
import { createRedactor } from "./redaction.ts";

const redactor = createRedactor([]);

const ENTRY: NewEntry = {
  emulator: "notes",
  endpoint: "notes.list",
  method: "GET",
  path: "/notes",
  query: {},
  form: {},
  headers: {},
  at: "2026-01-01T00:00:00.000Z",
};

describe("Journal", () => {
  it("keeps the newest entries, numbers them all and counts those it lets go", () => {
    const journal = new Journal(redactor, 2);
    for (let i = 0; i < 5; i += 1) journal.add(ENTRY);
    expect(journal.entries().map(({ number }) => number)).toEqual([4, 5]);
    expect(journal.dropped).toBe(3);
    expect(journal.lastNumber).toBe(5);
  });

  it("keeps no more than its capacity when nobody says how many", () => {
    const journal = new Journal(redactor);
    for (let i = 0; i <= JOURNAL_CAPACITY; i += 1) journal.add(ENTRY);
    expect(JOURNAL_CAPACITY).toBeLessThanOrEqual(1000);
    expect(journal.entries()).toHaveLength(JOURNAL_CAPACITY);
  });

  it("goes on numbering after it was emptied, so that a mark stays good", () => {
    const journal = new Journal(redactor);
    journal.add(ENTRY);
    journal.clear();
    expect(journal.entries()).toEqual([]);
    expect(journal.add(ENTRY)).toBe(2);
  });

  it("completes an entry, and ignores one that is gone", () => {
    const journal = new Journal(redactor, 1);
    journal.add(ENTRY);
    journal.add(ENTRY);
    journal.update(1, { status: 500 });
    journal.update(2, { status: 200 });
    expect(journal.entries()).toMatchObject([{ number: 2, status: 200 }]);
  });

  it("calls its listeners until they leave", () => {
    const journal = new Journal(redactor);
    const listener = vi.fn();
    const leave = journal.subscribe(listener);
    journal.add(ENTRY);
    journal.update(1, { status: 200 });
    leave();
    journal.clear();
    expect(listener).toHaveBeenCalledTimes(2);
  });
});
