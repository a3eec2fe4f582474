/** Renders screens in tests, and reads their pages. */
import { parse } from "node-html-parser";
import { readForms, textOf } from "../../kit/html-form.ts";
import { renderScreen, type ScreenPage, type Shown } from "../davinci/screens/render-screen.ts";
import type { Screen, ScreenField } from "../davinci/screens/screen.ts";

export const PAGE: ScreenPage = { formAction: "/as/interaction/1", step: 7, panel: [], quickUsers: [] };

export interface GivenScreen extends Partial<Screen> {
  readonly markup: string;
}

export function render(
  given: GivenScreen,
  shown: Partial<Omit<Shown, "screen">> = {},
  page: Partial<ScreenPage> = {},
) {
  const screen: Screen = { title: "Title", css: "", fields: [], remarks: [], ...given };
  const rendered = renderScreen({ screen, values: {}, messages: {}, ...shown }, { ...PAGE, ...page });
  const root = parse(rendered.html);
  const [form] = readForms(root, "main");
  const panel = textOf(root.querySelector("aside"));
  return { ...rendered, root, form, panel, main: root.querySelector("main") };
}

export function field(name: string, more: Partial<ScreenField> = {}): ScreenField {
  return { name, isSecret: false, ...more };
}

export function button(value: string, attributes = "", text = value): string {
  return `<button data-skcomponent="skbutton" data-skbuttonvalue="${value}" ${attributes}>${text}</button>`;
}
export const SUBMIT = 'data-skbuttontype="form-submit"';
export const NEXT = 'data-skbuttontype="next-event"';
