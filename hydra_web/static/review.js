// The review page: one question after the other, decided by one key, taken back by another.
import "./page.js";
import { ask, toast } from "./ask.js";
import { Compare } from "./beside.js";
import { bindKeys } from "./keys.js";
import { drawItem, drawScores, drawVotes } from "./review-case.js";

const byId = (id) => document.getElementById(id);
const data = document.body.dataset;
const classes = JSON.parse(data.classes);
const kinds = JSON.parse(data.kinds);
const decidable = new Set(JSON.parse(data.decidable));
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: data.timezone, dateStyle: "short", timeStyle: "short" });
const compare = new Compare(byId("compare"));
const items = []; // {item, node, done: null or words}
const decided = []; // what `u` takes back, the last one last
let focus = -1;
let next = null;
let shown = 0; // counts what was asked for, so that a slow answer never replaces a newer one
let line = Promise.resolve();

async function load() {
  const query = new URLSearchParams({ kind: data.kind, plot: data.plot, ...(next ? { after: next } : {}) });
  const found = await ask("GET", `/api/v1/review?${query}`).catch((error) => toast(error.message, { bad: true }));
  if (!found) return;
  for (const item of found.items) {
    const one = { item, done: null };
    one.node = drawItem(item, kinds[item.kind], items.length);
    one.node.addEventListener("click", () => show(items.indexOf(one)));
    items.push(one);
    byId("items").append(one.node);
  }
  next = found.next;
  byId("more").hidden = next === null;
  byId("nothing").hidden = items.length > 0;
}

async function show(index) {
  if (!items[index]) return;
  items[focus]?.node.setAttribute("aria-selected", false);
  focus = index;
  const { item, node } = items[index];
  node.setAttribute("aria-selected", true);
  node.scrollIntoView({ block: "nearest", inline: "nearest" });
  byId("items").setAttribute("aria-activedescendant", node.id);
  bindClasses(item.plot);
  const turn = (shown += 1);
  const found = await ask("GET", `/api/v1/review/${item.id}`).catch((error) => toast(error.message, { bad: true }));
  if (found && turn === shown) draw(found);
}

function draw({ item, image, votes, opinion, others, reference }) {
  byId("case").hidden = false;
  const link = document.createElement("a");
  link.href = `/p/${item.uid}`;
  link.textContent = `${item.plot} run ${item.run}.${item.chunk}`;
  byId("case-title").replaceChildren(link);
  const why = document.createElement("strong");
  why.textContent = kinds[item.kind].title;
  const by = [item.asked_by, item.model].filter(Boolean).join(", ");
  byId("case-why").replaceChildren(why, ` ${kinds[item.kind].why}${item.note ? ` “${item.note}”` : ""}${by ? ` (${by})` : ""}`);
  compare.setReference(reference?.image);
  compare.show(image, opinion?.heatmap ?? null, `${item.plot}, run ${item.run} chunk ${item.chunk}`);
  byId("this-line").textContent = `taken ${clock.format(new Date(item.taken_at))} · ${item.label ? `label ${item.label}` : "no label"}`;
  byId("reference-line").textContent = reference
    ? `Reference: run ${reference.run}.${reference.chunk}${reference.pinned ? "" : ", the last one labelled good"}`
    : "There is no reference yet: no plot has a label that means good.";
  drawVotes(byId("votes"), votes, clock);
  drawScores(byId("score-heads"), byId("scores"), [opinion, ...others].filter(Boolean));
  const open = item.state === "open" && decidable.has(item.plot);
  for (const button of document.querySelectorAll("#classes button, #again, #exclude")) button.disabled = !open;
}

function bindClasses(plot) {
  const known = classes[plot] ?? [];
  byId("classes").replaceChildren(...known.map(({ name, key, colour }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "class-button";
    button.style.setProperty("--class", colour);
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    const cap = document.createElement("kbd");
    cap.textContent = key;
    button.append(swatch, `${name} `, cap);
    button.addEventListener("click", () => decide({ action: "decide", class: name }, name));
    return button;
  }));
  bindKeys([
    ...commands,
    ...known.map(({ name }, index) => [String(index + 1), `decide: ${name}`, () => decide({ action: "decide", class: name }, name)]).slice(0, 9),
    ...known.map(({ name, key }) => [key, `decide: ${name}`, () => decide({ action: "decide", class: name }, name)]),
  ]);
}

function decide(body, words) {
  const one = items[focus];
  if (!one || one.done) return;
  if (!decidable.has(one.item.plot)) {
    toast("Deciding takes the role expert for this plot.", { bad: true });
    return;
  }
  mark(one, words);
  line = line.then(async () => {
    try {
      await ask("POST", `/api/v1/review/${one.item.id}/decision`, body);
      decided.push(one);
      toast(`${one.item.plot} run ${one.item.run}.${one.item.chunk}: ${words}`, { label: "Undo (u)", act: undo });
    } catch (error) {
      mark(one, null);
      toast(error.message, { bad: true });
    }
  });
  move(1);
}

function mark(one, words) {
  one.done = words;
  one.node.classList.toggle("is-done", words !== null);
  one.node.querySelector(".state").textContent = words ?? (one.item.label ? `label ${one.item.label}` : "no label");
}

function undo() {
  line = line.then(async () => {
    const one = decided.pop();
    if (!one) {
      toast("There is no decision of this page to take back; the history of labels has all of them.");
      return;
    }
    try {
      await ask("POST", `/api/v1/review/${one.item.id}/reopen`);
      mark(one, null);
      toast("Taken back; the question is open again.");
      show(items.indexOf(one));
    } catch (error) {
      decided.push(one);
      toast(error.message, { bad: true });
    }
  });
}

function move(step) {
  let index = focus + step;
  while (items[index]?.done && items[index + step]) index += step;
  if (items[index]) show(index);
  else if (step > 0 && next) load().then(() => items[index] && show(index));
}

let wanted = null;
function askWhy(action, title, words) {
  if (!items[focus] || items[focus].done) return;
  wanted = { action, words };
  byId("note-title").textContent = title;
  byId("note-go").textContent = title;
  byId("note-text").value = "";
  byId("note").showModal();
}

byId("note-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("note").close();
  decide({ action: wanted.action, note: byId("note-text").value }, wanted.words);
});
byId("note-cancel").addEventListener("click", () => byId("note").close());

const again = () => askWhy("ask_again", "Ask again", "asked again");
const exclude = () => askWhy("exclude", "Leave out", "left out of training");
const commands = [
  ["j", "next question", () => move(1)],
  ["k", "question before", () => move(-1)],
  ["ArrowDown", "next question", () => move(1)],
  ["ArrowUp", "question before", () => move(-1)],
  ["s", "later: on to the next question", () => move(1)],
  ["a", "ask again: the votes are set aside", again],
  ["x", "leave the plot out of training", exclude],
  ["u", "take the last decision back", undo],
  ["Ctrl+z", "take the last decision back", undo],
  ["r", "reference beside the plot, or not", () => compare.toggleReference()],
  ["d", "hold: difference from the reference", (event) => event.repeat || compare.difference(true), () => compare.difference(false)],
  ["z", "full size of the pictures, and back", () => compare.zoom()],
];
bindKeys(commands);
for (const [id, act] of Object.entries({ again, exclude, undo, skip: () => move(1), more: load })) byId(id).addEventListener("click", act);
byId("filters").addEventListener("change", () => byId("filters").requestSubmit());
byId("filters").addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});
load().then(() => show(0));
