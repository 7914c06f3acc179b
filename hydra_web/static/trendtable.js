// A trend in words: the numbers of a dozen slices of time as a table, and the episodes as a list.
const SLICES = 12;

export function tellTable(trend, words) {
  document.getElementById("rows").replaceChildren(...slices(trend).map((row) => line(row, words)));
  const list = document.getElementById("episodes");
  list.replaceChildren(...[...trend.episodes].reverse().map((one) => episode(one, words)));
  if (trend.episodes.length === 0) list.replaceChildren(text("li", "None."));
}

function slices({ since, until, lines }) {
  const start = Date.parse(since) / 1000;
  const width = (Date.parse(until) / 1000 - start) / SLICES;
  const rows = new Map();
  for (const line of lines) {
    line.first.forEach((first, i) => {
      const slice = Math.min(SLICES - 1, Math.floor((first - start) / width));
      const key = `${slice} ${line.class}`;
      const row = rows.get(key) ?? { slice, from: start + slice * width, name: line.class, count: 0, low: 1, sum: 0, high: 0, novelty: 0 };
      row.count += line.count[i];
      row.sum += line.count[i] * line.mean[i];
      row.low = Math.min(row.low, line.low[i]);
      row.high = Math.max(row.high, line.high[i]);
      row.novelty = Math.max(row.novelty, line.novelty_high[i]);
      rows.set(key, row);
    });
  }
  return [...rows.values()].sort((a, b) => a.slice - b.slice || a.name.localeCompare(b.name));
}

function line(row, words) {
  const made = document.createElement("tr");
  const numbers = [row.low, row.sum / row.count, row.high, row.novelty].map((one) => one.toFixed(3));
  made.append(...[words(row.from), row.name, row.count, ...numbers].map((one) => text("td", String(one))));
  return made;
}

function episode({ uid, class: name, start, end }, words) {
  const item = document.createElement("li");
  const link = text("a", `${name}, ${words(start)} to ${end === null ? "now" : words(end)}`);
  link.href = `/episodes/${encodeURIComponent(uid)}`;
  item.append(link);
  return item;
}

function text(kind, content) {
  const made = document.createElement(kind);
  made.textContent = content;
  return made;
}
