import { describe, expect, it } from "vitest";
import { textOf } from "../../../kit/html-form.ts";
import { button, field, NEXT, render, SUBMIT } from "../../testing/screen-page.ts";
import type { Shown } from "./render-screen.ts";

describe("the form of a screen", () => {
  it("is one, posts to where the page said, and has the step", () => {
    const { root, form } = render({
      markup: `<form id="a"><input id="x"></form><form id="b"><input id="y">${button("B", SUBMIT)}</form>`,
    });
    expect(root.querySelectorAll("main form")).toHaveLength(1);
    expect(form).toMatchObject({ action: "/as/interaction/1", method: "POST" });
    expect(form?.fields.map(({ name, value }) => [name, value])).toEqual([
      ["step", "7"],
      ["x", ""],
      ["y", ""],
    ]);
  });

  it.each([
    ["a button", button("GO", SUBMIT)],
    [
      "a link",
      `<a href="#" data-skcomponent="skbutton" data-skbuttonvalue="GO" data-skbuttontype="form-submit">GO</a>`,
    ],
    [
      "a div",
      `<div data-skcomponent="skbutton" data-skbuttonvalue="GO" data-skbuttontype="form-submit">GO</div>`,
    ],
    [
      "an input",
      `<input type="submit" value="GO" data-skcomponent="skbutton" data-skbuttonvalue="GO" data-skbuttontype="form-submit">`,
    ],
    [
      "a list item",
      `<ul><li data-skcomponent="skbutton" data-skbuttonvalue="GO" data-skbuttontype="form-submit">GO</li></ul>`,
    ],
    [
      "an older attribute",
      `<button data-skcomponent="skbutton" data-skvalue="GO" data-skbuttontype="form-submit">GO</button>`,
    ],
    ["a button around another", `<div data-skcomponent="skbutton">${button("GO", SUBMIT)}</div>`],
    [
      "a component around a plain button",
      `<form><div data-skcomponent="skbutton" data-skbuttonvalue="GO" data-skbuttontype="form-submit"><button>GO</button></div></form>`,
    ],
    ["a button around a link", button("GO", SUBMIT, `<a href="https://a.test">GO</a>`)],
  ])("has a submit button for %s", (_, markup) => {
    const { form, root } = render({ markup });
    expect(form?.buttons).toEqual([
      { text: "GO", name: "buttonValue", value: "GO", isPrimary: false, skipsValidation: false },
    ]);
    expect(root.querySelectorAll("main a, main button button")).toEqual([]);
  });

  it.each(["next-event", "back-to-previous", "Next-Event"])(
    "sends no fields by %s, so these need not be filled in",
    (type) => {
      const { form } = render({ markup: button("BACK", `data-skbuttontype="${type}"`) });
      expect(form?.buttons[0]).toMatchObject({ value: "BACK", skipsValidation: true });
    },
  );

  it("is not held up by what another form requires", () => {
    const { form } = render({
      markup: `<form id="a"><input name="x" required>${button("A", SUBMIT)}</form><form id="b">${button("B", SUBMIT)}</form>`,
    });
    expect(form?.buttons.map(({ value, skipsValidation }) => [value, skipsValidation])).toEqual([
      ["A", false],
      ["B", true],
    ]);
  });

  it.each([
    ["of no type in a form", "<form><button>Go</button></form>", "submit"],
    ["to submit a form", '<form><input type="submit" value="Go"></form>', "submit"],
    ["to submit, with an id", '<button type="submit" id="go">Go</button>', "submit"],
    ["without a form", "<button>Go</button>", "button"],
    ["for a script", '<form><button type="button" id="go">Go</button></form>', "button"],
    [
      "to change the view",
      '<form><button data-skcomponent="skbutton" data-skbuttontype="change-view">Go</button></form>',
      "button",
    ],
  ])("makes of a plain button %s one of type %s", (_, markup, type) => {
    const { root } = render({ markup: `${markup}${button("OTHER")}` });
    expect(root.querySelector("main button")?.getAttribute("type")).toBe(type);
    expect(root.querySelector("main button")?.text).toBe("Go");
  });

  it("has no button and no region inside of a drawing", () => {
    const { form, panel } = render({
      markup: `<svg><g data-skcomponent="skbutton"></g><g data-skcomponent="skerror"></g><g data-skcomponent="skrisk"></g></svg>${button("GO")}`,
    });
    expect(form?.buttons).toHaveLength(1);
    expect(panel).not.toContain("skrisk");
  });

  it("sends no file, which PingOne would get in another way", () => {
    const { form, root } = render({ markup: `<form><input type="file" name="photo">${button("GO")}</form>` });
    expect(form?.fields.map(({ name }) => name)).toEqual(["step"]);
    expect(root.querySelector("[type=file]")?.hasAttribute("disabled")).toBe(true);
  });

  it("names a button without a text", () => {
    const { form } = render({
      markup: `<button data-skcomponent="skbutton"></button>${button("X", 'aria-label="Close"', "")}${button("Y", "", '<img alt="Picture">')}`,
    });
    expect(form?.buttons.map(({ text }) => text)).toEqual(["Button", "Close", "Picture"]);
  });

  it("enables buttons that a script would enable", () => {
    expect(render({ markup: button("GO", `${SUBMIT} disabled`) }).form?.buttons).toHaveLength(1);
  });

  it("keeps apart what is of equal name: fields of two forms, a field `step`, one `buttonValue`", () => {
    const { form } = render({
      markup: `<form id="a"><input name="user"><input name="step"><input type="hidden" name="buttonValue">${button("GO", SUBMIT)}</form>
<form id="b"><input name="user"><input name="field:user:1">${button("GO", SUBMIT)}</form>`,
    });
    const names = form?.fields.map(({ name }) => name) ?? [];
    expect(names.slice(0, 2)).toEqual(["step", "user"]);
    expect(new Set(names).size).toBe(6);
    expect(names).not.toContain("buttonValue");
    expect(new Set(form?.buttons.map(({ name, value }) => `${name}=${value}`)).size).toBe(2);
  });

  it("presses on Enter what sends the fields, even where another button comes first", () => {
    const { form } = render({
      markup: `${button("BACK", NEXT)}<form><input name="x">${button("GO", SUBMIT)}</form>`,
    });
    expect(form?.buttons.map(({ value }) => value)).toEqual(["GO", "BACK", "GO"]);
    expect(
      render({ markup: `<form><input name="x">${button("GO", SUBMIT)}</form>` }).form?.buttons,
    ).toHaveLength(1);
  });

  it("is left out where nothing can be pressed, which the panel says", () => {
    const { root, panel } = render({ markup: "<h1>Sorry</h1>" });
    expect(root.querySelector("main form")).toBeNull();
    expect(panel).toContain("has no button");
  });

  it.each([
    ["a script", { markup: "<h1>Wait</h1>", hasScript: true }],
    ["a component", { markup: '<h1>Wait</h1><div data-skcomponent="skwhatever"></div>' }],
  ])("has a button of the emulator where only %s would send it", (_, given) => {
    const { form, main } = render(given);
    expect(form?.buttons).toMatchObject([{ text: "Go on", skipsValidation: true }]);
    expect(textOf(main)).toContain("The emulator runs none");
  });

  it("names components that are not emulated", () => {
    const { panel } = render({
      markup: `<div data-skcomponent="skrisk"></div><div data-skcomponent="skWhatever"></div><i data-skcomponent="skIdp"></i><i data-skcomponent="skrecaptcha"></i>${button("GO")}`,
    });
    expect(panel).toContain("Protect answers from risk.json");
    expect(panel).toContain("The component skwhatever is not emulated.");
    expect(panel).toContain("external identity provider, which is not emulated");
    expect(panel).toContain("the form can be sent without it");
  });
});

