/**
 * Keeps the emulator's banner and panel in sight whatever an author's style sheet says. The sheet comes before those of
 * authors: important declarations of the first layer win over all others, and nothing can be added to a layer without a
 * name (CSS Cascade 5, 6.4.3 and 6.4.4). What an author draws inside of the screen may still look like the panel.
 */

const OWN = "body > :is(header, aside)";

/** Nothing of it decides where something is in a normal page. */
const SEEN = `visibility: visible !important; opacity: 1 !important; filter: none !important; mask: none !important;
  clip: auto !important; clip-path: none !important; transform: none !important; translate: none !important;
  rotate: none !important; scale: none !important; zoom: 1 !important; animation: none !important;
  content-visibility: visible !important; contain: none !important; mix-blend-mode: normal !important;
  overflow: visible !important; float: none !important; inset: auto !important;`;
const TEXT = `text-indent: 0 !important; text-transform: none !important; letter-spacing: normal !important;
  word-spacing: normal !important; line-height: 1.5 !important; -webkit-text-fill-color: currentcolor !important;
  text-shadow: none !important; writing-mode: horizontal-tb !important; pointer-events: auto !important;
  min-width: 0 !important; max-height: none !important;`;

export const PANEL_GUARD = `
@layer {
html, body { ${SEEN} position: static !important; width: auto !important; max-width: none !important; margin: 0 !important; }
html { display: block !important; }
body { display: flex !important; flex-flow: column !important; }
:is(html, body)::before, :is(html, body)::after { z-index: -1 !important; }
main { display: block !important; position: relative !important; z-index: 0 !important; }
${OWN} {
  ${SEEN} ${TEXT} display: block !important; position: relative !important; z-index: 1 !important; order: 0 !important;
  height: auto !important; font-size: 14px !important;
}
body > header { width: auto !important; max-width: none !important; margin: 0 -16px 40px !important; padding: 8px 16px !important; }
body > header, body > header * { color: #553b00 !important; background: #fff3d6 !important; }
body > aside {
  width: 100% !important; max-width: 440px !important; margin: 24px 0 0 !important; padding: 16px 20px !important;
  color: #18222d !important; background: #ffffff !important; border: 1px dashed #6b7885 !important;
}
${OWN} * { ${SEEN} ${TEXT} position: static !important; color: inherit !important; font-size: inherit !important; height: auto !important; margin-inline: 0 !important; }
body > aside a { color: #1d5b9f !important; }
body > aside button { color: #1d5b9f !important; background: transparent !important; }
body > aside .code { font-size: 22px !important; }
${OWN} :not(img) { width: auto !important; max-width: none !important; }
${OWN} :is(p, h2, h3, ul, li, dt, dd, div) { display: block !important; }
${OWN} :is(strong, code, a, span, br) { display: inline !important; }
${OWN} :is(button, img) { display: inline-block !important; }
${OWN} :is(dl, form) { display: grid !important; }
${OWN} input { display: none !important; }
${OWN}::before, ${OWN}::after, ${OWN} *::before, ${OWN} *::after { content: none !important; }
}
`;
