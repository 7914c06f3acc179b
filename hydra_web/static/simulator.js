// The simulator: sliders for thresholds and counts, and what they would have made of the past, as they are dragged.
import { ask, toast } from "./ask.js";

const SVG = "http://www.w3.org/2000/svg";
const PAUSE = 60;
const shown = (key, value) => (key === "alarms_a_day" ? value.toFixed(value < 10 ? 2 : 1) : String(value));

export function startSimulator(place) {
  const dials = [...place.querySelectorAll("[data-class]")];
  const votes = [...place.querySelectorAll("[data-votes]")];
  const runs = place.querySelector("#sim-runs");
  const save = place.querySelector("[data-save]");
  const one = (selector) => place.querySelector(selector);
  const numberOf = (dial) => one(`[data-number-of="${dial.id}"]`);
  let flying = null;
  let timer = 0;

  const kOfN = (what) => {
    const [k, n] = votes.filter((input) => input.dataset.votes === what);
    return `${Number(k.value)} of ${Number(n.value)}`;
  };
  const inForce = (what) => votes.find((input) => input.dataset.votes === what && input.dataset.now).dataset.now;

  function wish() {
    const moved = dials.filter((dial) => Number(numberOf(dial).value) !== Number(dial.dataset.now));
    const thresholds = Object.fromEntries(moved.map((dial) => [dial.dataset.class, Number(numberOf(dial).value)]));
    const changed = ["confirm", "clear"].filter((what) => kOfN(what) !== inForce(what));
    return { thresholds, settings: Object.fromEntries(changed.map((what) => [what, kOfN(what)])) };
  }
  const differs = ({ thresholds, settings }) => Object.keys(thresholds).length + Object.keys(settings).length > 0;

  function query() {
    const { thresholds, settings } = wish();
    const asked = new URLSearchParams({ runs: String(Number(runs.value) || 50), ...settings });
    for (const [name, value] of Object.entries(thresholds)) asked.append("threshold", `${name}:${value}`);
    return `${place.dataset.simulator}?${asked}`;
  }

  async function look() {
    flying?.abort();
    const mine = (flying = new AbortController());
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(query(), { signal: mine.signal });
      const told = await answer.json();
      if (!answer.ok) throw new Error(words(told));
      show(told);
      if (save) save.disabled = !differs(wish());
    } catch (error) {
      if (error.name === "AbortError") return;
      one("[data-said]").textContent = error.message;
      if (save) save.disabled = true;
    }
    if (mine === flying) place.removeAttribute("aria-busy");
  }

  function show(told) {
    one("[data-said]").textContent = told.plots
      ? `${told.plots.toLocaleString("en")} plots of ${told.runs} runs in ${told.days.toFixed(1)} days. ` +
        `People called ${told.now.faults} faults` +
        (told.tried.too_short ? `; ${told.tried.too_short} of the missed have fewer plots than k.` : ".")
      : "Nothing has been judged yet.";
    one(".sim-table").hidden = !told.plots;
    for (const side of ["now", "tried"]) {
      for (const cell of place.querySelectorAll(`[data-${side}-of]`)) {
        const key = cell.dataset[`${side}Of`];
        cell.textContent = shown(key, told[side][key]);
      }
    }
    list("gained", "New alarms", told.gained);
    list("lost", "Alarms that would be gone", told.lost);
    days(told.by_day);
  }

  function list(what, title, alarms) {
    one(`[data-${what}-title]`).textContent = alarms.length ? `${title}: ${alarms.length}${alarms.length === 50 ? " or more" : ""}` : `${title}: none`;
    one(`[data-${what}]`).replaceChildren(...alarms.slice(0, 12).map(line));
  }

  function line(alarm) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.textContent = `${alarm.class_name}, ${new Date(alarm.started_at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    if (alarm.uid) link.href = `/p/${alarm.uid}`;
    item.append(link, ` ${alarm.judged === "unknown" ? "nobody said" : alarm.judged}`);
    return item;
  }

  function days(found) {
    const most = Math.max(1, ...found.map((day) => Math.max(day.now, day.tried)));
    const wide = 372 / Math.max(found.length, 10);
    const bars = found.flatMap((day, index) =>
      ["now", "tried"].map((side, half) => {
        const bar = document.createElementNS(SVG, "rect");
        const high = (day[side] / most) * 100;
        const at = { x: 4 + index * wide + half * wide * 0.42, y: 110 - high, width: wide * 0.4, height: high };
        for (const [name, value] of Object.entries(at)) bar.setAttribute(name, value.toFixed(2));
        bar.setAttribute("class", side === "now" ? "is-soft" : "is-first");
        const title = document.createElementNS(SVG, "title");
        title.textContent = `${day.day}: ${day.now} in force, ${day.tried} tried`;
        bar.append(title);
        return bar;
      }),
    );
    one("[data-days]").replaceChildren(...bars);
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  }

  for (const dial of dials) {
    dial.addEventListener("input", () => {
      numberOf(dial).value = dial.value;
      later();
    });
    numberOf(dial).addEventListener("input", () => {
      dial.value = numberOf(dial).value;
      later();
    });
  }
  for (const input of [...votes, runs]) input.addEventListener("input", later);
  one("[data-reset]").addEventListener("click", () => {
    for (const dial of dials) dial.value = numberOf(dial).value = dial.dataset.now;
    for (const input of votes) input.value = inForce(input.dataset.votes).split(" of ")[input.dataset.part === "k" ? 0 : 1];
    look();
  });
  save?.addEventListener("click", async () => {
    save.disabled = true;
    try {
      await ask("PUT", place.dataset.rules, wish());
      toast("Saved. The IOC follows within a second.");
      setTimeout(() => location.reload(), 900);
    } catch (error) {
      save.disabled = false;
      toast(error.message, { bad: true });
    }
  });
  look();
}

function words({ detail }) {
  return Array.isArray(detail) ? detail.map((one) => one.msg).join("; ") : (detail ?? "That did not work.");
}
