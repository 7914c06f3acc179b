// The wall: swaps the cards that change, keeps the attention strip in order, and says when it cannot be trusted.
import "./page.js";
import { refreshAges, setServerTime } from "./ages.js";
import { order, slotOf, swap, swapStrip } from "./cards.js";
import { openFeed } from "./feed.js";

const WORDS = { connecting: "connecting", live: "live", lost: "connection lost" };
const byId = (id) => document.getElementById(id);
const { cursor, title } = document.body.dataset;
const strip = byId("strip");

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
  refreshAges(place);
}

function showWall({ order: plots, summary, run, newest }) {
  order(strip, plots);
  byId("summary").innerHTML = summary; // escaped by the server's templates
  const count = byId("attention-count");
  count.textContent = plots.length;
  count.hidden = plots.length === 0;
  document.title = plots.length ? `(${plots.length}) ${title}` : title;
  if (run !== null) byId("run").textContent = run;
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
