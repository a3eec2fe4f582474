import { parse } from "node-html-parser";
import { describe, expect, it } from "vitest";
import { renderScreen } from "./render-screen.ts";
import { sanitise } from "./sanitise.ts";
import type { Screen } from "./screen.ts";

const ALLOWED_SOURCES = /^data:image\//;

function show(markup: string, more: Partial<Screen> = {}) {
  const { html } = renderScreen(
    {
      screen: { title: "T", markup, css: "", fields: [], remarks: [], ...more },
      values: {},
      messages: {},
    },
    { formAction: "/x", step: 1, panel: [], quickUsers: [] },
  );
  const [, main = ""] = /<main>(.*)<\/main>/s.exec(html) ?? [];
  return { html, main, root: parse(main) };
}

const ATTACKS: readonly (readonly [string, string])[] = [
  ["a script", "<script>alert(1)</script>"],
  ["a script in pieces", "<scr<script>ipt>alert(1)</scr</script>ipt>"],
  ["a script without an end", "<script>alert(1)"],
  ["a handler", '<img src="x" onerror="alert(1)">'],
  ["a handler without quotes", "<img/src=x/onerror=alert(1)>"],
  ["a handler in capitals", '<IMG SRC=x OnErRoR="alert(1)">'],
  ["a handler on a button", '<button data-skcomponent="skbutton" onclick="alert(1)">x</button>'],
  ["a handler on an input", '<input id="a" autofocus onfocus="alert(1)">'],
  ["a link to a script", '<a href="javascript:alert(1)">x</a>'],
  ["a link to a script, hidden", '<a href=" java&#x0A;script&colon;alert(1)">x</a>'],
  ["a link to data", '<a href="data:text/html,<script>alert(1)</script>">x</a>'],
  ["a picture that is a page", '<img src="data:text/html,<script>alert(1)</script>">'],
  ["a picture of another host", '<img src="//evil.test/x.png">'],
  ["a frame", '<iframe srcdoc="<script>alert(1)</script>"></iframe>'],
  ["a frame without an end", "<iframe><img src=x onerror=alert(1)>"],
  ["an object", '<object data="x"></object><embed src="x">'],
  ["a base", '<base href="https://evil.test/">'],
  ["a refresh", '<meta http-equiv="refresh" content="0;url=https://evil.test/">'],
  ["a style sheet", '<link rel="stylesheet" href="https://evil.test/"><style>body{display:none}</style>'],
  ["svg with a script", "<svg><script>alert(1)</script></svg>"],
  ["svg with a handler", "<svg onload=alert(1)><g/onload=alert(1)></g></svg>"],
  ["svg that is animated", '<svg><a><animate attributeName="href" values="javascript:alert(1)"/>x</a></svg>'],
  [
    "svg with foreign content",
    "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
  ],
  ["svg with a style", "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>"],
  ["svg with a textarea", "<svg><textarea><img src=x onerror=alert(1)></textarea></svg>"],
  [
    "svg with a link of its own",
    '<svg><use href="data:image/svg+xml,x"/><a xlink:href="javascript:alert(1)">x</a></svg>',
  ],
  ["math", "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>"],
  ["a comment", "<!--><img src=x onerror=alert(1)>-->"],
  ["a noscript", '<noscript><p title="</noscript><img src=x onerror=alert(1)>">'],
  ["a textarea that ends oddly", "<textarea></textarea/><img src=x onerror=alert(1)></textarea>"],
  ["a title", "<title><img src=x onerror=alert(1)></title>"],
  ["a template", "<template><img src=x onerror=alert(1)></template>"],
  ["xmp and plaintext", "<xmp><img src=x onerror=alert(1)></xmp><plaintext><img src=x onerror=alert(1)>"],
  ["a form to elsewhere", '<form action="https://evil.test/"><input name="a"></form>'],
  [
    "a button to elsewhere",
    '<button data-skcomponent="skbutton" formaction="https://evil.test/" form="other" formmethod="get">x</button>',
  ],
  ["a plain button to elsewhere", '<form><button formaction="https://evil.test/">x</button></form>'],
  [
    "an input as a button to elsewhere",
    '<form><input type="image" src="https://evil.test/" formaction="https://evil.test/"></form>',
  ],
  ["the end of the form", '</form><form action="https://evil.test/"><input type="submit" value="x">'],
  ["the end of the page", "</main></body></html><script>alert(1)</script>"],
  [
    "a component in an attribute",
    '<p data-skcomponent="skerror" data-skerrorid="&quot;><script>alert(1)</script>">x</p>',
  ],
  [
    "quotes in the value of a button",
    `<a data-skcomponent="skbutton" data-skbuttonvalue='"><script>alert(1)</script>'>x</a>`,
  ],
  ["quotes in an id", `<input id='"><script>alert(1)</script>'>`],
  ["quotes in a placeholder", `<input id="a" placeholder='"><script>alert(1)</script>'>`],
  [
    "an option",
    "<select name=a><option><script>alert(1)</script></option><option>&lt;script>alert(1)&lt;/script></select>",
  ],
  ["markup in the text of an input", `<input type="submit" id="s" value="<img src=x onerror=alert(1)>">`],
  [
    "a button out of a select",
    '<select data-skcomponent="skbutton"><option data-skcomponent="skbutton">x</option></select>',
  ],
  [
    "a button out of a table",
    '<table data-skcomponent="skbutton"><tr data-skcomponent="skbutton"><td data-skcomponent="skbutton">x</td></tr></table>',
  ],
  ["an error out of an image", '<img data-skcomponent="skerror" src=x onerror=alert(1)>'],
  ["a namespace", '<p xmlns:x="x" x:onclick="alert(1)"><x:script>alert(1)</x:script></p>'],
];

