/**
 * The two passes of `sanitize-html` that markup of flows goes through. The first makes it well-formed and drops what never
 * has an effect in DaVinci's pages; the second is the last gate before the page: whatever stands between the two, no script,
 * no foreign form and no other address leaves it.
 */
import sanitizeHtml from "sanitize-html";

/** Deeper elements lose their tags: recursion over the tree has an end. */
const MAX_DEPTH = 100;

const TEXT_TAGS =
  "a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li mark nav ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr details";
const CONTROL_TAGS =
  "button datalist fieldset input label legend meter optgroup option progress select textarea";
const SVG_TAGS = "svg g path circle rect line polyline polygon ellipse";

/** Elements whose text is not meant to be read. */
const TAGS_WITHOUT_TEXT =
  "script style title template iframe object embed applet noembed noframes noscript audio video canvas math xmp plaintext".split(
    " ",
  );

const GLOBAL_ATTRIBUTES = "id class style title lang dir hidden role tabindex align aria-* data-*".split(" ");
const CONTROL_ATTRIBUTES =
  "name value type checked selected disabled readonly required multiple size rows cols minlength maxlength min max step pattern placeholder autocomplete inputmode autocapitalize spellcheck list label autofocus formnovalidate for".split(
    " ",
  );
const SVG_ATTRIBUTES =
  "viewbox width height fill stroke stroke-width stroke-linecap stroke-linejoin fill-rule clip-rule d cx cy r rx ry x y x1 y1 x2 y2 points transform xmlns preserveaspectratio".split(
    " ",
  );

const names = (list: string) => list.split(" ");
const eachOf = (tags: string, attributes: string[]) =>
  Object.fromEntries(names(tags).map((tag) => [tag, attributes]));

const COMMON: sanitizeHtml.IOptions = {
  nestingLimit: MAX_DEPTH,
  nonTextTags: TAGS_WITHOUT_TEXT,
  // An empty `value` of an option is not the same as none.
  nonBooleanAttributes: [],
  // What a style may do is left to the policy of the page.
  parseStyleAttributes: false,
  allowedSchemes: ["http", "https", "mailto"],
  allowedSchemesByTag: { img: ["http", "https", "data"] },
  allowProtocolRelative: false,
};

const ALLOWED_TAGS = [...names(TEXT_TAGS), ...names(CONTROL_TAGS), ...names(SVG_TAGS)];

/** Balanced markup without scripts and style sheets. Forms, and what marks components, are still in it. */
export function normalise(markup: string): string {
  return sanitizeHtml(markup, {
    ...COMMON,
    allowedTags: [...ALLOWED_TAGS, "form"],
    allowedAttributes: {
      "*": [...GLOBAL_ATTRIBUTES, "href", "src", "alt", "form", "colspan", "rowspan"],
      form: ["name"],
      ...eachOf(CONTROL_TAGS, CONTROL_ATTRIBUTES),
      ...eachOf(SVG_TAGS, SVG_ATTRIBUTES),
    },
  });
}

/** What a page may hold. */
export function sanitise(markup: string): string {
  return sanitizeHtml(markup, {
    ...COMMON,
    allowedTags: ALLOWED_TAGS,
    allowedAttributes: {
      "*": GLOBAL_ATTRIBUTES,
      a: ["href", "rel"],
      img: ["src", "alt", "width", "height"],
      td: ["colspan", "rowspan"],
      th: ["colspan", "rowspan", "scope"],
      ...eachOf(CONTROL_TAGS, CONTROL_ATTRIBUTES),
      ...eachOf(SVG_TAGS, SVG_ATTRIBUTES),
    },
    exclusiveFilter: ({ tag, attribs }) =>
      tag === "img" && attribs.src?.startsWith("data:") === true && !attribs.src.startsWith("data:image/"),
    transformTags: { a: withoutPlaces },
  });
}

/** A link leads to another site or to a place of this page; paths of this origin are pages of the emulator, not of the flow. */
function withoutPlaces(tagName: string, attribs: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  const { href, ...others } = attribs;
  if (href === undefined || !/^(?:https?:\/\/|mailto:|#)/i.test(href)) return { tagName, attribs: others };
  return { tagName, attribs: { ...others, href, rel: "noreferrer" } };
}
