// Colours for those who cannot tell red from green: a choice of this browser, beside light and dark.
import { recall, remember } from "./memory.js";

export function startPalette(box) {
  const show = (on) => {
    if (on) document.documentElement.dataset.palette = "blue";
    else delete document.documentElement.dataset.palette;
    box.checked = on;
  };
  show(recall("palette") === "blue");
  box.addEventListener("change", () => {
    remember("palette", box.checked ? "blue" : "plain");
    show(box.checked);
  });
}
