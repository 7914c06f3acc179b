// The wall: swaps the cards that change, keeps the attention strip in order, and says when it cannot be trusted.
import "./page.js";
import { startActs } from "./acts.js";
import { refreshAges, setServerTime } from "./ages.js";
import { toast } from "./ask.js";
import { startBell } from "./bell.js";
import { order, slotOf, swap, swapStrip } from "./cards.js";
import { openFeed } from "./feed.js";
import { bindKeys } from "./keys.js";
import { startKiosk } from "./kiosk.js";
import { startSieve } from "./sieve.js";
import { startViews } from "./views.js";

const WORDS = { connecting: "connecting", live: "live", lost: "connection lost" };
const byId = (id) => document.getElementById(id);
const { cursor, title } = document.body.dataset;
const may = new Set(document.body.dataset.may.split(" "));
const strip = byId("strip");
const query = new URLSearchParams(location.search);

const bell = startBell({ strip, say: toast });
const kiosk = startKiosk({ seconds: Number(query.get("kiosk")) || undefined });
const sieve = startSieve();
startActs(strip);
startViews({ query: sieve.query });

function openMenu(id) {
  byId(id).open = true;
  byId(id).querySelector("summary").focus();
}

bindKeys([
  ["/", "find a plot by name", () => byId("sieve-words").focus()],
  ["g", "choose groups", () => openMenu("group-menu")],
  ["v", "views", () => openMenu("view-menu")],
  ["k", "kiosk: one group after the other", kiosk.toggle],
  ["s", "silence the sound", bell.silence],
  ["Escape", "close what is open", escape],
]);
if (query.has("kiosk")) kiosk.toggle();

function escape() {
  if (kiosk.isOn()) return kiosk.end();
  const menu = document.querySelector("details.menu[open]");
  if (menu !== null) {
    menu.open = false;
    return menu.querySelector("summary").focus();
  }
  if (document.activeElement === byId("sieve-words")) return byId("sieve-words").blur();
  return false;
}

document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open], details.advice[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

function showLink(state) {
  const link = byId("link");
  if (link.dataset.link === state) return;
  link.dataset.link = state;
  byId("link-word").textContent = WORDS[state];
}

function showBanner({ text }) {
  byId("banner").hidden = text === "";
  byId("banner").textContent = text;
}

async function showCard({ plot, html, strip: large, announce }) {
  const place = slotOf(plot);
  if (place === null) {
    location.reload(); // the hall's config has changed: the page has other slots now
    return;
  }
  if (announce) byId("announce").textContent = announce;
  await Promise.all([swap(place, html), swapStrip(strip, plot, large)]);
  strip.querySelector(`[data-plot="${CSS.escape(plot)}"]`)?.classList.toggle("may", may.has(plot));
  refreshAges(place);
  sieve.apply();
  bell.changed();
}

function showWall({ order: plots, summary, run, beam, newest, unacknowledged }) {
  order(strip, plots);
  byId("summary").innerHTML = summary; // escaped by the server's templates
  const count = byId("attention-count");
  count.textContent = plots.length;
  count.hidden = plots.length === 0;
  byId("unacked").hidden = unacknowledged === 0;
  byId("unacked-count").textContent = unacknowledged;
  document.title = plots.length ? `(${plots.length}) ${title}` : title;
  if (run !== null) byId("run").textContent = run;
  byId("beam-line").hidden = beam === "";
  byId("beam").textContent = beam;
  if (newest !== null) showNewest(newest);
}

function showNewest(iso) {
  const time = document.createElement("time");
  time.className = "age";
  time.dateTime = iso;
  time.dataset.age = "";
  byId("newest").replaceChildren(time, " ago");
  refreshAges(byId("newest"));
}

openFeed("/events", cursor, {
  onState: showLink,
  on: { card: showCard, wall: showWall, banner: showBanner, ping: ({ now }) => setServerTime(now) },
});
