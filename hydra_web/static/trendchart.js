// Draws a trend: bands from lowest to highest with the mean, thresholds as steps, episodes behind everything.
import { piece, scale, timeTicks, timeWords } from "./axes.js";

const LEFT = 44;
const RIGHT = 10;
const FOOT = 22;
const GAP = 6; // a line is broken where more than so many buckets are empty

export function drawScores(svg, trend, { zone, colours, shown }) {
  const low = lowest(trend, shown);
  const frame = frameOf(svg, trend, low, 1);
  const values = [0, 1, 2, 3, 4, 5].map((i) => Math.round((low + ((1 - low) * i) / 5) * 100) / 100);
  svg.replaceChildren(...grid(frame, values, zone), ...bands(frame, trend));
  trend.lines.forEach((line) => {
    if (shown.has(line.class)) svg.append(...drawLine(frame, line, trend, colours));
  });
  svg.append(...steps(frame, trend, colours, shown));
  return frame;
}

export function drawNovelty(svg, trend, { zone, shown }) {
  const frame = frameOf(svg, trend, 0, 1);
  svg.replaceChildren(...grid(frame, [0, 0.5, 1], zone), ...bands(frame, trend), label(frame, "novelty"));
  for (const line of trend.lines.filter((one) => shown.has(one.class))) {
    const middle = line.first.map((first, i) => frame.x((first + line.last[i]) / 2));
    const marks = middle.map((x, i) => `M${x.toFixed(1)} ${frame.y(line.novelty[i]).toFixed(1)}V${(frame.y(line.novelty_high[i]) - 3).toFixed(1)}`);
    svg.append(piece("path", { d: marks.join(""), class: "novelty-mark" }));
  }
}

/** Where the axis begins: below all scores and thresholds that are shown, at a tenth. */
function lowest({ lines, steps: rules }, shown) {
  const scores = lines.filter((line) => shown.has(line.class)).flatMap((line) => line.low);
  const needed = rules.flatMap(({ thresholds }) => Object.entries(thresholds).filter(([name]) => shown.has(name)).map(([, value]) => value));
  const least = Math.min(0.95, ...scores.slice(0, 5000), ...needed);
  return Math.max(0, Math.floor((least - 0.04) * 10) / 10);
}

function frameOf(svg, trend, low, high) {
  const width = svg.clientWidth;
  const height = svg.clientHeight;
  const since = Date.parse(trend.since) / 1000;
  const until = Date.parse(trend.until) / 1000;
  return {
    since, until, width, height,
    x: scale(since, until, LEFT, width - RIGHT),
    y: scale(low, high, height - FOOT, 10),
    time: scale(LEFT, width - RIGHT, since, until),
  };
}

function grid(frame, values, zone) {
  const { ticks, step } = timeTicks(frame.since, frame.until, frame.width / 90, zone);
  const words = timeWords(zone, step);
  const across = values.flatMap((value) => [
    piece("line", { class: "grid", x1: LEFT, x2: frame.width - RIGHT, y1: frame.y(value), y2: frame.y(value) }),
    piece("text", { class: "tick end", x: LEFT - 6, y: frame.y(value) + 4 }, String(value)),
  ]);
  const along = ticks.flatMap((at) => [
    piece("line", { class: "grid", x1: frame.x(at), x2: frame.x(at), y1: 10, y2: frame.height - FOOT }),
    piece("text", { class: "tick middle", x: frame.x(at), y: frame.height - 6 }, words(at)),
  ]);
  return [...across, ...along];
}

const label = (frame, words) => piece("text", { class: "tick", x: LEFT + 4, y: 20 }, words);

function bands(frame, trend) {
  return trend.episodes.map(({ start, end }) => {
    const from = Math.max(frame.x(start), LEFT);
    const to = Math.min(frame.x(end ?? frame.until), frame.width - RIGHT);
    return piece("rect", { class: "episode", x: from, width: Math.max(2, to - from), y: 10, height: frame.height - FOOT - 10 });
  });
}

function drawLine(frame, line, trend, colours) {
  const { colour, index } = colours.get(line.class) ?? { colour: "currentColor", index: 0 };
  const middle = line.first.map((first, i) => (first + line.last[i]) / 2);
  const xs = middle.map((at) => frame.x(at).toFixed(1));
  const y = (value) => frame.y(value).toFixed(1);
  if (trend.width === 0) {
    return xs.map((x, i) => piece("circle", { class: `dot dot-${index % 4}`, cx: x, cy: y(line.mean[i]), r: 3, fill: colour, stroke: colour }));
  }
  const runs = unbroken(middle, trend.width);
  const areas = runs.map(([from, to]) => {
    const along = [...Array(to - from).keys()].map((i) => from + i);
    const top = along.map((i) => `${xs[i]} ${y(line.high[i])}`);
    const bottom = along.map((i) => `${xs[i]} ${y(line.low[i])}`).reverse();
    return `M${[...top, ...bottom].join("L")}Z`;
  });
  const means = runs.map(([from, to]) => `M${xs.slice(from, to).map((x, i) => `${x} ${y(line.mean[from + i])}`).join("L")}`);
  const lone = runs.filter(([from, to]) => to - from === 1).map(([from]) => `M${xs[from]} ${y(line.low[from])}V${(frame.y(line.high[from]) - 1).toFixed(1)}`);
  return [
    piece("path", { class: "band", d: areas.join(""), fill: colour }),
    piece("path", { class: "spread", d: lone.join(""), stroke: colour }),
    piece("path", { class: `mean line-${index % 4}`, d: means.join(""), stroke: colour }),
    ...runs.filter(([from, to]) => to - from === 1).map(([i]) => piece("circle", { class: `dot dot-${index % 4}`, cx: xs[i], cy: y(line.mean[i]), r: 3, fill: colour, stroke: colour })),
  ];
}

function unbroken(middle, width) {
  const runs = [];
  let from = 0;
  for (let i = 1; i <= middle.length; i += 1) {
    if (i === middle.length || middle[i] - middle[i - 1] > GAP * width) {
      runs.push([from, i]);
      from = i;
    }
  }
  return runs;
}

function steps(frame, trend, colours, shown) {
  const names = new Set(trend.steps.flatMap(({ thresholds }) => Object.keys(thresholds)));
  return [...names].filter((name) => shown.has(name)).map((name) => {
    let path = "";
    for (const { at, thresholds } of trend.steps) {
      if (!(name in thresholds)) continue;
      const y = frame.y(thresholds[name]).toFixed(1);
      const x = Math.max(frame.x(at), LEFT).toFixed(1);
      path += path ? `H${x}V${y}` : `M${x} ${y}`;
    }
    return piece("path", { class: "step", d: `${path}H${frame.width - RIGHT}`, stroke: colours.get(name)?.colour ?? "currentColor" });
  });
}
