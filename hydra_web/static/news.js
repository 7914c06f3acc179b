// News of the hall: one line each under the bar, until somebody has read it here or it has run out.
import { recall, remember } from "./memory.js";

export async function showNews(place) {
  let items = [];
  try {
    const answer = await fetch("/api/v1/news");
    if (answer.ok) ({ items } = await answer.json());
  } catch {
    return; // no server, no news
  }
  const read = new Set((recall("news-read") ?? "").split(" ").filter(Boolean));
  const fresh = items.filter(({ id }) => !read.has(String(id)));
  place.firstElementChild.replaceChildren(...fresh.map((item) => line(item, place, read)));
  place.hidden = fresh.length === 0;
}

function line({ id, body, author }, place, read) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = `${body} (${author})`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Read";
  button.setAttribute("aria-label", `Read: ${body}`);
  button.addEventListener("click", () => {
    read.add(String(id));
    remember("news-read", [...read].slice(-50).join(" "));
    item.remove();
    place.hidden = place.querySelector("li") === null;
  });
  item.append(words, button);
  return item;
}
