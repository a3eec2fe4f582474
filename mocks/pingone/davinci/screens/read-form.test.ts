import { parse } from "node-html-parser";
import { describe, expect, it } from "vitest";
import { readForms, valuesOf } from "../../../kit/html-form.ts";
import { readForm } from "./read-form.ts";
import { renderScreen } from "./render-screen.ts";
import type { Screen, ScreenField } from "./screen.ts";

const MARKUP = `<form id="f"><input name="user"><input type="password" id="password"><input name="extra">
<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skform="f" data-skbuttonvalue="SIGNON">Sign On</button>
<button data-skcomponent="skbutton" data-skbuttontype="next-event" data-skform="f" data-skbuttonvalue="CANCEL">Cancel</button></form>`;

const field = (name: string, more: Partial<ScreenField> = {}): ScreenField => ({
  name,
  isSecret: false,
  ...more,
});
const screen = (more: Partial<Screen> = {}): Screen => ({
  title: "T",
  markup: MARKUP,
  css: "",
  fields: [field("user", { label: "Username" }), field("password", { isSecret: true, label: "Password" })],
  remarks: [],
  ...more,
});
const read = (form: string | Record<string, string>, more: Partial<Screen> = {}) =>
  readForm(screen(more), new URLSearchParams(form));

/** As a browser sends it. */
function press(button: string, given: Record<string, string> = {}, more: Partial<Screen> = {}, place = 0) {
  const page = renderScreen(
    { screen: screen(more), values: {}, messages: {} },
    { formAction: "/", step: 1, panel: [], quickUsers: [] },
  );
  const [form] = readForms(parse(page.html), "main");
  if (!form) throw new Error("The page has no form.");
  const pressed = form.buttons.filter(({ text }) => text === button)[place];
  const body = new URLSearchParams(valuesOf(form));
  for (const [name, value] of Object.entries(given)) body.set(name, value);
  if (pressed?.name !== undefined) body.append(pressed.name, pressed.value);
  return readForm(screen(more), body);
}

