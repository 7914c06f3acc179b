// The labelling page: one key labels and moves on; everything is saved at once and can be taken back.
import "./page.js";
import { ask, toast } from "./ask.js";
import { Compare } from "./beside.js";
import { bindKeys } from "./keys.js";
import { Grid, percent } from "./label-grid.js";
import { startHistory } from "./label-history.js";
import { Pages } from "./label-pages.js";
import { Saving, uids } from "./label-saving.js";

const byId = (id) => document.getElementById(id);
const { plotType, query, timezone } = document.body.dataset;
const classes = JSON.parse(document.body.dataset.classes);
const mayLabel = document.body.dataset.mayLabel === "yes";
const path = `/api/v1/label/${encodeURIComponent(plotType)}`;
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "medium" });
const colours = new Map(classes.map(({ name, colour }) => [name, colour]));

const compare = new Compare(byId("compare"));
const pages = new Pages(path, query);
const grid = new Grid(byId("tiles"), colours, showFocus, showSelection);
const saving = new Saving(path, (tile) => grid.refresh(tile), changed);
let whole = null; // how many plots match, while all of them are selected
let turning = false;
let measuring = 0;

function showFocus(tile) {
  byId("look-line").replaceChildren();
  byId("look-more").hidden = tile === null;
  if (tile === null) {
    compare.clear();
    return;
  }
  const { data } = tile;
  compare.show(data.image, data.heatmap, `${plotType}, run ${data.run} chunk ${data.chunk}`);
  const link = byId("look-link");
  link.href = `/p/${data.uid}`;
  link.textContent = `run ${data.run}.${data.chunk}`;
  byId("look-when").textContent = clock.format(new Date(data.taken_at));
  const says = data.suggestion ? `Model: ${data.suggestion} ${percent(data.score)}` : "not judged by the active model";
  const many = data.folded.length ? ` · stands for ${data.folded.length + 1} that look the same` : "";
  byId("unfold").hidden = !data.folded.length;
  byId("look-line").textContent = (data.label ? `Label: ${data.label} · ` : "") + says + many;
}

function showSelection() {
  const { length } = grid.selected;
  if (length !== grid.tiles.length) whole = null;
  const words = whole !== null ? `All ${whole} plots that match are selected: a class key labels them all.` : `${length} selected`;
  byId("selection").textContent = length || whole !== null ? words : "";
  byId("selection").classList.toggle("is-whole", whole !== null);
}

function changed() {
  clearTimeout(measuring);
  measuring = setTimeout(showProgress, 700);
  byId("saving").textContent = saving.waiting ? "saving…" : "saved";
}

async function showProgress() {
  const found = await ask("GET", `${path}/progress`).catch(() => null);
  if (found === null) return;
  byId("in-run").textContent = found.run === null ? "no plot yet" : `${found.labelled_in_run} of ${found.in_run}`;
  byId("run-name").textContent = found.run === null ? "" : `in run ${found.run}`;
  byId("labelled").textContent = found.labelled;
  byId("agreement").textContent = found.agreement === null ? "" : `${Math.round(found.agreement * 100)} % agree with you`;
  byId("disputed").textContent = found.disputed ? `${found.disputed} disputed` : "";
}

async function turn(step) {
  if (turning) return;
  turning = true;
  grid.list.setAttribute("aria-busy", true);
  try {
    const tiles = step < 0 ? pages.previous() : await pages.next();
    if (tiles !== null) showTiles(tiles);
    else if (step > 0) toast(grid.tiles.length ? "This is the last page. Plots that you put off come again after a reload." : "");
  } catch (error) {
    toast(error.message, { bad: true });
  } finally {
    turning = false;
    grid.list.removeAttribute("aria-busy");
  }
}

function showTiles(tiles) {
  whole = null;
  grid.show(tiles);
  byId("nothing").hidden = tiles.length > 0;
  byId("page-number").textContent = tiles.length ? `page ${pages.at + 1}` : "";
  byId("previous").disabled = pages.at === 0;
  showSelection();
  grid.loaded().then(() => pages.ahead());
}

function goOn() {
  grid.selectAll(false);
  if (!grid.advance() && grid.tiles.every((tile) => tile.said || tile.skipped)) turn(1);
}

function allowed() {
  if (!mayLabel) toast("Labelling takes the role labeler. Sign in, or ask an admin of Hydra for it.", { bad: true });
  return mayLabel;
}

async function label(name) {
  if (!allowed()) return;
  if (whole !== null) {
    const expected = whole;
    whole = null;
    await saving.voteAll(query, name, expected);
    pages.restart();
    await turn(1);
    return;
  }
  const targets = grid.targets;
  if (!targets.length) return;
  saving.vote(targets.map((tile) => [tile, name]));
  moveOn(targets);
}

/** Goes on after the last of what was just dealt with. */
function moveOn(targets) {
  grid.moveTo(grid.tiles.indexOf(targets.at(-1)));
  goOn();
}

function accept(tiles) {
  if (!allowed()) return;
  const known = tiles.filter((tile) => tile.data.suggestion);
  if (!known.length) {
    toast("There is no suggestion to accept: no active model has judged this.");
    return;
  }
  saving.vote(known.map((tile) => [tile, tile.data.suggestion]));
  moveOn(known);
}

