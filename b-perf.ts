import { renderScreen } from "./mocks/pingone/davinci/screens/render-screen.ts";
import { readMarkup } from "./mocks/pingone/davinci/screens/read-markup.ts";
import { labelControls } from "./mocks/pingone/davinci/screens/labels.ts";
import { normalise, sanitise } from "./mocks/pingone/davinci/screens/sanitise.ts";
import { writeMarkup } from "./mocks/pingone/davinci/screens/write-markup.ts";
const cases: [string,string][] = [
    ["10,000 inputs", Array.from({ length: 10_000 }, (_, index) => `<input name="f${index}">`).join("")],
    ["10,000 labels for nothing", "<label for='x'>l</label>".repeat(10_000)],
    ["10,000 checkboxes with text", "<input type=checkbox name=a> text".repeat(10_000)],
    ["10,000 equal ids", "<input id=a>".repeat(10_000)],
    ["10,000 buttons", "<button data-skcomponent=skbutton data-skform=f>x</button>".repeat(8_000)],
    ["10,000 forms", "<form id=f><input name=a>".repeat(10_000)],
];
for (const [n, m] of cases) {
  let t = performance.now(); const lap = (s: string) => { const x = performance.now(); console.log("  ", s, Math.round(x - t)); t = x; };
  console.log(n);
  normalise(m); lap("normalise");
  const r = readMarkup(m); lap("read");
  const l = labelControls(r, [], []); lap("labels");
  const w = writeMarkup(r, { fields: [], values: {}, messages: {}, labels: l }); lap("write");
  sanitise(w.html); lap("sanitise");
}