describe("values", () => {
  const markup = `<form><input name="user" value="author"><input type="password" name="password">
<input name="otp" autocomplete="one-time-code"><input name="pin"><textarea name="note">old</textarea>
<input type="checkbox" name="terms" value="yes" checked><input type="checkbox" name="list" value="a"><input type="checkbox" name="list" value="b">
<input type="radio" name="way" value="mail" checked><input type="radio" name="way" value="sms">
<select name="colour"><option value="">None</option><option>Red</option><option value="g" selected>Green</option></select>${button("GO", SUBMIT)}</form>`;
  const fields = ["user", "password", "otp", "note", "terms", "list", "way", "colour"]
    .map((name) => field(name))
    .concat(field("pin", { isSecret: true }));
  const states = (shown: Partial<Shown>) => {
    const { root } = render({ markup, fields }, shown);
    return {
      texts: root
        .querySelectorAll("main input:not([type=hidden], [type=checkbox], [type=radio])")
        .map((input) => [input.getAttribute("name"), input.getAttribute("value") ?? ""]),
      note: root.querySelector("textarea")?.text,
      checked: root.querySelectorAll("input[checked]").map((input) => input.getAttribute("value")),
      selected: root.querySelectorAll("option[selected]").map((option) => option.text),
    };
  };

  it("are the author's at first", () => {
    expect(states({})).toEqual({
      texts: [
        ["user", "author"],
        ["password", ""],
        ["otp", ""],
        ["pin", ""],
      ],
      note: "old",
      checked: ["yes", "mail"],
      selected: ["Green"],
    });
  });

  it("are what the person entered when the screen is shown again, but for secrets", () => {
    const values = {
      user: 'a"<b>\\c',
      password: "TEST ONLY 1",
      otp: "123456",
      pin: "9999",
      note: "</textarea><b>",
      terms: [],
      list: ["b"],
      way: "sms",
      colour: "Red",
    };
    const shown = states({ values });
    expect(shown).toEqual({
      texts: [
        ["user", 'a"<b>\\c'],
        ["password", ""],
        ["otp", ""],
        ["pin", ""],
      ],
      note: "</textarea><b>",
      checked: ["b", "sms"],
      selected: ["Red"],
    });
  });

  it("are the node's where the markup has none", () => {
    const { form } = render({
      markup: `<form><input name="a" value=""><input name="b" value="own"><select name="c"><option>1</option><option>2</option></select>${button("GO")}</form>`,
      fields: ["a", "b", "c"].map((name) => field(name, { value: "2" })),
    });
    expect(form?.fields.slice(1).map(({ value }) => value)).toEqual(["2", "own", "2"]);
  });

  it("of an input that is found by its id are sent under it", () => {
    const { form } = render({ markup: `<input id="passcode">${button("GO")}` });
    expect(form?.fields.map(({ name }) => name)).toContain("passcode");
  });

  it("puts the cursor into the first empty field, or into one with a message", () => {
    const two = `<form><input name="a" value="x"><input name="b"><input name="c">${button("GO", SUBMIT)}</form>`;
    const focused = (shown: Partial<Shown>) =>
      render({ markup: two }, shown)
        .root.querySelectorAll("[autofocus]")
        .map((input) => input.getAttribute("name"));
    expect(focused({})).toEqual(["b"]);
    expect(focused({ messages: { fieldErrors: { c: "Wrong." } } })).toEqual(["c"]);
  });
});

