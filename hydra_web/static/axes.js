// Axes of a chart over time: scales, ticks that people read, and small SVG pieces.
const SVG = "http://www.w3.org/2000/svg";
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];

export function piece(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const scale = (from, to, start, end) => (value) => start + ((value - from) / (to - from)) * (end - start);

/** Times in POSIX seconds at which to draw ticks: round ones in the hall's zone, as many as have room. */
export function timeTicks(since, until, most, zone) {
  const step = STEPS.find((one) => (until - since) / one <= most) ?? STEPS.at(-1);
  const offset = zoneOffset(since, zone);
  const ticks = [];
  for (let at = Math.ceil((since + offset) / step) * step - offset; at < until; at += step) ticks.push(at);
  return { ticks, step };
}

function zoneOffset(at, zone) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at * 1000);
  const name = parts.find(({ type }) => type === "timeZoneName").value; // GMT-05:00
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d+):(\d+))?/.exec(name);
  return sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
}

export function timeWords(zone, step) {
  const options = step < 60 ? { hour: "2-digit", minute: "2-digit", second: "2-digit" }
    : step < 86400 ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric" };
  const words = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, month: "short", day: "numeric" });
  return (at) => {
    const said = words.format(at * 1000);
    return said === "00:00" ? day.format(at * 1000) : said; // midnight is told as the day that begins
  };
}

export function fullWords(zone) {
  const words = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return (at) => words.format(at * 1000);
}
