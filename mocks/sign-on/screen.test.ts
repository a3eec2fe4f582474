import { describe, expect, it } from "vitest";
import { decide, type Knowledge, readScreen, type ScreenAnswer } from "./screen.ts";

const URL_OF_PAGE = new URL("http://pingone.test/env/davinci/interactions/1");
const KNOWS: Knowledge = {
  username: "alice",
  password: "TEST ONLY",
  newPassword: "TEST ONLY new",
  consent: "approve",
  fields: {},
};

const NEXT = `<button class="primary" name="buttonValue" value="NEXT">Next</button>`;
const page = (form: string, around = "") =>
  `<main><h1>A screen</h1>${around}<form method="post" action="/send">${form}</form></main>`;

function decideOn(html: string, changes: Partial<Knowledge> = {}, hasAnswered = false, given?: ScreenAnswer) {
  const decision = decide(readScreen(html), { ...KNOWS, ...changes }, URL_OF_PAGE, hasAnswered, given);
  if (decision.kind === "submit") {
    const { kind, button, values, codeFields } = decision;
    return { kind, button: button.text, values: Object.fromEntries(values), codeFields };
  }
  return decision;
}

describe("a field is known", () => {
  it.each([
    ["by its name", '<input name="username">', { username: "alice" }],
    ["by its label", '<label for="x">User name</label><input id="x" name="q1">', { q1: "alice" }],
    ["by a label around it", '<label>Email address <input name="q1"></label>', { q1: "alice" }],
    ["by autocomplete", '<input name="q1" autocomplete="username">', { q1: "alice" }],
    ["by its type", '<input name="q1" type="password">', { q1: "TEST ONLY" }],
    [
      "as a new password by autocomplete",
      '<input name="q1" type="password" autocomplete="new-password">',
      { q1: "TEST ONLY new" },
    ],
    [
      "as a new password by its name",
      '<input name="confirmPassword" type="password">',
      { confirmPassword: "TEST ONLY new" },
    ],
  ])("%s", (_, field, values) => {
    expect(decideOn(page(field + NEXT))).toEqual({ kind: "submit", button: "Next", values, codeFields: [] });
  });

  it.each([
    '<input name="q1" autocomplete="one-time-code">',
    '<label>Verification Code<input name="q1"></label>',
  ])("as a one-time code: %s", (field) => {
    expect(decideOn(page(field + NEXT))).toMatchObject({ codeFields: ["q1"], values: {} });
  });

  it.each([
    '<label for="z">Zip Code</label><input id="z" name="zipCode">',
    '<label>Country code<input name="q1"></label>',
  ])("not as a one-time code where it is another code: %s", (field) => {
    expect(decideOn(page(field + NEXT))).toMatchObject({ codeFields: [], values: {} });
  });

  it("when its value is given, by label or by name", () => {
    const fields =
      '<label for="x">Employee number</label><input id="x" name="q1" required><input name="q2" required>';
    const given = { "Employee number": "4711", q2: "b" };
    expect(decideOn(page(fields + NEXT), { fields: given })).toMatchObject({
      values: { q1: "4711", q2: "b" },
    });
  });
});

describe("the button is", () => {
  it("the primary one, not the first", () => {
    expect(decideOn(page(`<button formnovalidate>Back</button><button>Other</button>${NEXT}`))).toMatchObject(
      {
        button: "Next",
      },
    );
  });

  it("else the first that sends the fields", () => {
    expect(decideOn(page("<button formnovalidate>Back</button><button>Go</button>"))).toMatchObject({
      button: "Go",
    });
  });

  it.each([
    ["approve", "Approve"],
    ["decline", "Decline"],
  ] as const)("to %s, where consent is asked for: %s", (consent, button) => {
    const form = '<button value="DECLINED">Decline</button><button>Approve</button>';
    expect(decideOn(page(form), { consent })).toMatchObject({ button });
  });

  it("not one of a form outside of the main part", () => {
    const aside = `<aside><form><button class="primary">alice</button></form></aside>`;
    expect(decideOn(aside + page(NEXT))).toMatchObject({ button: "Next" });
  });
});

describe("the driver gives up", () => {
  it.each([
    ["a text field", '<label>Colour<input name="q1" required></label>'],
    ["a checkbox", '<label>Colour<input type="checkbox" name="q1" required></label>'],
    ["a choice", '<label>Colour <select name="q1" required><option value=""></option></select></label>'],
  ])("at %s that is required and not known", (_, field) => {
    const decision = decideOn(page(field + NEXT));
    expect(decision).toMatchObject({ kind: "unknown", fields: [{ name: "q1" }], buttons: ["Next"] });
  });

  it("not at one that is optional, or filled in already", () => {
    const fields =
      '<input name="q1"><input name="q2" value="x" required><input type="checkbox" name="q3" required checked>';
    expect(decideOn(page(fields + NEXT))).toMatchObject({ kind: "submit", values: {} });
  });

  it("where no button leads on, or there is no form", () => {
    expect(decideOn(page("<button formnovalidate>Back</button>"))).toEqual({
      kind: "deadEnd",
      buttons: ["Back"],
    });
    expect(decideOn("<main><h1>Sorry</h1></main>")).toEqual({ kind: "deadEnd", buttons: [] });
  });

  it("at a message that answers its own form, not at one that was there before", () => {
    const html = page(NEXT, '<p role="alert">Wrong.</p>');
    expect(decideOn(html, {}, true)).toEqual({ kind: "refused", message: "Wrong." });
    expect(decideOn(html)).toMatchObject({ kind: "submit" });
  });
});

it("a form for another origin brings the answer to the application", () => {
  const html = `<form method="post" action="http://app.test/callback"><input type="hidden" name="code"><button>Continue</button></form>`;
  expect(decideOn(html)).toMatchObject({ kind: "handOver", form: { action: "http://app.test/callback" } });
});

describe("an answer for a screen", () => {
  const form = `<label>User name<input name="username"></label><label>Badge<input name="b" required></label>${NEXT}
    <button name="buttonValue" value="FORGOT" formnovalidate>Forgot password?</button>`;
  const answer = (given: ScreenAnswer, around = "") => decideOn(page(form, around), {}, true, given);

  it.each(["Forgot password?", "FORGOT"])("presses %s", (press) => {
    expect(answer({ press })).toMatchObject({ kind: "submit", button: "Forgot password?" });
  });

  it("fills in fields by label or name, and the others as always", () => {
    expect(answer({ fields: { Badge: "4711" } })).toMatchObject({
      button: "Next",
      values: { username: "alice", b: "4711" },
    });
    expect(answer({ fields: { b: "1", username: "bob" } })).toMatchObject({
      values: { username: "bob", b: "1" },
    });
  });

  it("is given to a screen with an error message too", () => {
    const given = { fields: { Badge: "1" } };
    expect(answer(given, '<p role="alert">Wrong.</p>')).toMatchObject({ kind: "submit" });
  });

  it.each<[ScreenAnswer, object]>([
    [{ press: "Cancel" }, { what: "button", name: "Cancel", there: ["Next", "Forgot password?"] }],
    [{ fields: { City: "x" } }, { what: "field", name: "City", there: ["User name", "Badge"] }],
  ])("that does not fit is named: %j", (given, fault) => {
    expect(answer(given)).toEqual({ kind: "absent", ...fault });
  });

  it("still leaves nothing out that is required", () => {
    expect(answer({ press: "Next" })).toMatchObject({ kind: "unknown" });
  });
});