describe("messages", () => {
  const skerror = '<p class="text-danger d-none" data-skcomponent="skerror" style="display: none"></p>';
  const markup = `${skerror}<p data-skcomponent="skerrormessage" data-skerrorid="pin"></p><form><input name="pin"><input name="other">${button("GO", SUBMIT)}</form>`;

  it("are announced at skerror, tied to the fields and named in the title", () => {
    const { root } = render({ markup }, { messages: { error: "Wrong <b>." } });
    const alert = root.querySelector('main [role="alert"]');
    expect(textOf(alert)).toBe("Wrong <b>.");
    expect(alert?.getAttribute("style")).toBeUndefined();
    expect(alert?.classList.contains("d-none")).toBe(false);
    expect(root.querySelector('[name="pin"]')?.getAttribute("aria-describedby")).toBe(alert?.id);
    expect(root.querySelector("title")?.text).toMatch(/^Error: Title/);
  });

  it("without one, regions are hidden and nothing is an alert", () => {
    const { root } = render({ markup: `<div role="alert">Hint</div>${markup}` });
    expect(root.querySelectorAll('[role="alert"]')).toEqual([]);
    expect(root.querySelectorAll("p[hidden]")).toHaveLength(2);
    expect(root.querySelector("title")?.text).toMatch(/^Title/);
  });

  it("of a field are at its own region, else at that of no field, else at skerror", () => {
    const messages = { fieldErrors: { pin: "Too short.", other: "Missing." } };
    const { root } = render({ markup }, { messages });
    expect(root.querySelectorAll('[role="alert"]').map(textOf)).toEqual(["Missing.", "Too short."]);
    expect(root.querySelectorAll('[aria-invalid="true"]')).toHaveLength(2);
    const region = '<div data-skcomponent="skerrormessage"></div>';
    const general = render({ markup: region + markup }, { messages });
    expect(general.root.querySelectorAll('[role="alert"]').map(textOf)).toEqual(["Missing.", "Too short."]);
    expect(general.root.querySelector('[role="alert"]')?.localName).toBe("div");
  });

  it("that the template has no place for are in the panel, which says that PingOne shows none", () => {
    const { root, panel, main } = render({ markup: button("GO") }, { messages: { error: "Wrong." } });
    expect(textOf(main)).not.toContain("Wrong.");
    expect(textOf(root.querySelector('aside [role="alert"]'))).toBe("Wrong.");
    expect(panel).toContain("PingOne does not show this message");
  });

  it("of the emulator come first, as a notice", () => {
    const { main } = render({ markup: button("GO") }, { messages: { notice: "Go on here." } });
    expect(textOf(main?.querySelector('[role="status"]') ?? null)).toBe("Go on here.");
  });

  it.each(["input", "img", "select", "table", "svg"])(
    "are readable even where a %s should hold them",
    (tag) => {
      const { root } = render(
        { markup: `<${tag} data-skcomponent="skerror"></${tag}>${button("GO")}` },
        { messages: { error: "Wrong." } },
      );
      // A picture is not walked through: what it holds is not text.
      expect(textOf(root.querySelector('[role="alert"]'))).toBe("Wrong.");
    },
  );
});

