import { parse } from "node-html-parser";
import { expect, it } from "vitest";
import { readForms } from "../../../kit/html-form.ts";
import { renderScreen } from "./render-screen.ts";
import type { ScreenField } from "./screen.ts";

function labels(markup: string, fields: readonly ScreenField[] = []): [name: string, label: string][] {
  const { html } = renderScreen(
    {
      screen: {
        title: "",
        markup: `${markup}<button data-skcomponent="skbutton">Go</button>`,
        css: "",
        fields,
        remarks: [],
      },
      values: {},
      messages: {},
    },
    { formAction: "/", step: 1, panel: [], quickUsers: [] },
  );
  const root = parse(html);
  const ids = root.querySelectorAll("[id]").map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const [form] = readForms(root, "main");
  return (form?.fields ?? []).filter(({ type }) => type !== "hidden").map(({ name, label }) => [name, label]);
}

it.each([
  ["before its input", '<label for="a">A</label><input id="a" name="x">'],
  ["behind its input", '<input id="a" name="x"><label for="a">A</label>'],
  ["around its input", '<label>A <input name="x"></label>'],
  ["around its input, for another", '<label for="none">A <input name="x"></label>'],
  ["for an id that is not there, behind", '<div><input id="b" name="x"><label for="email">A</label></div>'],
  ["for an id that is not there, before", '<div><label for="email">A</label><input name="x"></div>'],
  ["for nothing, around a div", '<div><label>A</label><div><input name="x"></div></div>'],
  ["beside the div of its input", '<div><div><input name="x"></div><div><label>A</label></div></div>'],
  [
    "in the placeholder, as its label is empty",
    '<label for="a"></label><input id="a" name="x" placeholder="A">',
  ],
  ["in aria-label", '<input name="x" aria-label="A">'],
  ["in the placeholder", '<input name="x" placeholder="A">'],
  ["in the title", '<input name="x" title="A">'],
  ["as text behind a checkbox", '<div><input type="checkbox" name="x"> A </div>'],
  ["as an element behind a checkbox", '<div><input type="checkbox" name="x"> <span>A</span></div>'],
  ["as text before it", 'A <br><input name="x">'],
  ["as an element before it", '<div><b>A</b> <input name="x"></div>'],
  ["in the table cell before it", '<table><tr><td>A</td><td><input name="x"></td></tr></table>'],
  ["on a select", '<label for="s">A</label><select id="s" name="x"><option>1</option></select>'],
  ["on a textarea", '<label for="s">A</label><textarea id="s" name="x"></textarea>'],
])("finds a label %s", (_, markup) => {
  expect(labels(markup)).toEqual([["x", "A"]]);
});

it("takes the author's name of the field where the markup has none, else the field's", () => {
  const field = { name: "x", isSecret: false };
  expect(labels('<input name="x">', [{ ...field, label: "Given" }])).toEqual([["x", "Given"]]);
  expect(labels('<input name="x">', [field])).toEqual([["x", "x"]]);
});

it.each([
  ["before", '<label>A</label><input name="x"><label>B</label><input name="y">'],
  ["behind", '<input name="x"><label>A</label><input name="y"><label>B</label>'],
  [
    "in boxes",
    '<div><input name="x"><label for="e">A</label></div><div><input name="y"><label for="e">B</label></div>',
  ],
])("tells several labels for nothing apart: %s their inputs", (_, markup) => {
  expect(labels(markup)).toEqual([
    ["x", "A"],
    ["y", "B"],
  ]);
});

it("does not guess where two inputs are as near", () => {
  expect(labels('<div><p><label>A</label></p><p><input name="x"><input name="y"></p></div>')).toEqual([
    ["x", "x"],
    ["y", "y"],
  ]);
});

it("keeps apart two inputs of one id, each with its label", () => {
  const form = (id: string, label: string) =>
    `<form id="${id}"><label for="user">${label}</label><input id="user" name="user"></form>`;
  expect(labels(form("f", "First") + form("g", "Second")).map(([, label]) => label)).toEqual([
    "First",
    "Second",
  ]);
});

it("shortens a label that is a whole text", () => {
  expect(labels(`<input name="x" placeholder="${"a".repeat(500)}">`)).toEqual([["x", "a".repeat(200)]]);
});

it("gives an input another id than an element before it", () => {
  expect(labels('<div id="a"></div><label for="a">A</label><input id="a">')).toEqual([["a", "A"]]);
});

it("keeps the ids of the emulator's panel", () => {
  expect(labels('<label for="emulator">A</label><input id="emulator">')).toEqual([["emulator", "A"]]);
  expect(labels('<div id="emulator">A</div>')).toEqual([]);
});
