import { parse } from "node-html-parser";
import { expect, it } from "vitest";
import { formMarkup } from "./markup.ts";

it("marks fields and buttons as DaVinci's templates do", () => {
  const root = parse(
    formMarkup({
      heading: "Who are you?",
      text: ["One.", "Two."],
      fields: [
        { type: "text", name: "username", label: "User", value: "{{global.variables.name}}" },
        { type: "password", name: "password", label: "Secret", autocomplete: "current-password" },
        { type: "text", name: "pin", label: "Pin", inputmode: "numeric", isRequired: true },
      ],
      buttons: [
        { value: "SIGNON", label: "Go", isSubmit: true },
        { value: "BACK", label: "Back", isSubmit: false },
      ],
    }),
  );
  expect(root.querySelector("h1")?.text).toBe("Who are you?");
  expect(root.querySelectorAll("p").map(({ text }) => text)).toEqual(["One.", "Two.", ""]);
  expect(root.querySelector('[data-skcomponent="skerror"]')).not.toBeNull();
  expect(root.querySelectorAll("label").map((label) => [label.getAttribute("for"), label.text])).toEqual([
    ["username", "User"],
    ["password", "Secret"],
    ["pin", "Pin"],
  ]);
  expect(root.querySelectorAll("input").map(({ attributes }) => attributes)).toMatchObject([
    { id: "username", name: "username", type: "text", value: "{{global.variables.name}}" },
    { id: "password", name: "password", type: "password", autocomplete: "current-password" },
    { id: "pin", inputmode: "numeric", required: "" },
  ]);
  const form = root.querySelector("form")?.id;
  expect(root.querySelectorAll("form button").map(({ attributes }) => attributes)).toMatchObject([
    { "data-skbuttontype": "form-submit", "data-skbuttonvalue": "SIGNON", "data-skform": form },
    { "data-skbuttontype": "next-event", "data-skbuttonvalue": "BACK", "data-skform": form },
  ]);
});

it("makes one list with a legend of checkboxes of one name, and a select of options", () => {
  const root = parse(
    formMarkup({
      heading: "Allow?",
      fields: [
        { type: "checkbox", name: "scopes", label: "mail", value: "mail", isChecked: true, legend: "What?" },
        { type: "checkbox", name: "scopes", label: "phone", value: "phone" },
        { type: "checkbox", name: "terms", label: "Terms" },
        {
          type: "select",
          name: "colour",
          label: "Colour",
          value: "b",
          options: [
            { value: "a", label: "A" },
            { value: "b", label: "B" },
          ],
        },
      ],
      buttons: [],
    }),
  );
  expect(root.querySelectorAll("fieldset input").map((input) => input.getAttribute("value"))).toEqual([
    "mail",
    "phone",
  ]);
  expect(root.querySelector("legend")?.text).toBe("What?");
  expect(root.querySelectorAll("input[checked]")).toHaveLength(1);
  const ids = root.querySelectorAll("input, select").map(({ id }) => id);
  expect(new Set(ids).size).toBe(4);
  expect(root.querySelectorAll("label").map((label) => label.getAttribute("for"))).toEqual(ids);
  expect(root.querySelector("option[selected]")?.text).toBe("B");
});

it("escapes text of all kinds", () => {
  const hostile = `"><script>alert(1)</script>`;
  const markup = formMarkup({
    heading: hostile,
    text: [hostile],
    fields: [{ type: "text", name: hostile, label: hostile, value: hostile }],
    buttons: [{ value: hostile, label: hostile, isSubmit: true }],
  });
  expect(markup).not.toContain("<script");
});
