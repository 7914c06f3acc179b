// Draws a question in the queue, the votes on its plot and the models' scores.
import { percent } from "./label-grid.js";

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function drawItem(item, kind, index) {
  const node = element("li", "item");
  node.id = `item-${index}`;
  node.role = "option";
  node.dataset.id = item.id;
  node.setAttribute("aria-selected", false);
  const image = element("img");
  image.src = item.thumbnail;
  image.alt = "";
  image.loading = "lazy";
  node.append(
    image,
    element("strong", "", kind.title),
    element("span", "", item.plot),
    element("span", "", `run ${item.run}.${item.chunk}`),
    element("span", "state", item.label ? `label ${item.label}` : "no label"),
  );
  return node;
}

export function drawVotes(list, votes, clock) {
  const lines = votes.map(({ by, class: name, at, source, counts }) => {
    const line = element("li", counts ? "" : "set-aside");
    const from = source === "web" ? "" : ` (${source})`;
    line.append(element("span", "", `${by}${from}`), element("strong", "", name), element("span", "soft", clock.format(new Date(at))));
    return line;
  });
  list.replaceChildren(...(lines.length ? lines : [element("li", "", "Nobody has labelled it.")]));
}

export function drawScores(head, body, opinions) {
  const names = Object.keys(opinions[0]?.scores ?? {});
  const titles = element("tr");
  titles.append(...["Class", ...opinions.map(({ model }) => model)].map((text) => {
    const cell = element("th", "", text);
    cell.scope = "col";
    return cell;
  }));
  const best = opinions.map(({ scores }) => Object.keys(scores).reduce((a, b) => (scores[b] > scores[a] ? b : a)));
  const rows = names.map((name) => {
    const row = element("tr");
    const title = element("th", "", name);
    title.scope = "row";
    const cells = opinions.map(({ scores }, i) => element("td", best[i] === name ? "top" : "", name in scores ? percent(scores[name]) : "–"));
    row.append(title, ...cells);
    return row;
  });
  const none = element("tr");
  none.append(element("td", "", "No model has judged it."));
  head.replaceChildren(...(opinions.length ? [titles] : []));
  body.replaceChildren(...(opinions.length ? rows : [none]));
}
