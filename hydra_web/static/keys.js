// Every key of a page in one table: what it does when pressed, and the words that the help shows.
const table = new Map();

const TYPING = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select";
const NAMES = { " ": "Space", Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/**
 * Adds keys: [key, words for the help (null: not told), what to do, what to do when it is let go].
 * A key is named as in KeyboardEvent.key, with "Ctrl+" or "Ctrl+Shift+" before it. A later entry replaces one of the
 * same key. An act that returns false leaves the key to the browser.
 */
export function bindKeys(entries) {
  for (const [key, words, act, release] of entries) table.set(key, { words, act, release });
  draw();
}

function nameOf(event) {
  if (!event.ctrlKey && !event.metaKey) return event.key;
  return `Ctrl+${event.shiftKey ? "Shift+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
}

function draw() {
  const list = document.getElementById("keys");
  if (list === null) return;
  list.replaceChildren(
    ...[...table].filter(([, { words }]) => words).map(([key, { words }]) => {
      const line = document.createElement("div");
      const name = document.createElement("dt");
      const what = document.createElement("dd");
      const cap = document.createElement("kbd");
      cap.textContent = NAMES[key] ?? key;
      name.append(cap);
      what.textContent = words;
      line.append(name, what);
      return line;
    }),
  );
}

document.addEventListener("keydown", (event) => {
  if (event.altKey) return;
  if (event.target.closest(TYPING) && event.key !== "Escape") return;
  if (event.key !== "Escape" && document.querySelector("dialog[open]")) return;
  const found = table.get(nameOf(event));
  if (found === undefined) return;
  if (found.act(event) !== false) event.preventDefault();
});
document.addEventListener("keyup", (event) => table.get(event.key)?.release?.(event));
