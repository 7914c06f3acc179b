"""How a model's report looks: one style for light and dark, for a screen and a phone, without scripts or fonts."""

from hydra_ml.drawing import css

_BASE = """
:root{color-scheme:light dark;--page:#fff;--text:#1b1f24;--soft:#57606a;--line:#dfe3e8;--raised:#f3f5f7;--link:#0b5cad;
--good:#0b6b58;--bad:#b3261e;--warn:#8a4b00;--warn-page:#fff4e2}
@media(prefers-color-scheme:dark){:root{--page:#14181d;--text:#e6e9ed;--soft:#a3adb8;--line:#363d46;--raised:#1e242b;
--link:#74b3f2;--good:#5cc9b0;--bad:#ff8f84;--warn:#f0b45c;--warn-page:#2b2317}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,"DejaVu Sans",sans-serif}
main,header{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
main{padding-bottom:4rem}
h1{font-size:1.75rem;line-height:1.25;margin:0}
h2{font-size:1.25rem;margin:2.75rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--link)}
.soft,figcaption{color:var(--soft);font-size:.875rem}
.facts{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.25rem 0;padding:0;list-style:none}
.facts li{flex:1 1 9.5rem;padding:.75rem 1rem;border:1px solid var(--line);border-radius:10px;background:var(--raised)}
.facts strong{display:block;font-size:1.625rem;line-height:1.25;font-variant-numeric:tabular-nums}
.facts small{display:block;color:var(--soft);font-size:.8125rem;line-height:1.35}
.warning{border-left:4px solid var(--warn);background:var(--warn-page);padding:.5rem 1rem;border-radius:0 8px 8px 0}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;margin:.5rem 0;font-variant-numeric:tabular-nums;font-size:.9375rem}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.25rem}
th,td{padding:.4rem .9rem .4rem 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;font-weight:600}
.changes td:last-child,.changes th:last-child{text-align:left}
thead th{color:var(--soft);font-weight:500}
td small{display:block;color:var(--soft);font-size:.75rem;line-height:1.2}
figure{margin:1rem 0}
svg{display:block;height:auto;font-family:system-ui,"DejaVu Sans",sans-serif}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1rem 1.5rem}
.charts figure{margin:0}
.charts svg{width:100%;max-width:26rem}
.chart svg{width:100%;max-width:35rem}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr));gap:1rem;margin:1rem 0;
padding:0;list-style:none}
.plots li{border:1px solid var(--line);border-radius:10px;background:var(--raised);padding:.75rem;min-width:0}
.plots .pair{display:flex;gap:.4rem}
.plots img{flex:1 1 0;min-width:0;width:50%;height:auto;border-radius:4px;background:#fff;object-fit:contain}
.plots p{margin:.5rem 0 0;overflow-wrap:anywhere}
.plots .said{color:var(--bad);font-weight:600}
.better{color:var(--good)}.worse{color:var(--bad)}
@media(prefers-color-scheme:dark){.plots img{filter:brightness(.9)}}
@media print{h2{break-after:avoid}figure,.plots li{break-inside:avoid}}
"""

STYLE = f"{_BASE}{css()}\n"
