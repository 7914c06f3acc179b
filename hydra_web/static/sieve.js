// Which plots the grid shows: words, groups, statuses and plots hidden by hand, all kept in the page's address.
// Alarms are never filtered: the attention strip shows them whatever is chosen here.
const byId = (id) => document.getElementById(id);

export function startSieve({ onChange = () => {} } = {}) {
  const form = byId("sieve");
  const places = [...document.querySelectorAll("#grid [data-plot]")];
  const chosen = read(new URLSearchParams(location.search));

  const fits = (place) => {
    const name = place.dataset.plot;
    const title = place.querySelector("h3")?.textContent ?? "";
    const group = place.closest(".group").dataset.group;
    if (chosen.hidden.has(name)) return false;
    if (chosen.groups.size && !chosen.groups.has(group)) return false;
    if (chosen.statuses.size && !chosen.statuses.has(place.firstElementChild?.dataset.status)) return false;
    const text = `${name} ${title} ${group}`.toLowerCase();
    return chosen.words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  };
  const apply = () => {
    for (const place of places) place.hidden = !fits(place);
    for (const group of document.querySelectorAll("#grid .group")) {
      group.hidden = group.querySelector("[data-plot]:not([hidden])") === null;
    }
    tell(chosen, places);
    onChange();
  };
  const changed = () => {
    apply();
    const query = write(chosen).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  };

  show(form, chosen);
  byId("sieve-words").addEventListener("input", (event) => {
    chosen.words = event.target.value;
    changed();
  });
  form.addEventListener("change", ({ target }) => {
    const set = { group: chosen.groups, status: chosen.statuses }[target.name];
    if (set === undefined) return;
    if (target.checked) set.add(target.value);
    else set.delete(target.value);
    changed();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("sieve-clear").addEventListener("click", () => {
    chosen.words = "";
    for (const set of [chosen.groups, chosen.statuses, chosen.hidden]) set.clear();
    show(form, chosen);
    changed();
  });
  byId("choose").addEventListener("click", ({ currentTarget: button }) => {
    const on = byId("grid").classList.toggle("choosing");
    button.setAttribute("aria-pressed", on);
  });
  byId("grid").addEventListener("click", ({ target }) => {
    const name = target.closest("[data-hide]")?.dataset.hide;
    if (name === undefined) return;
    chosen.hidden.add(name);
    changed();
    byId("choose").focus();
  });
  apply();
  return { apply, query: () => write(chosen).toString() };
}

function read(query) {
  return {
    words: query.get("q") ?? "",
    groups: new Set(query.getAll("group")),
    statuses: new Set(query.getAll("status")),
    hidden: new Set(query.getAll("hide")),
  };
}

function write({ words, groups, statuses, hidden }) {
  const query = new URLSearchParams();
  if (words) query.set("q", words);
  for (const [name, set] of [["group", groups], ["status", statuses], ["hide", hidden]]) {
    for (const value of set) query.append(name, value);
  }
  return query;
}

function show(form, { words, groups, statuses }) {
  byId("sieve-words").value = words;
  for (const box of form.querySelectorAll("input[type=checkbox]")) {
    box.checked = (box.name === "group" ? groups : statuses).has(box.value);
  }
}

function tell({ words, groups, statuses, hidden }, places) {
  const shown = places.filter((place) => !place.hidden).length;
  const narrowed = words !== "" || groups.size > 0 || statuses.size > 0 || hidden.size > 0;
  const parts = [`${shown} of ${places.length} plots`];
  if (hidden.size) parts.push(`${hidden.size} hidden by hand`);
  byId("sieve-told").textContent = narrowed ? parts.join(", ") : "";
  byId("sieve-clear").hidden = !narrowed;
  byId("nothing-left").hidden = shown > 0 || places.length === 0;
}
