/**
 * Components that an author has put into a template from the editor's list. The editor keeps them as one piece of text,
 * `[[[skcomponent###<attributes>###<definition>]]]` with both parts in Base64; PingOne makes HTML of them.
 */
import { html, raw } from "hono/html";
import { isRecord } from "../graph/values.ts";

const PIECE = /\[\[\[skcomponent###[^#\]]*###([A-Za-z0-9+/=_-]*)\]\]\]/g;
const NAME = /^[a-z][a-z0-9]*$/i;

/** The template with HTML in place of these pieces; what cannot be read is left out. */
export function expandComponents(template: string): string {
  return template.replaceAll(PIECE, (_, definition: string) => componentMarkup(definition));
}

function componentMarkup(base64: string): string {
  const definition = parse(Buffer.from(base64, "base64").toString("utf8"));
  if (!isRecord(definition) || typeof definition.name !== "string" || !NAME.test(definition.name)) return "";
  const options = isRecord(definition.options) ? definition.options : {};
  const text = (name: string) => (typeof options[name] === "string" ? options[name] : "");
  const attributes = Object.entries(options)
    .filter(([name, value]) => NAME.test(name) && typeof value === "string" && name !== "label")
    .map(([name, value]) => [attributeOf(name.toLowerCase()), value] as const);
  const written = raw(attributes.map(([name, value]) => String(html` ${name}="${value}"`)).join(""));
  const marked = html`data-skcomponent="${definition.name}"${written}`;
  return definition.name.toLowerCase() === "skbutton"
    ? String(html`<button type="button" ${marked}>${text("label") || "Button"}</button>`)
    : String(html`<div ${marked}></div>`);
}

/** How the options are called in HTML is documented for buttons (`data-skbuttonvalue`); others are taken to follow. */
function attributeOf(option: string): string {
  if (option === "id" || option === "class") return option;
  return option.startsWith("sk") ? `data-${option}` : `data-sk${option}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