describe("what the flow gets", () => {
  it("is the accepted fields and the button", () => {
    expect(press("Sign On", { user: "alice", password: "TEST ONLY", extra: "x" })).toEqual({
      kind: "read",
      fields: { buttonValue: "SIGNON", user: "alice", password: "TEST ONLY" },
      values: { user: "alice" },
    });
  });

  it("is the button only, where it sends no fields", () => {
    expect(press("Cancel", { user: "alice" })).toEqual({
      kind: "read",
      fields: { buttonValue: "CANCEL" },
      values: {},
    });
  });

  it("has no field that the form did not send", () => {
    expect(read({ buttonValue: "SIGNON", user: "" })).toMatchObject({
      fields: { buttonValue: "SIGNON", user: "" },
    });
  });

  it("has fields that the markup does not show, as programs send them", () => {
    const fields = [field("device")];
    expect(read({ buttonValue: "SIGNON", device: "d1" }, { fields })).toMatchObject({
      fields: { device: "d1" },
    });
  });

  it("has no buttonValue for a button without a value", () => {
    const markup = '<button data-skcomponent="skbutton" data-skbuttontype="form-submit">Go</button>';
    expect(press("Go", {}, { markup })).toEqual({ kind: "read", fields: {}, values: {} });
  });

  it("has what a script would put into a hidden buttonValue", () => {
    const markup = '<form><input type="hidden" name="buttonValue" value="AUTO"><button>Go</button></form>';
    expect(press("Go", {}, { markup })).toMatchObject({ fields: { buttonValue: "AUTO" } });
  });

  it("leaves the fields of another form aside, and keeps those of no form", () => {
    const markup = `<input name="both"><form id="a"><input name="x"><input name="user">
<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button></form>
<form data-id="b"><input name="y"><input name="user">
<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button></form>
<a data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skform="b" data-skbuttonvalue="ELSEWHERE">Far</a>`;
    const fields = ["both", "x", "y", "user"].map((name) => field(name));
    const given = { both: "0", x: "1", y: "2", user: "first", "field:user:1": "second" };
    expect(press("Go", given, { markup, fields }, 0)).toMatchObject({
      fields: { buttonValue: "GO", both: "0", x: "1", user: "first" },
    });
    const second = press("Go", given, { markup, fields }, 1);
    expect(second).toMatchObject({ fields: { buttonValue: "GO", both: "0", y: "2", user: "second" } });
    expect(second).not.toHaveProperty("fields.x");
    expect(press("Far", given, { markup, fields })).toMatchObject({ fields: { y: "2", user: "second" } });
  });

  it("has lists for several checkboxes and selects of many, also when nothing is chosen", () => {
    const markup = `<form><input type="checkbox" name="scopes" value="a" checked><input type="checkbox" name="scopes" value="b">
<select name="many" multiple><option>1</option></select><input type="checkbox" name="one" value="yes">
<button data-skcomponent="skbutton" data-skbuttontype="form-submit" data-skbuttonvalue="GO">Go</button></form>`;
    const fields = ["scopes", "many", "one", "other"].map((name) => field(name));
    expect(read("buttonValue=GO&scopes=a&scopes=b&many=1&one=yes", { markup, fields })).toMatchObject({
      fields: { scopes: ["a", "b"], many: ["1"], one: "yes" },
    });
    const nothing = read("buttonValue=GO", { markup, fields });
    expect(nothing).toMatchObject({
      fields: { scopes: [], many: [] },
      values: { scopes: [], many: [], one: [] },
    });
    expect(nothing).not.toHaveProperty("fields.one");
    expect(
      read("buttonValue=GO&other=1&other=2", { markup, fields: [field("other", { isList: true })] }),
    ).toMatchObject({ fields: { other: ["1", "2"] } });
  });

  it("takes names that objects have by themselves as any other", () => {
    const markup = `<form><input name="__proto__"><input name="constructor"><button>Go</button></form>`;
    const fields = ["__proto__", "constructor"].map((name) => field(name));
    const got = press("Go", { ["__proto__"]: "1", constructor: "2" }, { markup, fields });
    expect(got.kind === "read" && Object.entries(got.fields)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
    expect(Object.entries(got.values)).toHaveLength(2);
  });

  it("is sent by the button of the emulator where the page has none, without what a script would fill in", () => {
    const more = {
      markup: '<form><input name="user"></form>',
      fields: [field("user", { required: "Who?" })],
      hasScript: true,
    };
    expect(press("Go on", {}, more)).toEqual({ kind: "read", fields: { user: "" }, values: { user: "" } });
    expect(read({ "buttonValue:none": "" }, { ...more, hasScript: false })).toMatchObject({ status: 400 });
    expect(read({ "buttonValue:none": "" })).toMatchObject({ status: 400 });
  });
});

describe("a form that no page sends", () => {
  it.each([
    ["no button", "user=alice", "Please choose one of the buttons: Sign On, Cancel."],
    ["another button", "buttonValue=ACCEPTED", "Please choose one of the buttons: Sign On, Cancel."],
    [
      "two buttons",
      "buttonValue=SIGNON&buttonValue=CANCEL",
      'The form was sent with more than one "buttonValue".',
    ],
    [
      "a button and another",
      "buttonValue=SIGNON&buttonValue:1=",
      'The form was sent with more than one "buttonValue".',
    ],
    ["a field twice", "buttonValue=SIGNON&user=a&user=b", 'The form was sent with more than one "user".'],
    [
      "a long field",
      `buttonValue=SIGNON&user=${"a".repeat(4097)}`,
      "Username is longer than 4096 characters.",
    ],
  ])("with %s is refused", (_, form, error) => {
    const refused = read(form);
    expect(refused).toMatchObject({ kind: "refused", status: 400, messages: { error } });
    expect(JSON.stringify(refused).length).toBeLessThan(300);
  });

  it("[PING-154] with a value that no button has goes on to the flow, where the screen is a template", () => {
    const more = { takesAnyButton: true, fields: [field("user", { required: "" }), field("password")] };
    const { kind: _, ...rest } = read("buttonValue=FORGED&user=&extra=x", more);
    expect(rest).toEqual({
      fields: { buttonValue: "FORGED", user: "" },
      values: { user: "" },
      isUnknownButton: true,
    });
    expect(read("buttonValue=SIGNON&user=a", more)).not.toHaveProperty("isUnknownButton");
    const error = "Please choose one of the buttons: Sign On, Cancel.";
    for (const form of ["user=a", "buttonValue=", "buttonValue:7=", `buttonValue=${"a".repeat(4097)}`]) {
      expect(read(form, more)).toMatchObject({ kind: "refused", status: 400, messages: { error } });
    }
  });

  it("to a page without a button is refused", () => {
    expect(read("user=a", { markup: "<h1>Sorry</h1>" })).toMatchObject({
      status: 400,
      messages: { error: "This page has no button." },
    });
  });

  it("to a page that was too large to be shown is refused", () => {
    const markup = MARKUP + "<p>x</p>".repeat(70_000);
    expect(read("buttonValue=SIGNON", { markup })).toMatchObject({ status: 400 });
  });

  it("by a button that stands inside another is refused: the page has only the outer one", () => {
    const markup = `<form><div data-skcomponent="skbutton" data-skbuttonvalue="GO"><button>Go</button></div></form>`;
    expect(read("buttonValue=GO", { markup })).toMatchObject({ kind: "read" });
    expect(read("buttonValue:1=", { markup })).toMatchObject({ status: 400 });
  });

  it("keeps the limit of a field, of each value of a list too", () => {
    const fields = [field("user", { maxLength: 3, isList: true })];
    expect(read("buttonValue=SIGNON&user=abc", { fields })).toMatchObject({ kind: "read" });
    expect(read("buttonValue=SIGNON&user=a&user=abcd", { fields })).toMatchObject({
      status: 400,
      messages: { error: "user is longer than 3 characters." },
      values: {},
    });
  });

  it("never shows a secret again", () => {
    const fields = [field("user"), field("password"), field("extra", { isSecret: true })];
    const refused = read("buttonValue=NOPE&user=a&password=TEST-ONLY-1&extra=TEST-ONLY-2", { fields });
    expect(refused).toMatchObject({ kind: "refused", values: { user: "a" } });
    expect(JSON.stringify(refused)).not.toContain("TEST-ONLY");
  });

  it("counts as many values as there are inputs of a name: the last one", () => {
    const markup = `<form><input type="hidden" name="user"><input name="user"><button name="buttonValue" value="GO">Go</button></form>`;
    expect(read("buttonValue=GO&user=a&user=b", { markup })).toMatchObject({ fields: { user: "b" } });
    expect(read("buttonValue=GO&user=a&user=b&user=c", { markup })).toMatchObject({ status: 400 });
  });
});

describe("a field that must be filled in", () => {
  const fields = [
    field("user", { label: "Username", required: "Who are you?" }),
    field("password", { label: "Password", isSecret: true, required: "" }),
    field("extra", { label: "Extra", required: "" }),
  ];

  it("has its own message, or is named in one for all", () => {
    expect(read("buttonValue=SIGNON&user=%20", { fields })).toEqual({
      kind: "refused",
      status: 200,
      messages: {
        error: "Please fill in: Password, Extra.",
        fieldErrors: { user: "Who are you?", password: "", extra: "" },
      },
      values: { user: " " },
    });
    expect(read("buttonValue=SIGNON&password=x&extra=y", { fields })).toMatchObject({
      messages: { fieldErrors: { user: "Who are you?" } },
    });
  });

  it("need not be by a button that sends no fields", () => {
    expect(read("buttonValue=CANCEL", { fields })).toMatchObject({ kind: "read" });
  });
});
