// Puts what the server drew into its place. Nothing jumps: a card keeps its slot, and only changed cards are swapped.
const PATIENCE = 1_500; // ms that a new picture may take before the card is shown without it
const turns = new WeakMap();

function drawn(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // escaped by the server's templates
  return template.content;
}

function pictures(content) {
  const images = [...content.querySelectorAll("img")];
  for (const image of images) image.loading = "eager";
  const ready = Promise.allSettled(images.map((image) => image.decode()));
  return Promise.race([ready, new Promise((done) => setTimeout(done, PATIENCE))]);
}

function focusedLink(place) {
  return place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
}

// Swap a place's content once its pictures are there; a newer swap of the same place overtakes this one.
export async function swap(place, html) {
  const turn = (turns.get(place) ?? 0) + 1;
  turns.set(place, turn);
  const content = drawn(html);
  await pictures(content);
  if (turns.get(place) !== turn) return;
  const held = focusedLink(place);
  place.replaceChildren(content);
  if (held !== null) (place.querySelector(`a[href="${CSS.escape(held)}"]`) ?? place.querySelector("a"))?.focus({ preventScroll: true });
}

export function slotOf(plot) {
  return document.querySelector(`#grid [data-plot="${CSS.escape(plot)}"]`);
}

// Put, replace or take away a plot's place in the attention strip.
export async function swapStrip(strip, plot, html) {
  let place = strip.querySelector(`[data-plot="${CSS.escape(plot)}"]`);
  if (html === null) {
    place?.remove();
    return;
  }
  if (place === null) {
    place = document.createElement("li");
    place.dataset.plot = plot;
    place.id = slotOf(plot).id.replace("slot", "attention");
    place.className = "arrived";
    strip.append(place);
    place.replaceChildren(drawn(html));
    return;
  }
  await swap(place, html);
}

export function order(strip, plots) {
  const wanted = plots.map((plot) => strip.querySelector(`[data-plot="${CSS.escape(plot)}"]`)).filter(Boolean);
  wanted.forEach((place, index) => {
    if (strip.children[index] !== place) strip.insertBefore(place, strip.children[index] ?? null);
  });
}
