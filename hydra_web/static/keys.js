// Every key of a page in one table: what it does when pressed, and the words that the help shows.
const table = new Map();

const TYPING = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select";
const NAMES = { " ": "Space", Escape: "Esc", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/** Adds keys: [key, words for the help (null: not told), what to do]. A later entry of the same key replaces it. */
export function bindKeys(entries) {
  for (const [key, words, act] of entries) table.set(key, { words, act });
  draw();
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
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest(TYPING) && event.key !== "Escape") return;
  if (event.key !== "Escape" && document.querySelector("dialog[open]")) return;
  const found = table.get(event.key);
  if (found === undefined) return;
  if (found.act(event) !== false) event.preventDefault();
});
