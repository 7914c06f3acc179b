// The trend of a plot type: fetches the numbers of the range that is shown, draws them, and lets one look closer.
import "./page.js";
import { ask, toast } from "./ask.js";
import { fullWords } from "./axes.js";
import { bindKeys } from "./keys.js";
import { drawNovelty, drawScores } from "./trendchart.js";
import { tellTable } from "./trendtable.js";

const byId = (id) => document.getElementById(id);
const { plot, zone, first } = document.body.dataset;
const RANGES = { "6h": 6, "24h": 24, "3d": 72, "7d": 168, "30d": 720 }; // hours
const FOLLOW = 30_000; // ms between two looks while the end is now
const words = fullWords(zone);
const boxes = [...document.querySelectorAll("#legend input")];
const colours = new Map(
  boxes.map((box, index) => [box.value, { colour: box.closest("label").querySelector("line").getAttribute("stroke"), index }]),
);

let range = fromAddress();
let trend = null;
let frame = null;
let turn = 0;

function fromAddress() {
  const query = new URLSearchParams(location.search);
  const [since, until] = [Date.parse(query.get("since")) / 1000, Date.parse(query.get("until")) / 1000];
  if (since < until) return { since, until, name: "" };
  const name = query.get("range") in RANGES || query.get("range") === "all" ? query.get("range") : "24h";
  return { name };
}

function bounds() {
  if (!range.name) return [range.since, range.until];
  const until = Math.ceil(Date.now() / 1000);
  const since = range.name === "all" ? Math.floor(Date.parse(first ?? new Date()) / 1000) - 60 : until - RANGES[range.name] * 3600;
  return [Math.min(since, until - 60), until];
}

async function load() {
  const mine = (turn += 1);
  const [since, until] = bounds().map((at) => new Date(at * 1000).toISOString());
  const buckets = Math.max(100, Math.min(2000, Math.round(byId("chart").clientWidth / 2)));
  const query = new URLSearchParams({ since, until, buckets });
  byId("trend").setAttribute("aria-busy", "true");
  try {
    const found = await ask("GET", `/api/v1/plot-types/${encodeURIComponent(plot)}/trend?${query}`);
    if (mine !== turn) return;
    trend = found;
    draw();
  } catch (error) {
    toast(error.message, { bad: true });
  }
  byId("trend").removeAttribute("aria-busy");
}

function draw() {
  if (trend === null) return;
  const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  for (const { class: name } of trend.lines) if (!colours.has(name)) shown.add(name);
  frame = drawScores(byId("chart"), trend, { zone, colours, shown });
  drawNovelty(byId("novelty"), trend, { zone, shown });
  tellTable(trend, words);
  const how = trend.width === 0 ? "each by itself" : `in steps of ${seconds(trend.width)}`;
  byId("trend-told").textContent = trend.count ? `${trend.count.toLocaleString("en")} plots, ${how}` : "No plot was judged in this range.";
  for (const button of document.querySelectorAll("[data-range]")) {
    button.setAttribute("aria-pressed", button.dataset.range === range.name);
  }
}

const seconds = (s) => (s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`);

function go(to) {
  range = to;
  const query = to.name
    ? new URLSearchParams({ range: to.name })
    : new URLSearchParams({ since: new Date(to.since * 1000).toISOString(), until: new Date(to.until * 1000).toISOString() });
  history.pushState(null, "", `?${query}`);
  load();
}

function shift(part) {
  const [since, until] = bounds();
  const by = (until - since) * part;
  go({ since: since + by, until: until + by, name: "" });
}

function wider() {
  const [since, until] = bounds();
  const half = (until - since) / 2;
  go({ since: since - half, until: until + half, name: "" });
}

function startDrag() {
  const area = byId("trend");
  const mark = byId("selection");
  const at = (event) => event.clientX - area.getBoundingClientRect().left;
  let from = null;
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || frame === null) return;
    from = at(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    if (frame !== null) point(at(event), event);
    if (from === null) return;
    mark.hidden = false;
    mark.style.left = `${Math.min(from, at(event))}px`;
    mark.style.width = `${Math.abs(at(event) - from)}px`;
  });
  area.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [one, other] = [from, at(event)].sort((a, b) => a - b);
    from = null;
    mark.hidden = true;
    if (other - one > 6) return go({ since: frame.time(one), until: Math.max(frame.time(other), frame.time(one) + 1), name: "" });
    return open(one, event);
  });
}

function nearest(x) {
  const at = frame.time(x);
  let best = null;
  for (const line of trend.lines) {
    line.first.forEach((start, i) => {
      const away = Math.abs((start + line.last[i]) / 2 - at);
      if (best === null || away < best.away) best = { line, i, away };
    });
  }
  return best !== null && Math.abs(frame.x(frame.time(x)) - frame.x((best.line.first[best.i] + best.line.last[best.i]) / 2)) < 20 ? best : null;
}

function point(x) {
  const found = nearest(x);
  if (found === null) return;
  const { line, i } = found;
  const scores = line.count[i] === 1 ? line.mean[i].toFixed(4) : `${line.low[i].toFixed(3)} to ${line.high[i].toFixed(3)}, mean ${line.mean[i].toFixed(3)}`;
  byId("readout").textContent = `${words(line.first[i])} ${zone}: ${line.class} ${scores} (${line.count[i]} ${line.count[i] === 1 ? "plot" : "plots"}), novelty ${line.novelty_high[i].toFixed(2)}`;
}

function open(x) {
  const found = nearest(x);
  const uid = found?.line.uid[found.i];
  if (uid) location.href = `/p/${uid}`;
}

for (const button of document.querySelectorAll("[data-range]")) {
  button.addEventListener("click", () => go({ name: button.dataset.range }));
}
for (const box of boxes) box.addEventListener("change", draw);
byId("earlier").addEventListener("click", () => shift(-0.5));
byId("later").addEventListener("click", () => shift(0.5));
byId("wider").addEventListener("click", wider);
bindKeys([
  ["ArrowLeft", "earlier", () => shift(-0.5)],
  ["ArrowRight", "later", () => shift(0.5)],
  ["-", "twice as much", wider],
]);
window.addEventListener("popstate", () => {
  range = fromAddress();
  load();
});
window.addEventListener("resize", draw);
setInterval(() => range.name && !document.hidden && load(), FOLLOW);
startDrag();
load();
