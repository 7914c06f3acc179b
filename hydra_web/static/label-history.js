// The history of labels: every batch, each of which can be taken back or put in force again.
import { ask, toast } from "./ask.js";
import { summary } from "./label-saving.js";

const byId = (id) => document.getElementById(id);

export function startHistory({ path, saving, clock, everybody }) {
  const drawer = byId("history");
  let before = null;

  function line(batch) {
    const item = document.createElement("li");
    const words = document.createElement("span");
    const what = batch.source === "web" ? "" : batch.source === "review" ? " (decision)" : ` (${batch.source})`;
    words.textContent = `${clock.format(new Date(batch.at))} · ${batch.by} · ${summary(batch.labels) || "no class"}${what}`;
    item.append(words);
    item.classList.toggle("is-undone", batch.undone_at !== null);
    const back = batch.undone_at === null;
    if (back || batch.source !== "review") {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = back ? "Undo" : "Redo";
      button.addEventListener("click", () => (back ? saving.undo(batch.id) : saving.redo(batch.id)).then(fill));
      item.append(button);
    } else item.append("undone");
    return item;
  }

  async function load() {
    const query = new URLSearchParams({ everybody, ...(before === null ? {} : { before }) });
    const found = await ask("GET", `${path}/batches?${query}`).catch((error) => toast(error.message, { bad: true }));
    if (!found) return;
    byId("batches").append(...found.batches.map(line));
    before = found.next;
    byId("older").hidden = before === null;
    byId("no-batches").hidden = byId("batches").childElementCount > 0;
  }

  async function fill() {
    before = null;
    byId("batches").replaceChildren();
    await load();
  }

  byId("history-open").addEventListener("click", () => {
    drawer.showModal();
    fill();
  });
  byId("older").addEventListener("click", load);
  byId("history-close").addEventListener("click", () => drawer.close());
}
