/** The style of every page of the PingOne emulator. Text contrast is at least 4.5:1 (WCAG 2.2, 1.4.3), light and dark. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#eef1f5, #10161d); --card: light-dark(#ffffff, #19222c); --ink: light-dark(#18222d, #e8edf2);
  --muted: light-dark(#4c5a68, #aab6c2); --line: light-dark(#c3ccd6, #384553); --field: light-dark(#6b7885, #8492a0);
  --action: light-dark(#1d5b9f, #8ec2fb); --action-strong: light-dark(#164a83, #b5d8ff); --on-action: light-dark(#ffffff, #0b1a2a);
  --focus: light-dark(#b4500a, #ffb168); --error: light-dark(#9b1c1c, #ffb4ab); --error-soft: light-dark(#fdf0ef, #3a1f1f);
  --note: light-dark(#174a7c, #b5d8ff); --note-soft: light-dark(#ecf4fc, #1a2d42); --banner: light-dark(#fff3d6, #3a2f10);
  --banner-ink: light-dark(#553b00, #ffe2a0); --banner-line: light-dark(#e4c67a, #6b5619);
}
:root.light { color-scheme: light; }
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 0 16px 40px; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  display: flex; flex-direction: column; align-items: center;
}
p { margin: 0 0 16px; }
.banner {
  align-self: stretch; margin: 0 -16px 40px; padding: 8px 16px; text-align: center; font-size: 14px;
  background: var(--banner); color: var(--banner-ink); border-bottom: 1px solid var(--banner-line);
}
.banner p { margin: 0; }
main, aside { width: 100%; max-width: 440px; }
main {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 32px;
  box-shadow: 0 1px 3px rgb(0 0 0 / 8%);
}
h1 { margin: 0 0 12px; font-size: 24px; line-height: 1.25; font-weight: 600; overflow-wrap: anywhere; }
main p, dd, li { overflow-wrap: anywhere; }
form { margin: 0; }
main > form:first-of-type { margin-top: 20px; }
label { display: block; margin-bottom: 6px; font-weight: 500; }
.field { margin-bottom: 18px; }
input[type="text"], input[type="password"] {
  width: 100%; min-height: 44px; padding: 8px 12px; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--field); border-radius: 6px;
}
input[aria-invalid="true"] { border: 2px solid var(--error); }
button {
  width: 100%; min-height: 44px; margin-top: 10px; padding: 8px 16px; font: inherit; font-weight: 600; cursor: pointer;
  border-radius: 6px; border: 1px solid var(--action);
}
button.primary { background: var(--action); color: var(--on-action); }
button.primary:hover { background: var(--action-strong); border-color: var(--action-strong); }
button.secondary { background: transparent; color: var(--action); }
button.secondary:hover { border-color: var(--action-strong); color: var(--action-strong); text-decoration: underline; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.choices { display: flex; gap: 12px; }
fieldset { margin: 0 0 16px; padding: 12px 16px 4px; border: 1px solid var(--line); border-radius: 6px; min-width: 0; }
legend { padding: 0 6px; font-weight: 500; }
.choice { display: flex; gap: 10px; align-items: center; min-height: 32px; margin-bottom: 8px; }
.choice label { margin: 0; font-weight: 400; overflow-wrap: anywhere; min-width: 0; }
.choice input { width: 20px; height: 20px; margin: 0; flex: none; accent-color: var(--action); }
.message, .notice { padding: 10px 14px; border-left: 4px solid; border-radius: 4px; }
.message { background: var(--error-soft); color: var(--error); border-color: var(--error); }
.notice { background: var(--note-soft); color: var(--note); border-color: var(--note); }
aside {
  margin-top: 24px; padding: 16px 20px; border: 1px dashed var(--field); border-radius: 10px;
  font-size: 14px; color: var(--muted);
}
h2, h3 { margin: 0 0 10px; font-size: 14px; font-weight: 600; color: var(--ink); }
.quick { list-style: none; margin: 0 0 18px; padding: 0; }
.quick form { display: grid; grid-template-columns: minmax(110px, auto) 1fr; gap: 12px; align-items: center; margin-bottom: 6px; }
.quick button { margin: 0; min-height: 40px; padding: 6px 12px; width: 124px; }
dl { margin: 0; display: grid; grid-template-columns: minmax(84px, auto) 1fr; gap: 6px 14px; }
dt { font-weight: 500; }
dd { margin: 0; color: var(--ink); min-width: 0; }
code { font: 1em/1.4 ui-monospace, SFMono-Regular, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.code { font-size: 22px; letter-spacing: 0.12em; color: var(--ink); }
@media (max-width: 420px) {
  main { padding: 24px 20px; }
  .banner { margin-bottom: 20px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
}
`;
