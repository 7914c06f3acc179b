// A plot beside the one to compare it with: reference, difference, full size. Used where people label and decide.
function picture(className, path, alt) {
  const image = document.createElement("img");
  image.className = className;
  image.src = path;
  image.alt = alt;
  image.decoding = "async";
  return image;
}

export class Compare {
  /** `place` has .sight.this and .sight.reference, each with a .frame; data-reference is the reference's picture. */
  constructor(place) {
    this.place = place;
    this.turn = 0;
    this.frame = place.querySelector(".this .frame");
    this.reference = place.querySelector(".sight.reference");
    this.setReference(place.dataset.reference);
  }

  setReference(path) {
    this.path = path || null;
    this.reference.querySelector(".frame").replaceChildren(
      ...(this.path ? [picture("plot", this.path, "Reference: a typical good plot")] : []),
    );
  }

  /** Shows a plot: its picture's path, its heat map's (or null), and words for those who do not see it. */
  show(path, heatmap, words) {
    const plot = picture("plot", path, words);
    const parts = [plot];
    if (heatmap) parts.push(picture("heat", heatmap, ""));
    if (this.path) parts.push(picture("other", this.path, ""));
    const turn = (this.turn += 1);
    const swap = () => turn === this.turn && this.frame.replaceChildren(...parts);
    plot.decode().then(swap, swap); // the one before stays until then, so that nothing flickers
  }

  clear() {
    this.turn += 1;
    this.frame.replaceChildren();
  }

  toggleReference() {
    if (this.path === null) return false;
    this.reference.hidden = !this.reference.hidden;
    this.place.classList.toggle("with-reference", !this.reference.hidden);
    return true;
  }

  difference(on) {
    this.place.classList.toggle("is-difference", on && this.path !== null);
    return this.path !== null;
  }

  zoom() {
    this.place.classList.toggle("is-zoomed");
  }
}
