import { expect, it } from "vitest";
import { expandComponents } from "./components.ts";

const piece = (definition: unknown) =>
  `[[[skcomponent###${btoa("attributes")}###${btoa(typeof definition === "string" ? definition : JSON.stringify(definition))}]]]`;

it("makes HTML of components that were put in by the editor", () => {
  const button = piece({
    name: "skbutton",
    options: { id: "go", class: "btn", label: "Go", buttonvalue: "GO", buttonType: "form-submit", form: "f" },
  });
  const error = piece({ name: "skerror", options: { class: "red" } });
  expect(expandComponents(`<p>${error}</p>${button}{{title}}`)).toBe(
    '<p><div data-skcomponent="skerror" class="red"></div></p>' +
      '<button type="button" data-skcomponent="skbutton" id="go" class="btn" data-skbuttonvalue="GO" data-skbuttontype="form-submit" data-skform="f">Go</button>{{title}}',
  );
});

it("keeps bindings in their options, and the names that these have already", () => {
  const markup = expandComponents(piece({ name: "skbutton", options: { skvalue: "{{local.a.b}}" } }));
  expect(markup).toContain('data-skvalue="{{local.a.b}}">Button<');
});

it.each([
  ["no Base64", "[[[skcomponent###!!!###!!!]]]", "[[[skcomponent###!!!###!!!]]]"],
  ["no JSON", piece("nothing"), ""],
  ["no name", piece({ options: {} }), ""],
  ["a name that is markup", piece({ name: 'x" onclick="alert(1)' }), ""],
])("leaves out what has %s", (_, text, markup) => {
  expect(expandComponents(text)).toBe(markup);
});

it("escapes options, and leaves out those whose names are markup", () => {
  const options = { label: "<b>", class: '"><script>', 'a="b': "x", list: ["x"] };
  expect(expandComponents(piece({ name: "skbutton", options }))).toBe(
    '<button type="button" data-skcomponent="skbutton" class="&quot;&gt;&lt;script&gt;">&lt;b&gt;</button>',
  );
});
