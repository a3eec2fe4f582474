/** Style of the control page: one column at 360 px, light and dark by the browser's setting. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --line: light-dark(#767676, #949494);
  --panel: light-dark(#f6f7f9, #1b1e23);
  --page: light-dark(#ffffff, #101216);
  --ink: light-dark(#16191d, #eceff3);
  --quiet: light-dark(#4d545c, #b4bcc6);
  --accent: light-dark(#0a4fb0, #8ab8ff);
  --bad: light-dark(#9f1010, #ff9c94);
}
* { box-sizing: border-box; }
body { background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
.banner { border: 1px solid var(--line); border-radius: .25rem; margin: 0; padding: .25rem .75rem; }
.notice { border-inline-start: .35rem solid var(--accent); background: var(--panel); padding: .5rem .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.notice.bad { border-color: var(--bad); }
.columns { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } .wide { grid-column: 1 / -1; } }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: auto minmax(0, 1fr); margin: 0 0 .75rem; }
dt { color: var(--quiet); overflow-wrap: anywhere; }
a { color: var(--accent); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 0; padding: 0; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 29.99rem) { dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .35rem; } }
form.fields { margin-bottom: .25rem; }
form.line .field { margin: 0; }
form.fields, .fields .more { display: grid; column-gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); }
/* Label, control and hint of neighbours share their lines, however long the texts are. */
.field { display: grid; grid-row: span 3; grid-template-rows: subgrid; margin-bottom: .6rem; }
.field > label { align-self: end; }
.field > .check { grid-row: 2; }
.field > .hint { grid-row: 3; }
form.fields > details, form.fields > .actions { grid-column: 1 / -1; margin-bottom: .6rem; }
@media (min-width: 40rem) { form.fields > .long { grid-column: span 2; } }
.hint { color: var(--quiet); font-size: .8125rem; line-height: 1.35; margin: .2rem 0 0; }
form.line { display: inline-flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: 0 .5rem .5rem 0; }
label { display: block; color: var(--quiet); font-size: .875rem; }
.check { display: flex; gap: .5rem; align-items: center; min-height: 2.25rem; }
.check label { color: var(--ink); font-size: 1rem; }
.pending { list-style: none; padding: 0; }
input, select, textarea, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: .25rem; padding: .3rem .5rem; min-height: 2.25rem; }
input:not([type=checkbox]), select, textarea { width: 100%; }
input[type=checkbox] { min-height: 0; width: 1.15rem; height: 1.15rem; }
button { cursor: pointer; border-color: var(--accent); color: var(--accent); }
button:hover { background: var(--accent); color: var(--page); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin-bottom: .75rem; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: start; }
thead th { vertical-align: bottom; }
td form.line { margin: 0 .25rem .25rem 0; }
td { white-space: nowrap; }
td button { min-height: 2rem; padding: .1rem .5rem; }
@media (max-width: 71.99rem) {
  table, tbody, tr, td, th[scope=row] { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  th, td { border: 0; padding: .1rem 0; white-space: normal; }
  td[data-label] { display: inline-block; margin-inline-end: .75rem; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
}
details { border-bottom: 1px solid var(--line); padding: .25rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.fields .more { padding-top: .5rem; }
.bad { color: var(--bad); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: .75rem 0; }
section .bar { align-items: end; }
section .bar form.line { margin: 0; }
`;
