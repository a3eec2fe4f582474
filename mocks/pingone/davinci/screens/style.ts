/**
 * Style of the screens, below that of every page: the names of classes that templates of flows use, in the look of the
 * emulator's pages. Flows load such styles from Ping's servers, which are not reached here.
 */
export const SCREEN_STYLE = `
main { position: relative; z-index: 0; }
body > :is(header, aside) { position: relative; z-index: 1; }
.screen { position: relative; contain: layout; display: block; margin: 0; }
main > form.screen { margin-top: 0; }
.screen h1, .screen h2, .screen h3, .screen h4, .screen h5, .screen h6 {
  margin: 0 0 12px; line-height: 1.25; font-weight: 600; color: inherit; overflow-wrap: anywhere;
}
.screen h1 { font-size: 24px; } .screen h2 { font-size: 20px; } .screen h3 { font-size: 18px; }
.screen h4, .screen h5, .screen h6 { font-size: 16px; }
.screen img, .screen svg { max-width: 100%; }
.screen svg:not([width]) { width: 56px; }
.screen fieldset { margin-bottom: 16px; }
.screen ul, .screen ol { margin: 0 0 16px; padding-left: 24px; }
.screen table { width: 100%; border-collapse: collapse; }
.screen a { color: var(--action); }
.screen [style*="min-width"] { min-width: 0 !important; }
.screen [style*="width"] { max-width: 100% !important; }
.screen input:not([type="checkbox"], [type="radio"], [type="range"], [type="color"]), .screen select, .screen textarea {
  width: 100%; min-height: 44px; padding: 8px 12px; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--field); border-radius: 6px;
}
.screen input::placeholder, .screen textarea::placeholder { color: var(--muted); opacity: 1; }
.screen [aria-invalid="true"] { border: 2px solid var(--error); }
.screen input[type="checkbox"], .screen input[type="radio"] {
  width: 20px; height: 20px; margin: 0 8px 0 0; flex: none; vertical-align: middle; accent-color: var(--action);
}
.screen :is(.form-check, .checkbox, .radio) { display: flex; gap: 4px; align-items: center; min-height: 32px; margin-bottom: 8px; }
.screen input:is([type="checkbox"], [type="radio"]) + label, .screen label:has(input[type="checkbox"], input[type="radio"]) {
  display: inline-block; margin: 0; font-weight: 400;
}
.screen .form-floating { display: flex; flex-direction: column-reverse; }
.screen .skerror:not(.alert) { padding: 10px 14px; border-left: 4px solid; border-radius: 4px; background: var(--error-soft); color: var(--error); }
.screen [hidden], .screen .d-none, .screen .hidden, .screen .is-hidden { display: none !important; }
.screen .visually-hidden, .screen .sr-only {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.screen :is(.form-group, .form-floating, .field, .form-outline) { margin-bottom: 16px; }
.screen button { margin-top: 10px; }
.screen button:is(.mb-2, .mb-3, .mb-4) { margin-bottom: 4px; }
.screen .card { margin-bottom: 0; }
.screen .default-button { position: absolute; width: 1px; min-height: 0; height: 1px; padding: 0; border: 0; margin: 0; opacity: 0; pointer-events: none; }
.screen .alert { padding: 10px 14px; margin-bottom: 16px; border: 1px solid var(--line); border-radius: 6px; }
.screen .alert-danger, .screen .skerror.alert { background: var(--error-soft); color: var(--error); border-color: currentcolor; }
.screen :is(.alert-info, .alert-primary, .alert-success) { background: var(--note-soft); color: var(--note); border-color: currentcolor; }
.screen .text-danger { color: var(--error); }
.screen .text-muted { color: var(--muted); }
.screen .text-center { text-align: center; }
.screen :is(.text-end, .text-right) { text-align: end; }
.screen .text-start { text-align: start; }
.screen .fw-bold { font-weight: 700; }
.screen .small, .screen small { font-size: 14px; }
.screen .w-100 { width: 100%; }
.screen .d-flex { display: flex; min-width: 0; }
.screen .d-flex > * { min-width: 0; }
.screen .d-grid { display: grid; gap: 8px; }
.screen .d-block { display: block; }
.screen .d-inline-block { display: inline-block; }
.screen .flex-column { flex-direction: column; }
.screen .flex-row { flex-direction: row; }
.screen .flex-wrap { flex-wrap: wrap; }
.screen .flex-grow-1 { flex-grow: 1; }
.screen .justify-content-center { justify-content: center; }
.screen .justify-content-between { justify-content: space-between; }
.screen .justify-content-end { justify-content: flex-end; }
.screen .align-items-center { align-items: center; }
.screen .align-self-center { align-self: center; }
.screen .position-absolute { position: static; }
.screen .mx-auto { margin-inline: auto; }
.screen .gap-2 { gap: 8px; } .screen .gap-3 { gap: 16px; }
.screen .m-0 { margin: 0; } .screen .mb-0 { margin-bottom: 0; }
.screen .mb-1 { margin-bottom: 4px; } .screen .mb-2 { margin-bottom: 8px; } .screen .mb-3 { margin-bottom: 16px; }
.screen .mb-4 { margin-bottom: 20px; } .screen .mb-5 { margin-bottom: 28px; }
.screen .mt-0 { margin-top: 0; } .screen .mt-1 { margin-top: 4px; } .screen .mt-2 { margin-top: 8px; }
.screen .mt-3 { margin-top: 16px; } .screen .mt-4 { margin-top: 20px; } .screen .mt-5 { margin-top: 28px; }
.screen .my-3 { margin-block: 16px; } .screen .my-4 { margin-block: 20px; }
.screen .p-0 { padding: 0; }
.screen .row { display: flex; flex-wrap: wrap; gap: 0 16px; } .screen .row > * { flex: 1 1 200px; min-width: 0; }
html body .banner, html body > main, html body > aside { display: block !important; visibility: visible !important; opacity: 1 !important; position: static !important; }
`;
