// The log: opens the image strip of an incident under its row, and prints.
import "./page.js";
import { ask, toast } from "./ask.js";

const COLUMNS = 10;

function picture(plot) {
  const link = document.createElement("a");
  link.className = "small frame";
  link.href = plot.page;
  link.append(image(plot.thumbnail, "plot", `${plot.class}, run ${plot.run} chunk ${plot.chunk}`));
  if (plot.heatmap) link.append(image(plot.heatmap, "heat", ""));
  return link;
}

function image(source, kind, words) {
  const made = document.createElement("img");
  made.src = source;
  made.className = kind;
  made.alt = words;
  made.loading = "lazy";
  return made;
}

function line(text) {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}

function film(plots) {
  const list = document.createElement("ol");
  list.className = "film";
  for (const plot of plots) {
    const item = document.createElement("li");
    const sure = `${plot.class} ${(plot.confidence * 100).toFixed(1)} %`;
    item.append(picture(plot), line(`${plot.run}.${plot.chunk}`), line(sure));
    list.append(item);
  }
  return list;
}

async function open(incident) {
  const row = incident.insertRow();
  row.className = "strip-row";
  const cell = row.insertCell();
  cell.colSpan = COLUMNS;
  cell.textContent = "…";
  const { plots } = await ask("GET", `/api/v1/episodes/${encodeURIComponent(incident.dataset.uid)}/strip`);
  cell.replaceChildren(plots.length ? film(plots) : "No judged plot is kept of this time.");
}

async function toggle(button) {
  const incident = button.closest("tbody");
  const shown = incident.querySelector(".strip-row");
  button.setAttribute("aria-expanded", shown === null);
  if (shown) {
    shown.remove();
    return;
  }
  try {
    await open(incident);
  } catch (error) {
    incident.querySelector(".strip-row")?.remove();
    button.setAttribute("aria-expanded", false);
    toast(error.message, { bad: true });
  }
}

for (const button of document.querySelectorAll(".expand")) button.addEventListener("click", () => toggle(button));
document.getElementById("print").addEventListener("click", () => window.print());
