/** The one style sheet; colours follow the system's light or dark scheme. */
export const styleSheet = `:root {
  color-scheme: light dark;
  --ink: light-dark(#1f2328, #e6e8eb);
  --quiet: light-dark(#59636e, #9aa4af);
  --paper: light-dark(#ffffff, #14171a);
  --shade: light-dark(#f5f7f9, #1b1f24);
  --line: light-dark(#d5dae0, #343a41);
  --accent: light-dark(#0b5cad, #7cb8f5);
  --good: light-dark(#1a7f37, #3fb950);
  --bad: light-dark(#c21f2b, #ff7b72);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 75rem;
  color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.5rem; }
header p, footer { margin: 0; color: var(--quiet); }
footer { margin-top: 2rem; font-size: 0.85rem; }
a { color: var(--accent); }
.status_msg { padding: 0.6rem 0.9rem; border-left: 0.25rem solid var(--accent); background: var(--shade); }
.toolbar { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 1rem 0; }
button, .button {
  padding: 0.25rem 0.75rem; border: 1px solid var(--line); border-radius: 0.4rem;
  color: var(--ink); background: var(--shade); font: inherit; text-decoration: none; cursor: pointer;
}
button:hover, .button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.quiet { background: none; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.45rem 0.75rem 0.45rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal; }
thead th { color: var(--quiet); font-size: 0.85rem; }
.shade { background: var(--shade); }
.status span { display: inline-block; min-width: 5.5rem; font-weight: 600; }
.status span::before { content: "●"; margin: 0 0.4rem; }
.statusrunning { color: var(--good); }
.statuserror { color: var(--bad); }
.statusnominal { color: var(--quiet); }
.action form { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.4rem 0.75rem; }
.action button { padding: 0.1rem 0.6rem; }
pre { overflow: auto; padding: 1rem; border: 1px solid var(--line); background: var(--shade); }
@media (max-width: 45rem) {
  thead { position: absolute; clip-path: inset(50%); }
  tr { display: block; padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  th, td { display: block; padding: 0.15rem 0; border: 0; }
}
`
