import { createHash } from "node:crypto";
import { html } from "hono/html";
import { describe, expect, it } from "vitest";
import { readForms, textOf } from "../../../kit/html-form.ts";
import { button, type GivenScreen, NEXT, PAGE, render, SUBMIT } from "../../testing/screen-page.ts";
import { MAX_MARKUP, renderScreen } from "./render-screen.ts";

describe("sign on with one click", () => {
  const quickUsers = [{ username: "alice", password: "TEST ONLY", about: "signs on" }];

  it("sends the form of the screen, filled in", () => {
    const { root } = render(
      {
        markup: `<form><input name="login"><input type="password" id="secret">${button("SIGNON", SUBMIT)}</form>`,
      },
      {},
      { quickUsers },
    );
    const [, quick] = readForms(root);
    expect(quick).toMatchObject({ action: "/as/interaction/1", method: "POST" });
    expect(quick?.fields.map(({ name, value }) => [name, value])).toEqual([
      ["step", "7"],
      ["login", "alice"],
      ["secret", "TEST ONLY"],
    ]);
    expect(quick?.buttons).toMatchObject([{ text: "alice", name: "buttonValue", value: "SIGNON" }]);
  });

  it.each([
    ["asks for no password", `<form><input name="login">${button("GO", SUBMIT)}</form>`],
    [
      "asks for two",
      `<form><input name="l"><input type="password" name="a"><input type="password" name="b">${button("GO", SUBMIT)}</form>`,
    ],
    [
      "asks for more",
      `<form><input name="l"><input name="m"><input type="password" name="a">${button("GO", SUBMIT)}</form>`,
    ],
    [
      "does not send it",
      `<form><input name="l"><input type="password" name="a">${button("GO", NEXT)}</form>`,
    ],
  ])("is not offered where the screen %s", (_, markup) => {
    expect(render({ markup }, {}, { quickUsers }).panel).not.toContain("one click");
  });
});

describe("style", () => {
  it("of the author comes after the emulator's, both by their hashes", () => {
    const { root, contentSecurityPolicy } = render({ markup: button("GO"), css: ".a { color: red }" });
    const styles = root.querySelectorAll("style").map((style) => style.innerHTML);
    expect(styles).toHaveLength(3);
    expect(styles[2]).toBe(".a { color: red }");
    const hashes = styles.map((style) => `'sha256-${createHash("sha256").update(style).digest("base64")}'`);
    expect(contentSecurityPolicy).toBe(
      `default-src 'none'; style-src-elem ${hashes.join(" ")}; style-src-attr 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'`,
    );
  });

  it.each([
    ["closes its element", "</style><script>alert(1)</script>"],
    ["closes it in capitals", "</STYLE ><script>alert(1)</script>"],
    ["closes it with a slash", "</style/><script>alert(1)</script>"],
  ])("that %s stays in it", (_, css) => {
    const { html: page } = render({ markup: button("GO"), css });
    expect(page.match(/<\/style/gi)).toHaveLength(3);
    expect(page.indexOf("alert(1)")).toBeLessThan(page.toLowerCase().lastIndexOf("</style"));
  });

  it("has the hash of what a browser reads: line ends and null characters are its own", () => {
    const { html: page } = render({ markup: button("GO"), css: "a\r\n{}\r\0b{}" });
    expect(page).not.toMatch(/\r|\0/);
  });

  it("that the editor left empty is none, and does not take the next rule with it", () => {
    expect(
      render({ markup: button("GO"), css: "// custom css" }).root.querySelectorAll("style"),
    ).toHaveLength(2);
    const { html: page } = render({ markup: button("GO"), css: "// custom css\n.a { color: red }" });
    expect(page).toContain("<style>.a { color: red }</style>");
  });

  it("names no file of another host: no broken picture is shown for it", () => {
    const css = `a { content: url("https://a.test/x.png"); background: URL( //a.test/y ) red; mask: url('data:image/png;base64,AA') }`;
    const { html: page } = render({ markup: button("GO"), css });
    expect(page).toContain(
      "a { content: none; background: none red; mask: url('data:image/png;base64,AA') }",
    );
  });

  it.each([
    ["addresses without an end", "url(".repeat(60_000)],
    ["addresses of blanks", "url( ".repeat(50_000)],
    ["one address of blanks", `url(${" ".repeat(250_000)}`],
    ["empty lines", "\n".repeat(250_000)],
    ["blanks", " ".repeat(250_000)],
  ])("of %s is read in a moment", (_, css) => {
    // A search that goes back at each place would take minutes, which the time limit of a test ends.
    expect(render({ markup: button("GO"), css: `${css}.a{}` }).html).toContain(".a{}");
  });

  it("that is too large is left out, which the panel says", () => {
    const { root, panel } = render({ markup: button("GO"), css: ".a{}".repeat(70_000) });
    expect(root.querySelectorAll("style")).toHaveLength(2);
    expect(panel).toContain("style sheet is larger than 256 kB");
  });

  it("made for a light page is shown on one", () => {
    const isLight = (given: GivenScreen) => render(given).html.includes('<html lang="en" class="light">');
    expect(isLight({ markup: button("GO") })).toBe(false);
    expect(isLight({ markup: button("GO"), css: ".card { background: white }" })).toBe(true);
    expect(isLight({ markup: `<p style="color: black">x</p>${button("GO")}` })).toBe(true);
  });
});

describe("the panel", () => {
  it("has rows as text or markup, and the remarks of the screen", () => {
    const { root } = render(
      { markup: button("GO"), remarks: ["Its <script> is not run."] },
      {},
      {
        panel: [
          ["Code", html`<code>1</code>`],
          ["Text", "<b>"],
        ],
      },
    );
    expect(root.querySelectorAll("aside dd").map(({ innerHTML }) => innerHTML)).toEqual([
      "<code>1</code>",
      "&lt;b&gt;",
      "Its &lt;script&gt; is not run.",
    ]);
  });
});

describe("size", () => {
  it("has a limit: a page says so, in place of the screen", () => {
    const { root, main, form } = render({ markup: `${button("GO")}${"<p>x</p>".repeat(MAX_MARKUP / 8)}` });
    expect(textOf(root.querySelector("h1"))).toBe("This screen is too large");
    expect(textOf(main)).toContain("up to 512 kB");
    expect(form).toBeUndefined();
  });

  it.each([
    ["10,000 inputs", Array.from({ length: 10_000 }, (_, index) => `<input name="f${index}">`).join("")],
    ["10,000 labels for nothing", "<label for='x'>l</label>".repeat(10_000)],
    ["10,000 checkboxes with text", "<input type=checkbox name=a> text".repeat(10_000)],
    ["10,000 equal ids", "<input id=a>".repeat(10_000)],
    ["8,000 buttons", "<button data-skcomponent=skbutton data-skform=f>x</button>".repeat(8_000)],
    ["10,000 forms", "<form id=f><input name=a>".repeat(10_000)],
    ["20,000 nested elements", "<div>".repeat(20_000)],
    ["10,000 nested buttons", "<div data-skcomponent=skbutton>".repeat(10_000)],
  ])("of %s does not hold up the emulator", (_, markup) => {
    const screen = { title: "", css: "", fields: [], remarks: [], markup: `${button("GO")}${markup}` };
    const start = performance.now();
    const page = renderScreen({ screen, values: {}, messages: {} }, PAGE);
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(page.html).toContain(">GO</button>");
  });
});
