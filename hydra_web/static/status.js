// The status page: draws its upper part anew every few seconds, unless somebody is reading or has tabbed into it.
import "./page.js";
import { refreshAges } from "./ages.js";

const EVERY = 10_000; // ms: the IOC tells of itself as often

setInterval(async () => {
  const place = document.getElementById("live");
  if (document.hidden || place.contains(document.activeElement) || !getSelection().isCollapsed) return;
  try {
    const answer = await fetch("/status?live=true");
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const scrolled = [...place.querySelectorAll(".scroll")].map((one) => one.scrollTop);
    place.replaceChildren(...page.getElementById("live").childNodes);
    place.querySelectorAll(".scroll").forEach((one, i) => (one.scrollTop = scrolled[i] ?? 0));
    refreshAges(place);
  } catch {
    // the server is away: the page stays as it was, and its ages grow
  }
}, EVERY);