describe("markup of a flow", () => {
  it.each(ATTACKS)("cannot run or send anything by %s", (_, attack) => {
    for (const markup of [attack, `<div>${attack}`, `<form id="f">${attack}</form>`]) {
      const { html, root, main } = show(`<button data-skcomponent="skbutton">Go</button>${markup}`);
      expect(html).not.toMatch(
        /<(?:script|iframe|object|embed|base|link|template|noscript|math|title>.*<title|xmp|plaintext)\b/i,
      );
      expect(html.match(/<meta /g)).toHaveLength(4);
      expect(html.match(/<\/main>/g)).toHaveLength(1);
      const forms = [...main.matchAll(/<form[^>]*>/g)].map(([tag]) => tag);
      expect(forms).toEqual(['<form class="screen" method="post" action="/x">']);
      for (const element of root.querySelectorAll("form *")) {
        for (const [name, value] of Object.entries(element.attributes)) {
          expect(name).not.toMatch(/^on|^form(?!novalidate$)|srcdoc|^action$|^xlink|:/);
          if (name === "src") expect(value).toMatch(ALLOWED_SOURCES);
          if (name === "href") expect(value).toMatch(/^(?:https?:\/\/|mailto:|#)/);
        }
      }
    }
  });

  it.each(ATTACKS)("is stopped at the last gate alone: %s", (_, attack) => {
    const root = parse(sanitise(attack));
    for (const element of root.querySelectorAll("*")) {
      expect(element.localName).not.toMatch(
        /^(?:script|iframe|object|embed|base|link|meta|style|template|noscript|math|form|title|use|animate|foreignobject|xmp|plaintext)$/,
      );
      for (const [name, value] of Object.entries(element.attributes)) {
        expect(name).not.toMatch(/^on|^form(?!novalidate$)|srcdoc|^action$|^xlink|:/);
        if (name === "src") expect(value).not.toMatch(/^\s*(?:javascript|data:(?!image\/)|\/\/)/i);
        if (name === "href") expect(value).toMatch(/^(?:https?:\/\/|mailto:|#)/);
      }
    }
  });

  it("keeps links to other sites and to places of the page, but not to pages of the emulator", () => {
    const { root } = show(
      '<a href="https://example.com/">1</a><a href="mailto:a@example.com">2</a><a href="#x">3</a><a href="/__mocks">4</a><a href="//evil.test">5</a><a href="x">6</a>',
    );
    expect(root.querySelectorAll("a").map((link) => link.getAttribute("href"))).toEqual([
      "https://example.com/",
      "mailto:a@example.com",
      "#x",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("keeps pictures that need no request, and the text of others", () => {
    const { root } = show(
      '<img src="data:image/png;base64,AA" alt="a"><img class="logo" width="9" src="https://example.com/a.png" alt="<b>"><img src="" alt="c"><img src="x" alt=""><img id="none">',
    );
    expect(root.querySelectorAll("img").map(({ attributes }) => attributes)).toEqual([
      { src: "data:image/png;base64,AA", alt: "a" },
    ]);
    expect(root.querySelectorAll("span").map(String)).toEqual([
      '<span class="logo">&lt;b&gt;</span>',
      "<span>c</span>",
    ]);
  });

  it("keeps text, drawings, tables and styles", () => {
    const markup =
      '<p style="color: red">a &amp; &lt;b&gt;</p><svg viewbox="0 0 2 2"><path d="M0 0"></path></svg><table><tr><td colspan="2">x</td></tr></table><pre>a\n b</pre>';
    expect(show(markup).main).toContain(markup);
  });

  it("is not a page of its own: html, head and body go, their content stays", () => {
    const { root, html } = show(
      "<!doctype html><html lang=de><head><title>Other</title></head><body onload=alert(1)><main><h1>Own</h1><aside>x</aside></main></body></html>",
    );
    expect(root.querySelector("h1")?.text).toBe("Own");
    expect(html.match(/<(?:html|head|body|main|aside)[\s>]/g)).toHaveLength(5);
    expect(html).not.toContain("Other");
  });
});