const acceptPage = () => accept(grid.tiles.filter((tile) => !tile.said && !tile.skipped && !tile.data.flagged));

async function selectWhole() {
  grid.selectAll();
  const found = await ask("GET", `${path}/count?${query}`).catch((error) => toast(error.message, { bad: true }));
  if (!found) return;
  whole = found.count;
  showSelection();
}

function skip() {
  const targets = grid.targets;
  if (!targets.length || !allowed()) return;
  const all = targets.flatMap(uids);
  for (const tile of targets) {
    tile.skipped = true;
    grid.refresh(tile);
  }
  saving.enqueue(() => ask("POST", `${path}/skip`, { uids: all }));
  moveOn(targets);
}

function unfold() {
  const tile = grid.current;
  if (!tile?.data.folded.length) return;
  const { folded } = tile.data;
  tile.data.folded = [];
  const at = grid.focus;
  const more = folded.map((data) => ({ data, said: tile.said, batch: tile.batch }));
  grid.tiles.splice(at + 1, 0, ...more);
  grid.show(grid.tiles);
  grid.moveTo(at);
}

function openFlag() {
  if (!grid.targets.length || !allowed()) return;
  byId("flag-count").textContent = grid.targets.length === 1 ? "this plot" : `these ${grid.targets.length} plots`;
  byId("flag-reason").value = "";
  byId("flag").showModal();
}

function flag(event) {
  event.preventDefault();
  const reason = byId("flag-reason").value.trim();
  if (!reason) return;
  byId("flag").close();
  const targets = grid.targets;
  const all = targets.map(({ data }) => data.uid);
  const mark = (on) => {
    for (const tile of targets) {
      tile.data.flagged = on;
      grid.refresh(tile);
    }
  };
  mark(true);
  saving.enqueue(async () => {
    await ask("POST", `${path}/flags`, { uids: all, reason }).catch((error) => {
      mark(false);
      throw error;
    });
    const back = () => saving.enqueue(() => ask("POST", `${path}/unflag`, { uids: all }).then(() => mark(false)));
    toast(`Flagged for an expert: ${all.length}`, { label: "Take back", act: back });
  });
  moveOn(targets);
}

/** Space and Enter press the button that has the focus, if one has. */
const unlessOnControl = (act) => (event) => (event.target.closest("button, a, summary") ? false : act());
const step = (cells) => (event) => grid.move(cells(), event.shiftKey);
const withReference = (done) => done || toast("There is no reference yet: no plot has a label that means good.");

bindKeys([
  [" ", "accept the suggestion and go on", unlessOnControl(() => accept(grid.targets))],
  ["Enter", "accept all suggestions on this page", unlessOnControl(acceptPage)],
  ["ArrowRight", "next plot (with Shift: extend the selection)", step(() => 1)],
  ["ArrowLeft", "plot before (with Shift: extend)", step(() => -1)],
  ["ArrowDown", "a row down (with Shift: extend)", step(() => grid.columns)],
  ["ArrowUp", "a row up (with Shift: extend)", step(() => -grid.columns)],
  ["j", "next plot", () => grid.move(1)],
  ["k", "plot before", () => grid.move(-1)],
  ["PageDown", "next page", () => turn(1)],
  ["PageUp", "page before", () => turn(-1)],
  ["x", "add to the selection or take out (also Ctrl and click)", () => grid.toggle()],
  ["Ctrl+a", "select the page", () => grid.selectAll()],
  ["Ctrl+Shift+a", "select everything that matches, on all pages", selectWhole],
  ["Escape", "select nothing, close what is open", () => (document.querySelector("dialog[open]") ? false : grid.selectAll(false))],
  ["u", "undo the last batch", () => saving.undo()],
  ["Ctrl+z", "undo the last batch", () => saving.undo()],
  ["r", "reference beside the plot", () => withReference(compare.toggleReference())],
  ["d", "hold: difference from the reference", (event) => event.repeat || withReference(compare.difference(true)), () => compare.difference(false)],
  ["z", "full size of the picture, and back", () => compare.zoom()],
  ["e", "show plots that look the same one by one", unfold],
  ["f", "flag for an expert, with a reason", openFlag],
  ["s", "put off: it comes last", skip],
  ...classes.map(({ name }, index) => [String(index + 1), `label ${name} and go on`, () => label(name)]).slice(0, 9),
  ...classes.map(({ name, key }) => [key, `label ${name} and go on`, () => label(name)]),
]);

for (const button of document.querySelectorAll("[data-class]")) {
  button.style.setProperty("--class", colours.get(button.dataset.class));
  button.addEventListener("click", () => label(button.dataset.class));
}
const buttons = {
  accept: () => accept(grid.targets), "accept-page": acceptPage, skip, undo: () => saving.undo(), "flag-open": openFlag,
  next: () => turn(1), previous: () => turn(-1), "see-reference": () => withReference(compare.toggleReference()), "see-full": () => compare.zoom(), unfold,
};
for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", act);
byId("flag-form").addEventListener("submit", flag);
byId("flag-cancel").addEventListener("click", () => byId("flag").close());
byId("filters").addEventListener("change", (event) => event.target.matches("select, [type=checkbox]") && byId("filters").requestSubmit());
byId("filters").addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name); // short, readable addresses
});
startHistory({ path, saving, clock, everybody: document.body.dataset.mayDecide === "yes" });
showProgress();
turn(1);
