// The grid of plots to label: focus, selection by key, click and rubber band. It knows nothing of saving.
const DRAG = 6; // pixels before a press becomes a rubber band

export const percent = (score) => `${(Math.min(99.9, Math.max(0.1, score * 100))).toFixed(1)} %`;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Grid {
  /** `list` is a listbox; `colours` maps classes to colours; `onFocus` is told the tile in focus, or null. */
  constructor(list, colours, onFocus, onChange) {
    this.list = list;
    this.colours = colours;
    this.onFocus = onFocus;
    this.onChange = onChange;
    this.tiles = [];
    this.focus = -1;
    this.anchor = 0;
    list.addEventListener("pointerdown", (event) => this.press(event));
    list.addEventListener("dragstart", (event) => event.preventDefault());
  }

  /** Shows other tiles; each has `data` from the server and what was `said` of it here. */
  show(tiles) {
    this.tiles = tiles;
    for (const tile of tiles) tile.selected = false;
    this.list.replaceChildren(...tiles.map((tile, index) => this.draw(tile, index)));
    const first = tiles.findIndex((tile) => !tile.said);
    this.moveTo(first < 0 ? 0 : first);
    this.list.scrollTop = 0;
  }

  draw(tile, index) {
    const { data } = tile;
    const node = element("li", "tile");
    node.id = `tile-${index}`;
    node.role = "option";
    node.dataset.uid = data.uid;
    const frame = element("div", "thumb");
    const image = element("img", "plot");
    image.src = data.thumbnail;
    image.alt = "";
    image.decoding = "async";
    frame.append(image);
    if (data.folded.length) frame.append(element("span", "fold", `×${data.folded.length + 1}`));
    tile.mark = element("span", "flag", "⚑ flagged");
    tile.words = element("p", "words");
    tile.node = node;
    node.append(frame, tile.words, tile.mark);
    this.refresh(tile);
    return node;
  }

  /** Draws what has changed of a tile: what was said of it, whether it is selected or flagged. */
  refresh(tile) {
    const { data, node } = tile;
    const label = tile.said ?? data.label;
    const shown = label ?? data.suggestion;
    node.classList.toggle("is-said", Boolean(label));
    node.classList.toggle("is-skipped", Boolean(tile.skipped));
    node.setAttribute("aria-selected", tile.selected);
    if (shown) node.style.setProperty("--class", this.colours.get(shown) ?? "var(--off)");
    const words = element("strong", "", shown ?? "not judged");
    const score = label ? (tile.said ? "✔" : "labelled") : data.suggestion ? percent(data.score) : "";
    const more = data.dissent > 0 ? " · disputed" : tile.skipped ? " · put off" : "";
    tile.words.replaceChildren(element("span", "swatch"), words, " ", element("span", "score", score + more));
    tile.mark.hidden = !data.flagged;
    // The name begins with what is to be seen, so that somebody who speaks to the browser can say it.
    const fold = data.folded.length ? `×${data.folded.length + 1} ` : "";
    const seen = `${fold}${shown ?? "not judged"} ${score}${more}${data.flagged ? " ⚑ flagged" : ""}`;
    const how = label || !data.suggestion ? "" : ", suggested";
    const many = data.folded.length ? `, with ${data.folded.length} alike` : "";
    node.setAttribute("aria-label", `${seen}${how}, run ${data.run} chunk ${data.chunk}${many}`);
  }

  /** Waits until every thumbnail is there or has failed. */
  loaded() {
    return Promise.allSettled(this.tiles.map(({ node }) => node.querySelector("img").decode()));
  }

  get current() {
    return this.tiles[this.focus] ?? null;
  }

  get selected() {
    return this.tiles.filter((tile) => tile.selected);
  }

  /** What an action applies to: the selection, or else the tile in focus. */
  get targets() {
    const selected = this.selected;
    return selected.length ? selected : this.current ? [this.current] : [];
  }

  get columns() {
    const top = this.tiles[0]?.node.offsetTop;
    const second = this.tiles.findIndex((tile) => tile.node.offsetTop !== top);
    return second < 0 ? Math.max(1, this.tiles.length) : second;
  }

  moveTo(index, extend = false) {
    if (!this.tiles.length) {
      this.focus = -1;
      this.list.removeAttribute("aria-activedescendant");
      this.onFocus(null);
      return;
    }
    const next = Math.min(this.tiles.length - 1, Math.max(0, index));
    if (extend) this.select(this.anchor, next);
    else this.anchor = next;
    this.current?.node.classList.remove("is-focus");
    this.focus = next;
    const { node } = this.current;
    node.classList.add("is-focus");
    node.scrollIntoView({ block: "nearest" });
    this.list.setAttribute("aria-activedescendant", node.id);
    this.onFocus(this.current);
  }

  move(step, extend) {
    this.moveTo(this.focus + step, extend);
  }

  /** Moves on to the next tile that nothing was said of; returns false when there is none after this one. */
  advance() {
    const next = this.tiles.findIndex((tile, index) => index > this.focus && !tile.said && !tile.skipped);
    if (next >= 0) this.moveTo(next);
    return next >= 0;
  }

  select(from, to) {
    const [low, high] = from < to ? [from, to] : [to, from];
    this.tiles.forEach((tile, index) => this.mark(tile, index >= low && index <= high));
    this.onChange();
  }

  selectAll(on = true) {
    for (const tile of this.tiles) this.mark(tile, on);
    this.onChange();
  }

  toggle(index = this.focus) {
    const tile = this.tiles[index];
    if (!tile) return;
    this.mark(tile, !tile.selected);
    this.onChange();
  }

  mark(tile, on) {
    if (tile.selected === on) return;
    tile.selected = on;
    tile.node.setAttribute("aria-selected", on);
  }

  press(event) {
    if (event.button !== 0) return;
    const node = event.target.closest(".tile");
    const index = this.tiles.findIndex((tile) => tile.node === node);
    this.list.focus({ preventScroll: true });
    if (event.pointerType === "mouse") this.band(event, index);
    else if (index >= 0) this.moveTo(index);
  }

  click(index, event) {
    if (event.shiftKey) this.moveTo(index, true);
    else if (event.ctrlKey || event.metaKey) {
      this.moveTo(index);
      this.toggle(index);
    } else {
      this.selectAll(false);
      this.moveTo(index);
    }
  }

  /** Follows the pointer: a rectangle selects what it touches; a press without a way is a click. */
  band(start, index) {
    const box = element("div", "band");
    const kept = start.shiftKey || start.ctrlKey ? new Set(this.selected) : new Set();
    let moved = false;
    const stop = new AbortController();
    const move = (event) => {
      const [x, y] = [Math.min(start.clientX, event.clientX), Math.min(start.clientY, event.clientY)];
      const [w, h] = [Math.abs(event.clientX - start.clientX), Math.abs(event.clientY - start.clientY)];
      if (!moved && Math.max(w, h) < DRAG) return;
      if (!moved) document.body.append(box);
      moved = true;
      Object.assign(box.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
      for (const tile of this.tiles) {
        const at = tile.node.getBoundingClientRect();
        const touched = at.left < x + w && at.right > x && at.top < y + h && at.bottom > y;
        this.mark(tile, touched || kept.has(tile));
      }
    };
    const end = (event) => {
      stop.abort();
      box.remove();
      if (moved) this.onChange();
      else if (index >= 0) this.click(index, event);
    };
    addEventListener("pointermove", move, { signal: stop.signal });
    addEventListener("pointerup", end, { signal: stop.signal });
    addEventListener("pointercancel", end, { signal: stop.signal });
    start.preventDefault();
  }
}
