/** The look of the HTML report: one column of text and tables, plots and pictures in the same ink, light and dark. */
export const style = `
:root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1b1d1f; --soft: #63686d; --line: #dcddd8; --band: #f2f2ee;
  --accent: #1f5fa8; --good: #2b7a4b; --bad: #b3372b; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e6e6e3; --soft: #9aa0a6; --line: #34383d;
  --band: #1d2024; --accent: #7fb2ea; --good: #6cc48f; --bad: #ee8578; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 3rem 1.5rem 5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; font-weight: 650; letter-spacing: -.02em; margin: 0; }
h2 { font-size: 1.25rem; font-weight: 620; letter-spacing: -.01em; margin: 3.5rem 0 .2rem; }
p { margin: .4rem 0; max-width: 62rem; }
figcaption, dl { color: var(--soft); font-size: .85rem; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 1.2rem 0 0; }
dt { color: var(--soft); } dd { margin: 0; color: var(--ink); }
nav { margin: 1.6rem 0 0; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; font-size: .88rem; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0 .6rem; font-variant-numeric: tabular-nums; font-size: .88rem; }
th, td { padding: .38rem .8rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: .2rem; }
thead th { font-weight: 560; color: var(--soft); border-bottom: 1px solid var(--ink); vertical-align: bottom; }
tbody tr { border-bottom: 1px solid var(--line); }
section > p, section > ul { color: var(--soft); font-size: .85rem; }
details { margin: .6rem 0; font-size: .88rem; } summary { cursor: pointer; color: var(--accent); }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 1rem 0; } figcaption { margin-top: .3rem; max-width: 36rem; }
svg { display: block; max-width: 100%; height: auto; font: 11px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .tick { fill: var(--soft); } svg .label { fill: var(--ink); }
svg .dot { fill: var(--accent); }
svg .curve { fill: none; stroke-width: 1.5; }
.views { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .5rem; max-width: 62rem; }
.views img { width: 100%; display: block; border-radius: 2px; image-rendering: pixelated; }
.views figure { margin: 0; }
.pair > p { margin: 1.4rem 0 .4rem; font-size: .88rem; }
@media (max-width: 40rem) { .views { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
`;
