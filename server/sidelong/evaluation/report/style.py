"""The style sheet of the report: light and dark as the reader's system is, and for print."""

SHEET = """
:root { color-scheme: light dark; --ink: #1c2127; --soft: #667080; --line: #e3e6ea;
  --page: #fff; --panel: #f6f7f9; --never: #64748b; --always: #c2570c; --greedy: #7c3aed;
  --threshold: #0f766e; --wrong: #fbd5d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #9aa4b2; --line: #333a44;
  --page: #16191d; --panel: #1f242a; --never: #94a3b8; --always: #fb923c; --greedy: #a78bfa;
  --threshold: #2dd4bf; --wrong: #6b2a25; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 32px 24px 64px; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 8px; }
p { margin: 6px 0; max-width: 76ch; } .soft, figcaption { color: var(--soft); font-size: 13px; }
.partial { background: var(--wrong); padding: 8px 12px; border-radius: 6px; font-weight: 600; }
dl { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 8px 0 0; font-size: 13px; }
dl div { display: flex; gap: 6px; } dt { color: var(--soft); } dd { margin: 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 8px; }
th, td { padding: 5px 18px 5px 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
th { font-weight: 600; font-size: 13px; }
td svg { width: 12px; height: 12px; margin-right: 7px; vertical-align: -1px; }
td small { color: var(--soft); margin-left: 5px; }
.wide { overflow-x: auto; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 24px; }
figure { margin: 12px 0 0; } figure svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--soft); font-size: 11px; } svg .name { fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .diagonal { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .sweep { fill: var(--threshold); } svg .sweep-line, svg .reliability { fill: none;
  stroke: var(--threshold); stroke-width: 1.5; opacity: .6; }
svg .count { fill: var(--soft); opacity: .22; } svg .median { stroke: var(--ink); stroke-width: 2; }
svg .threshold-line { stroke: var(--threshold); stroke-dasharray: 2 3; }
svg .label { font-weight: 600; paint-order: stroke; }
svg .whisker { stroke-width: 1.5; opacity: .55; }
svg .mode { stroke-width: 1.5; } svg .dot { opacity: .5; }
svg .box { opacity: .22; }
svg .never { fill: var(--never); stroke: var(--never); }
svg .always { fill: var(--always); stroke: var(--always); }
svg .greedy { fill: var(--greedy); stroke: var(--greedy); }
svg .threshold, svg .selective { fill: var(--threshold); stroke: var(--threshold); }
svg .old { fill: var(--never); stroke: var(--never); }
svg .new { fill: var(--threshold); stroke: var(--threshold); }
svg polyline.old, svg polyline.new { fill: none; stroke-width: 1.8; }
svg .zero { stroke: var(--soft); stroke-width: 1.5; }
svg .dot, svg .box { stroke: none; } svg .mode { stroke: var(--page); }
svg .label { stroke: var(--page); stroke-width: 3; stroke-linejoin: round; }
article { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 14px 0; }
article header { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline; }
article header b { font: 600 13px ui-monospace, monospace; }
.side { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 12px;
  margin-top: 8px; }
.side h3 { font-size: 12px; margin: 0 0 3px; color: var(--soft); font-weight: 600; }
pre { margin: 0; padding: 8px 10px; background: var(--panel); border-radius: 6px; overflow: auto;
  max-height: 340px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 12px/1.5 ui-monospace, monospace; tab-size: 4; }
pre .around { color: var(--soft); } mark { background: var(--wrong); color: inherit; }
details { margin-top: 8px; font-size: 13px; } summary { cursor: pointer; }
details pre { margin-top: 4px; }
@media print { body { max-width: none; } article, figure { break-inside: avoid; } }
"""
