// This plot beside the reference: side by side, in turn, or where the two differ.
const TURN = 700; // ms

export function startCompare() {
  const byId = (id) => document.getElementById(id);
  const picture = byId("this");
  const other = byId("reference");
  if (other === null) return [];
  const buttons = [...document.querySelectorAll("[data-compare]")];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let mode = "";
  let timer = 0;

  const word = (text) => {
    byId("stage-word").hidden = text === "";
    byId("stage-word").textContent = text;
  };
  const home = picture.src;
  const turn = () => {
    const away = picture.src === home;
    picture.src = away ? other.dataset.src : home;
    picture.parentElement.classList.toggle("is-reference", away);
    word(away ? "Reference" : "This plot");
  };
  const leave = () => {
    clearInterval(timer);
    picture.src = home;
    picture.parentElement.classList.remove("is-reference");
    byId("other-box").hidden = true;
    byId("stages").classList.remove("two");
    byId("difference").hidden = true;
    word("");
  };
  const enter = {
    side: () => {
      byId("other-box").hidden = false;
      byId("stages").classList.add("two");
    },
    blink: () => {
      turn();
      if (!still) timer = setInterval(turn, TURN); // who wants no motion turns it with b
    },
    difference: async () => {
      await Promise.all([loaded(picture), loaded(other)]);
      byId("difference").hidden = !drawDifference(byId("difference"), picture, other);
      word(byId("difference").hidden ? "The pictures differ in size" : "Difference");
    },
  };
  const choose = (wanted) => {
    if (wanted === "blink" && mode === "blink" && still && picture.src === home) return turn();
    leave();
    mode = wanted === mode ? "" : wanted;
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.compare === mode);
    if (mode === "") return undefined;
    other.src = other.dataset.src;
    return enter[mode]();
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.compare));
  return [
    ["r", "reference side by side", () => void choose("side")],
    ["b", "this plot and the reference in turn", () => void choose("blink")],
    ["d", "difference from the reference", () => void choose("difference")],
  ];
}

const loaded = (image) => image.decode();

/** Draws how much two pictures of about one shape differ, in grey; returns false when their shapes do not fit. */
export function drawDifference(canvas, one, other) {
  const { naturalWidth: width, naturalHeight: height } = one;
  if (Math.abs(width / height - other.naturalWidth / other.naturalHeight) > 0.02) return false;
  const [a, b] = [one, other].map((image) => pixels(image, width, height));
  const out = new ImageData(width, height);
  for (let i = 0; i < a.length; i += 4) {
    const most = Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2]));
    out.data[i] = out.data[i + 1] = out.data[i + 2] = most;
    out.data[i + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(out, 0, 0);
  return true;
}

function pixels(image, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