describe("the heading", () => {
  it.each([
    ["the author's h1", "<h1>Own</h1><h2>Less</h2>", ["Own"]],
    ["the first of several", "<h1>Own</h1><h1>Other</h1>", ["Own"]],
    ["the first that has a text", "<h1></h1><h1>Own</h1>", ["Own"]],
    ["the first of any level", "<h6>Small</h6><h3>Other</h3>", ["Small"]],
    ["one that is not hidden", '<h1 style="display:none">Not</h1><h2>Own</h2>', ["Own"]],
    ["the title of the screen", "<p>Nothing</p>", ["Title"]],
  ])("is %s", (_, markup, headings) => {
    const { root } = render({ markup });
    expect(root.querySelectorAll("h1").map(textOf)).toEqual(headings);
    expect(root.querySelector("title")?.text).toBe(`${headings[0]} · offline emulator for PingOne`);
  });
});

it("that is empty is none, at any level", () => {
  const { root } = render({ markup: "<h1>Own</h1><h1>Second</h1><h2></h2><h3>Third</h3>" });
  expect(root.querySelectorAll("main :is(h1, h2, h3)").map(textOf)).toEqual(["Own", "Second", "Third"]);
});

it("has the title of the tab that the author has chosen", () => {
  const { root } = render({ markup: "<h1>Own</h1>", tabTitle: "Tab" });
  expect(root.querySelector("title")?.text).toMatch(/^Tab ·/);
});
