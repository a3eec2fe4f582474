import { describe, expect, it } from "vitest";
import { AgreementStore } from "./agreements.ts";

const revision = (id: string, text: string) => ({ id, text });
const TERMS = {
  id: "terms",
  name: "Terms of Service",
  reconsentPeriodDays: 30,
  languages: [
    { id: "l-en", locale: "en", currentRevision: revision("r-1", "Be kind.") },
    { id: "l-de", locale: "de", currentRevision: revision("r-2", "Seid nett.") },
    { id: "l-fr", locale: "fr", enabled: false, currentRevision: revision("r-3", "Soyez gentils.") },
  ],
};

function storeOf(agreements = [TERMS]) {
  let now = Date.parse("2026-11-24T12:00:00Z");
  const store = new AgreementStore(agreements, { clock: () => now });
  const present = (...languages: string[]) => {
    const found = store.present("terms", languages);
    if (!found) throw new Error("no agreement");
    return found;
  };
  return {
    store,
    present,
    advance: (days: number) => {
      now += days * 86_400_000;
    },
  };
}

describe("an agreement is presented", () => {
  it.each([
    [["de"], "de"],
    [["de-AT"], "de"],
    [["it", "de"], "de"],
    [["fr"], "en"],
    [[], "en"],
  ])("to somebody who wants %j in %s", (wanted, locale) => {
    expect(storeOf().present(...wanted).language.locale).toBe(locale);
  });

  it("not at all when it is unknown or disabled", () => {
    const { store } = storeOf([{ ...TERMS, enabled: false } as typeof TERMS]);
    expect(store.present("terms")).toBeUndefined();
    expect(store.present("other")).toBeUndefined();
  });

  it("by its presentation id again", () => {
    const { store, present } = storeOf();
    const german = present("de");
    expect(store.findPresented(german.presentationId)).toEqual(german);
    expect(store.findPresented("other")).toBeUndefined();
  });
});

describe("an acceptance", () => {
  it("holds for its user until it is too old", () => {
    const { store, present, advance } = storeOf();
    store.accept("alice", present("de"));
    expect(store.isAccepted("alice", present())).toBe(true);
    expect(store.isAccepted("bob", present())).toBe(false);
    advance(30);
    expect(store.isAccepted("alice", present())).toBe(false);
  });

  it("ends when it is revoked, and is gone with its user and at reset", () => {
    const { store, present } = storeOf();
    store.accept("alice", present());
    store.revoke("alice", "terms");
    expect(store.isAccepted("alice", present())).toBe(false);
    for (const act of [() => store.forget("alice"), () => store.reset()]) {
      store.accept("alice", present());
      act();
      expect(store.lastAcceptance("alice", "terms")).toBeUndefined();
    }
  });

  it("comes back from a snapshot, and ends with the revision unless that needs no new consent", () => {
    const { store, present } = storeOf();
    store.accept("alice", present("en"));
    const snapshot = JSON.parse(JSON.stringify(store.snapshot()));
    const revised = (requireReconsent: boolean) => {
      const languages = [
        { id: "l-en", locale: "en", currentRevision: { id: "r-9", text: "Be kinder.", requireReconsent } },
      ];
      const other = storeOf([{ ...TERMS, languages } as unknown as typeof TERMS]);
      other.store.restore(snapshot);
      return other.store.isAccepted("alice", other.present());
    };
    const same = storeOf();
    same.store.restore(snapshot);
    expect(same.store.isAccepted("alice", same.present())).toBe(true);
    expect(revised(true)).toBe(false);
    expect(revised(false)).toBe(true);
    expect(() => same.store.restore([{}])).toThrow("snapshot of agreements");
  });
});
