/** Style of the pages of runs, beside that of the control page. */
export const RUN_STYLE = `
main > div > section { margin-bottom: 1rem; }
h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
pre { font: .8125rem/1.4 ui-monospace, monospace; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.graph { overflow: auto; max-height: 34rem; background: var(--page); border: 1px solid var(--line); border-radius: .25rem; }
.graph text { font: 11px system-ui, sans-serif; fill: var(--quiet); text-anchor: middle; }
.graph .node rect { fill: var(--panel); stroke: var(--line); }
.graph .node .title { fill: var(--ink); font-size: 12px; }
.graph .ran rect { stroke: var(--accent); stroke-width: 2; }
.graph .here > a > rect { fill: var(--accent); }
.graph .dead > a > rect { fill: var(--bad); stroke: var(--bad); }
.graph .here .title, .graph .here .capability, .graph .dead .title, .graph .dead .capability { fill: var(--page); }
.graph .operator, .graph .order { paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
.graph .badge rect { fill: var(--page); stroke: var(--accent); stroke-width: 1.5; }
.graph .badge text, .graph .order { fill: var(--accent); font-weight: 600; }
.graph .line { fill: none; stroke: var(--line); stroke-width: 1; }
.graph .line.taken { stroke: var(--accent); stroke-width: 2.5; }
.graph .jump .line { stroke-dasharray: 6 4; }
.graph .head { fill: var(--line); }
.graph .head.taken { fill: var(--accent); }
.graph .eval { fill: var(--page); stroke: var(--line); }
.graph .taken .eval { fill: var(--accent); stroke: var(--accent); }
.graph a:focus-visible rect { stroke: var(--ink); stroke-width: 4; }
.graph g:target > a > rect, .graph g:target > rect { stroke: var(--ink); stroke-width: 4; }
.steps { list-style: none; margin: 0; padding: 0; }
.steps > li { padding: .15rem 0; overflow-wrap: anywhere; }
.steps .number { display: inline-block; min-width: 1.75rem; color: var(--accent); font-weight: 600; }
.steps dl { padding-inline-start: 1.75rem; padding-top: .25rem; }
.steps dl:target { scroll-margin-top: 3rem; outline: 2px solid var(--accent); }
.depth-1 { margin-inline-start: 1rem; }
.depth-2 { margin-inline-start: 2rem; }
.depth-3 { margin-inline-start: 3rem; }
table.runs td { white-space: normal; }
`;
